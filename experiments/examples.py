"""The files in ``data/examples``, made from real runs, and what `watch` is worth.

``python -m experiments.examples`` writes the files.
"""

import numpy as np
import pandas as pd

from hitchhiker.forecasts.forecasting import forecast
from hitchhiker.forecasts.watching import watch
from hitchhiker.runs import selection
from hitchhiker.runs.data import load_runs, tables_folder

from .cache import cached
from .forecast_grids import RIVALS, capped, window_grid
from .grids import eligible_families
from .partial import longest_run, same_shape
from .studies import KEYS

COLUMNS = "run source family num_params tokens_seen loss loss_kind is_final".split()
WATCHED, PART, EVERY = (
    "gpt3-175b",
    0.6,
    4,
)  # the run in progress, how far it is, rows kept
SMALL = "opt-1.3b"
TRACKED = {  # runs of the tracker's export: name there, size, tokens of a step
    "overtrain-c4-d=96_l=8_h=4-32x": ("nano 11M", 5e5),
    "overtrain-c4-d=512_l=8_h=4-8x": ("micro 79M", 5e5),
    "overtrain-c4-d=576_l=24_h=8-4x": ("mini 154M", 1e6),
    "overtrain-c4-d=1024_l=24_h=8-2x": ("base 412M", 2e6),
}
RESTARTED = "mini 154M"
SHARES = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
ALONE, BESIDE, SHAPE = (
    "the run alone",
    "with smaller runs",
    "shape of the next smaller run",
)
FAULTS = {BESIDE: (0.0, 0.02, 0.03, 0.05, 0.1), ALONE: (0.0, 0.05)}
AFTER, SOON = (
    0.5,
    0.1,
)  # a planted fault begins after this share; found within that share more


def run_in_progress():
    """Seven finished GPT-3 runs and the first part of the largest, every fourth checkpoint."""
    runs = load_runs("gpt3", loss_kind="validation")
    own = runs["run"] == WATCHED
    end = runs.loc[own, "tokens_seen"].max()
    runs = runs[~own | (runs["tokens_seen"] <= PART * end)]
    place = runs.groupby("run").cumcount(ascending=False)
    return runs.loc[place % EVERY == 0, COLUMNS].reset_index(drop=True)


def one_small_model():
    """One run of OPT, to its end."""
    runs = load_runs("opt")
    return runs.loc[runs["run"] == SMALL, COLUMNS].reset_index(drop=True)


def tracker_export():
    """Four runs of one family as a tracker would write them: wide, in steps, with its faults.

    The losses are real.  Names, batches, bounds, a restart of one run, empty rows and a
    row before the first step are ours.
    """
    runs = load_runs("overtrain", "overtrain-c4", "train")
    tables = []
    for run, (name, batch) in TRACKED.items():
        own = runs[runs["run"] == run]
        own = own.iloc[:: max(1, len(own) // 40)]
        steps = (own["tokens_seen"] / batch).round().astype(int)
        loss = own["loss"].round(4)
        part = pd.DataFrame(
            {
                "Step": steps,
                f"{name} - train/loss": loss,
                f"{name} - train/loss__MIN": loss - 0.01,
                f"{name} - train/loss__MAX": loss + 0.01,
            }
        )
        if name == RESTARTED:  # stopped, and went on from an earlier step
            redone = part.iloc[20:23]
            again = redone.assign(**{c: redone[c] + 0.02 for c in part.columns[1:]})
            part = pd.concat(
                [part.iloc[:23].drop(redone.index), again, redone, part.iloc[23:]]
            )
        tables.append(part)
    first = pd.DataFrame({"Step": [0]}).assign(**{t.columns[1]: 10.9 for t in tables})
    gaps = pd.DataFrame({"Step": [777, 7777, 17777]})
    return pd.concat([first, gaps, *tables], ignore_index=True).sort_values(
        "Step", kind="stable"
    )


FILES = {f.__name__: f for f in (run_in_progress, one_small_model, tracker_export)}


def with_fault(runs, run, after, by):
    """The table with the losses of a run raised by a share ``by`` beyond ``after`` tokens."""
    where = (runs["run"] == run) & (runs["tokens_seen"] > after)
    return runs.assign(loss=runs["loss"] * np.where(where, 1 + by, 1.0))


def each_watched():
    """Families with a log: smaller runs, the longest run of the largest size, its tokens."""
    for runs in eligible_families(min_checkpoints=5):
        top = selection.max_params(runs)
        own = longest_run(top).sort_values("tokens_seen")
        yield runs[~runs["run"].isin(top["run"])], own, own["tokens_seen"].max()


@cached
def end_evidence():
    """Forecasts of the last loss of a run from its first part, a row a family and share.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, share`` (of the run seen) ``, seen`` (`ALONE`,
        `BESIDE`, `SHAPE`) ``, error`` (of the forecast of the last loss, signed, as a
        share) ``, inside_80, inside_90, width_80`` (high over low less one); intervals
        of a shape: none.
    """
    rows = []
    for others, own, end in each_watched():
        keys, last = list(own[KEYS].iloc[0]), own["loss"].iloc[-1]
        size = float(own["num_params"].median())
        for share in SHARES:
            part = own[own["tokens_seen"] <= share * end].assign(is_final=False)
            if len(part) < 2:
                continue
            both = pd.concat([others, part])
            for seen, table in ((ALONE, part), (BESIDE, both)):
                made = forecast(table, size, end).table.iloc[0]
                inside = [
                    made[f"low_{k}"] <= last <= made[f"high_{k}"] for k in (80, 90)
                ]
                rows.append(
                    [
                        *keys,
                        share,
                        seen,
                        made["loss"] / last - 1,
                        *map(float, inside),
                        made["high_80"] / made["low_80"] - 1,
                    ]
                )
            error = same_shape(both, None, np.array([end]))[0] / last - 1
            rows.append([*keys, share, SHAPE, error, np.nan, np.nan, np.nan])
    columns = [*KEYS, "share", "seen", "error", "inside_80", "inside_90", "width_80"]
    return pd.DataFrame(rows, columns=columns)


@cached
def alarm_evidence():
    """What `watch` says of every run, healthy and with a fault planted half-way.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, seen`` (`ALONE`, `BESIDE`) ``, fault`` (rise of the
        loss; 0: none) ``, left`` (share of the run at which it is said to leave its
        band, if it is) ``, alarm, found`` (within `SOON` of the fault).
    """
    rows = []
    for others, own, end in each_watched():
        keys, run = list(own[KEYS].iloc[0]), own["run"].iloc[0]
        for seen, faults in FAULTS.items():
            table = own if seen == ALONE else pd.concat([others, own])
            for fault in faults:
                told = watch(
                    with_fault(table, run, AFTER * end, fault), run, 1.001 * end
                )
                left = np.nan if told.left is None else told.left / end
                rows.append(
                    [
                        *keys,
                        seen,
                        fault,
                        left,
                        float(told.left is not None),
                        float(AFTER <= left <= AFTER + SOON),
                    ]
                )
    return pd.DataFrame(
        rows, columns=[*KEYS, "seen", "fault", "left", "alarm", "found"]
    )


def one_size():
    """Every forecast of `window_grid` from finished runs of one size.

    Returns
    -------
    DataFrame
        Its rows, failures scored and ARE capped, with ``scores_words`` (the loss is
        that of one last word, not of a text) ``, inside_80`` and ``width_80`` of the
        forecast's interval.
    """
    table = window_grid()
    table = capped(table[(table["n_sizes"] == 1) & table["method"].isin(list(RIVALS))])
    inside = table["target_loss"].between(table["low_80"], table["high_80"])
    return table.assign(
        scores_words=table["loss_kind"].str.contains("lambada"),
        inside_80=inside.where(table["low_80"].notna()).astype(float),
        width_80=table["high_80"] / table["low_80"] - 1,
    )


def widening(table):
    """How much wider intervals beside finished runs must be, and what that holds elsewhere.

    Parameters
    ----------
    table : DataFrame
        As from `end_evidence`.

    Returns
    -------
    DataFrame
        A row a study: ``factor`` (least, in steps of 0.05, at which the 80 % intervals
        of all other studies hold 80 % of their ends, every study the same) ``, inside``
        (the share of its own ends that they then hold).
    """
    own = table[table["seen"] == BESIDE]
    far = np.log1p(own["error"]).abs() / (np.log1p(own["width_80"]) / 2)
    factors, rows = np.arange(1, 5, 0.05).round(2), {}
    for source in own["source"].unique():
        mine = own["source"] == source
        held = [
            (far[~mine] <= f).groupby(own["source"][~mine]).mean().mean()
            for f in factors
        ]
        factor = factors[np.argmax(np.array(held) >= 0.8)]
        rows[source] = {"factor": factor, "inside": float((far[mine] <= factor).mean())}
    return pd.DataFrame(rows).T


def by_share(table, value, how="median"):
    """A value by share of the run seen, a row a kind of evidence, every study the same."""
    each = table.groupby(["seen", "share", "source"])[value].agg(how)
    return each.groupby(["seen", "share"]).mean().unstack()


if __name__ == "__main__":
    for name, make in FILES.items():
        path = tables_folder() / "examples" / f"{name}.csv"
        make().to_csv(path, index=False, float_format="%.8g")
        print(f"wrote {path}")

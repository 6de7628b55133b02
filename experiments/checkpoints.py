"""Which checkpoints to fit on: the trail, its beginning, and those amid a schedule.

Nine schedules at three sizes (source `schedules`) tell what a checkpoint half-way down
a schedule is worth; their tokens are unknown, and steps stand for them. No claim of the
paper hangs on that part.
"""

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.evaluation.methods import BORROWED
from hitchhiker.fits.fitting import fit
from hitchhiker.runs.data import load_runs
from hitchhiker.runs.selection import (
    EARLY_TOKENS,
    early_cut,
    hold_out,
    last_checkpoints,
)

from .cache import cached
from .grids import eligible
from .rules import STRICTLY_BELOW_ONE, Claim, in_percent, verdict_of_shares
from .studies import ESTIMATORS, KEYS, over_studies, share_over_studies

CUTS = {"none": 0.0, "1B": 1e9, "3B": 3e9, "10B": 10e9, "30B": 30e9, "guide": "guide"}
SHORT_STEPS, LONG_STEPS = 24_000, 72_000  # the two lengths of the schedules
# Run without its size, and step at which it is compared; the finished run it is
# compared with.
UNFINISHED = {
    "three times too long, a third of the way": ("cosine-72000", SHORT_STEPS),
    "three times too long, half-way": ("cosine-72000", LONG_STEPS // 2),
    "constant rate, short": ("constant-24000", SHORT_STEPS),
    "constant rate, long": ("constant-72000", LONG_STEPS),
    "warm-up, stable, decay": ("wsd-exponential-24000", SHORT_STEPS),
}
TRAINED_ON = {
    "constant rate": ("constant-24000", SHORT_STEPS),
    "cosine, finished": ("cosine-24000", SHORT_STEPS),
    "cosine, a third of the way": ("cosine-72000", SHORT_STEPS),
    "warm-up, stable, decay": ("wsd-exponential-24000", SHORT_STEPS),
}
SCHEDULE_SIZES = ("25m", "100m", "400m")
SCHEDULE_TARGETS = {"constant rate": "constant-72000", "cosine": "cosine-72000"}


@cached
def trail_evidence():
    """ARE with all checkpoints and with the last of each run, by family and estimator.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, method, all, last, lengths``: the longest run
        seen over the shortest, in tokens.
    """
    runs = eligible(load_runs())
    choices = {"all": None, "last": last_checkpoints}
    table = _side_by_side(
        {
            name: evaluate(runs, ESTIMATORS, sizes=choice)
            for name, choice in choices.items()
        }
    )
    lengths = runs.groupby(KEYS).apply(_length_ratio).rename("lengths").reset_index()
    return table.merge(lengths, on=KEYS)


def _length_ratio(runs):
    """Tokens of the longest run over those of the shortest, the target left out."""
    train, _ = hold_out(runs)
    end = train.groupby("run")["tokens_seen"].max()
    return end.max() / end.min()


@cached
def early_evidence():
    """ARE under several early cuts, for families whose logs begin early enough to tell.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, method``, then a column a cut of `CUTS`.
    """
    runs = eligible(load_runs(), first_tokens=EARLY_TOKENS)
    return _side_by_side(
        {name: evaluate(runs, ESTIMATORS, early=cut) for name, cut in CUTS.items()}
    )


def _side_by_side(results):
    """The ARE of several result tables, a column each."""
    parts = [
        table.set_index([*KEYS, "method"])["are"].rename(name)
        for name, table in results.items()
    ]
    return pd.concat(parts, axis=1).reset_index()


def schedule_curves():
    """Runs of `schedules` with steps in the place of tokens (a thousand each).

    Returns
    -------
    DataFrame
        As `hitchhiker.load_runs`, with ``schedule_name`` and ``size``.
    """
    runs = load_runs("schedules")
    runs["tokens_seen"] = 1e3 * runs["step"]
    runs[["schedule_name", "size"]] = runs["run"].str.extract(r"schedules-(.*)-(\d+m)$")
    return runs.sort_values(["run", "step"])


def _by_name(runs):
    return dict(list(runs.groupby(["schedule_name", "size"], sort=False)))


def _loss_at(run, step):
    """Loss of a run at a step, or at its last one if the log ends a little before."""
    return float(np.interp(np.log(step), np.log(run["step"]), run["loss"]))


@cached
def unfinished_evidence():
    """How far a checkpoint lies above the finished cosine run of the same length.

    A finished run of half the long length does not exist: its loss is read off the
    straight line, on log axes, between the finished runs of the two lengths. Losses
    fall ever more slowly, so that line lies above the truth and the excess is
    understated.

    Returns
    -------
    DataFrame
        ``size, checkpoint`` (of `UNFINISHED`) ``, step, loss, finished,
        excess`` (a share of the finished loss).
    """
    runs = _by_name(schedule_curves())
    rows = []
    for label, (name, step) in UNFINISHED.items():
        for size in SCHEDULE_SIZES:
            ends = [
                np.log(_loss_at(runs[f"cosine-{n}", size], n))
                for n in (SHORT_STEPS, LONG_STEPS)
            ]
            finished = np.exp(
                np.interp(np.log(step), np.log([SHORT_STEPS, LONG_STEPS]), ends)
            )
            loss = _loss_at(runs[name, size], step)
            rows.append(
                {
                    "size": size,
                    "checkpoint": label,
                    "step": step,
                    "loss": loss,
                    "finished": finished,
                    "excess": loss / finished - 1,
                }
            )
    return pd.DataFrame(rows)


@cached
def mismatch_evidence():
    """Signed error of forecasts to three times the steps, across schedules.

    One size at a time: A and alpha are held, and stand for a constant; E, B and beta
    are fitted to one run after its first tenth.

    Returns
    -------
    DataFrame
        ``size, trained_on`` (of `TRAINED_ON`) ``, target`` (of `SCHEDULE_TARGETS`) ``,
        loss, forecast, signed_error, status``.
    """
    runs = _by_name(schedule_curves())
    rows = []
    for trained_on, (name, last) in TRAINED_ON.items():
        for size in SCHEDULE_SIZES:
            train = runs[name, size]
            fitted = fit(early_cut(train[train["step"] <= last]), fixed=BORROWED)
            for target, goal in SCHEDULE_TARGETS.items():
                end = runs[goal, size].iloc[-1]
                forecast = float(fitted.predict(end["num_params"], end["tokens_seen"]))
                rows.append(
                    {
                        "size": size,
                        "trained_on": trained_on,
                        "target": target,
                        "loss": end["loss"],
                        "forecast": forecast,
                        "signed_error": forecast / end["loss"] - 1,
                        "status": fitted.status,
                    }
                )
    return pd.DataFrame(rows)


def improvement(table, before, after):
    """ARE of each family and estimator under two choices, and the ratio of both.

    Parameters
    ----------
    table : DataFrame
        As from `trail_evidence` or `early_evidence`.
    before, after : str
        Two of its columns.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, method, before, after, value``.
    """
    ratio = {"before": table[before], "after": table[after]}
    return table[[*KEYS, "method"]].assign(**ratio, value=table[after] / table[before])


def _judge(table, limits):
    """Judge by the share of families that improve, once for each estimator."""
    shares, words = [], []
    for name in ESTIMATORS:
        rows = table[table["method"] == name]
        shares.append(share_over_studies(rows, rows["value"] <= limits["ratio"]))
        words.append(
            f"{name}: better in {in_percent(shares[-1], '.0f')} of families, median "
            f"ARE {in_percent(over_studies(rows, 'before'), '.1f')} to "
            f"{in_percent(over_studies(rows, 'after'), '.1f')}"
        )
    verdict = verdict_of_shares(shares, limits["holds"], limits["fails"])
    return "; ".join(words), verdict


def _families(table, limits):
    return table.assign(high=limits["ratio"])


CLAIMS = (
    Claim(
        id="checkpoints",
        name="Checkpoints beat ends",
        asks="error with all over ends alone",
        rule="""S is the share of families whose ARE is lower with all checkpoints than
        with the last one of each run, every source weighing the same, once for the
        paper's estimator and once for ours. Holds if both S are at least
        {holds:fraction}; does not hold if both are below {fails:fraction}; else holds
        in part""",
        limits={"ratio": STRICTLY_BELOW_ONE, "holds": 2 / 3, "fails": 1 / 2},
        evidence=lambda: improvement(trail_evidence(), "last", "all"),
        judge=_judge,
        families=_families,
    ),
    Claim(
        id="early",
        name="The first 10B tokens hurt",
        asks="error without over with them",
        rule="""S is the share of families with checkpoints before {cut:billions} tokens
        whose ARE is lower when the first {cut:billions} tokens are left out than when
        all are used, every source weighing the same, once for the paper's estimator and
        once for ours. Holds if both S are at least {holds:fraction}; does not hold if
        both are below {fails:fraction}; else holds in part""",
        limits={
            "cut": CUTS["10B"],
            "ratio": STRICTLY_BELOW_ONE,
            "holds": 2 / 3,
            "fails": 1 / 2,
        },
        evidence=lambda: improvement(early_evidence(), "none", "10B"),
        judge=_judge,
        families=_families,
    ),
)

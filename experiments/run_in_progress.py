"""A run in progress: how early its end is known, and what an alarm is worth."""

import numpy as np
import pandas as pd

from hitchhiker.forecasts.forecasting import forecast
from hitchhiker.forecasts.watching import watch
from hitchhiker.runs import selection

from .cache import cached
from .grids import eligible_families
from .partial import SMALLER_SHAPE, longest_run, same_shape
from .studies import KEYS

WATCHED_SHARES = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
ALONE, BESIDE = "the run alone", "with smaller runs"
# Rises of the loss that are planted, by what is seen; 0: none.
PLANTED_RISES = {BESIDE: (0.0, 0.02, 0.03, 0.05, 0.1), ALONE: (0.0, 0.05)}
FAULT_FROM = 0.5  # share of the run after which a fault is planted
FOUND_WITHIN = 0.1  # share of the run after a fault in which an alarm finds it
WIDENINGS = np.arange(1, 5, 0.05).round(2)  # factors of an interval that are tried


def with_fault(runs, run, after, by):
    """The table with the losses of a run raised by a share beyond some tokens.

    Parameters
    ----------
    runs : DataFrame
    run : str
    after : float
        Tokens.
    by : float
        Share of the loss.
    """
    where = (runs["run"] == run) & (runs["tokens_seen"] > after)
    return runs.assign(loss=runs["loss"] * np.where(where, 1 + by, 1.0))


def each_watched():
    """Families with a log: smaller runs, the longest of the largest size, its end."""
    for runs in eligible_families(min_checkpoints=5):
        largest = selection.max_params(runs)
        watched = longest_run(largest).sort_values("tokens_seen")
        smaller = runs[~runs["run"].isin(largest["run"])]
        yield smaller, watched, watched["tokens_seen"].max()


@cached
def end_evidence():
    """Forecasts of the last loss of a run from its first part, by family and share.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, share`` (of the run seen) ``, seen`` (`ALONE`,
        `BESIDE`, `SMALLER_SHAPE`) ``, error`` (of the forecast of the last loss,
        signed, as a share) ``, inside_80, inside_90, width_80`` (high over low less
        one); intervals of a shape: none.
    """
    rows = []
    for smaller, watched, end in each_watched():
        for share in WATCHED_SHARES:
            part = watched[watched["tokens_seen"] <= share * end]
            if len(part) >= 2:
                facts = dict(watched[KEYS].iloc[0]) | {"share": share}
                part = part.assign(is_final=False)
                rows += [facts | row for row in _ends(smaller, part, watched)]
    return pd.DataFrame(rows)


def _ends(smaller, part, watched):
    """Errors of the forecasts of the last loss from a first part of the run."""
    both, end = pd.concat([smaller, part]), watched["tokens_seen"].max()
    last, size = watched["loss"].iloc[-1], float(watched["num_params"].median())
    for seen, table in ((ALONE, part), (BESIDE, both)):
        row = forecast(table, size, end).table.iloc[0]
        inside = {
            f"inside_{k}": float(row[f"low_{k}"] <= last <= row[f"high_{k}"])
            for k in (80, 90)
        }
        width = row["high_80"] / row["low_80"] - 1
        error = row["loss"] / last - 1
        yield {"seen": seen, "error": error, **inside, "width_80": width}
    shape = same_shape(both, None, np.array([end]))[0]
    yield {"seen": SMALLER_SHAPE, "error": shape / last - 1}


@cached
def alarm_evidence():
    """What `watch` says of every run, healthy and with a fault planted half-way.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, seen`` (`ALONE`, `BESIDE`) ``, fault`` (rise of the
        loss; 0: none) ``, left`` (share of the run at which it is said to leave its
        band, if it is) ``, alarm, found`` (within `FOUND_WITHIN` of the fault).
    """
    rows = []
    for smaller, watched, end in each_watched():
        facts, run = dict(watched[KEYS].iloc[0]), watched["run"].iloc[0]
        for seen, faults in PLANTED_RISES.items():
            table = watched if seen == ALONE else pd.concat([smaller, watched])
            for fault in faults:
                damaged = with_fault(table, run, FAULT_FROM * end, fault)
                said = watch(damaged, run, 1.001 * end)
                left = np.nan if said.departed_at is None else said.departed_at / end
                row = facts | {"seen": seen, "fault": fault, "left": left}
                row["alarm"] = float(said.departed_at is not None)
                found = FAULT_FROM <= left <= FAULT_FROM + FOUND_WITHIN
                rows.append(row | {"found": float(found)})
    return pd.DataFrame(rows)


def widening(table):
    """How much wider intervals beside finished runs must be, and what that then holds.

    Parameters
    ----------
    table : DataFrame
        As from `end_evidence`.

    Returns
    -------
    DataFrame
        A row a study: ``factor`` (least, of `WIDENINGS`, at which the 80 % intervals of
        all other studies hold 80 % of their ends, every study the same) ``, inside``
        (the share of its own ends that they then hold).
    """
    beside = table[table["seen"] == BESIDE]
    half_width = np.log1p(beside["width_80"]) / 2
    distance, source = np.log1p(beside["error"]).abs() / half_width, beside["source"]
    rows = {}
    for study in source.unique():
        mine = source == study
        held = [
            (distance[~mine] <= factor).groupby(source[~mine]).mean().mean()
            for factor in WIDENINGS
        ]
        factor = WIDENINGS[np.argmax(np.array(held) >= 0.8)]
        inside = float((distance[mine] <= factor).mean())
        rows[study] = {"factor": factor, "inside": inside}
    return pd.DataFrame(rows).T


def by_share_seen(table, value, how="median"):
    """A value by share of the run seen, a row a kind of evidence, every study the same.

    Parameters
    ----------
    table : DataFrame
        As from `end_evidence`.
    value : str
        A column of it.
    how : str
        What stands for a study.
    """
    studies = table.groupby(["seen", "share", "source"])[value].agg(how)
    return studies.groupby(["seen", "share"]).mean().unstack()

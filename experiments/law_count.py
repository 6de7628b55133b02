"""Claim about the number of laws: counted in the tables that the experiments keep.

A row counts where a law was estimated. Tables that keep the five parameters are counted
by them; tables that keep errors only by what their rows were computed from, the paper's
estimator left out, as such a table does not say where it failed. Laws behind a table of
totals (the chances of the chapter on the budget) are not counted.
"""

import pandas as pd

from hitchhiker.laws import PARAMETERS

from . import (
    borrow,
    budget,
    checkpoints,
    detect,
    down,
    fooled,
    freedom,
    grids,
    how_big,
    how_many,
    loans,
    new_law,
    partial,
    schedules,
)
from .studies import KEYS

PAPERS = 1000  # laws of the paper
OURS = "our fit"


def _recorded(table):
    """Rows that hold all five parameters."""
    return int(table[list(PARAMETERS)].notna().all(axis=1).sum())


def _scored(table):
    """Rows that hold a forecast of a law and no failure."""
    return int((table["forecast"].notna() & (table["status"] != "failed")).sum())


def _cells(*columns):
    """Errors of our fit in some columns, a law each."""
    return lambda t: int(
        t.loc[t["method"] == OURS, list(columns)].notna().to_numpy().sum()
    )


def _different(*columns, each=1):
    """Rows that differ in some columns, so many laws each."""
    return lambda table: each * len(table.drop_duplicates(list(columns)))


def _dropped(table):
    """A law without each size, and one with all of them a step."""
    ours = table[table["method"] == OURS]
    return len(ours) + len(ours.drop_duplicates([*KEYS, "step"]))


def _planted(table):
    """With a fault and without one: a law without each size, and one with all of them."""
    clean = table.drop_duplicates(KEYS)
    return int((table["n_sizes"] + 1).sum() + (clean["n_sizes"] + 1).sum())


def _around(table):
    """Laws about which runs scatter."""
    return table.loc[table["partner"].str.startswith("law of"), "partner"].nunique()


# Chapter, table and how its laws are counted.
COUNTED = (
    ("how_big", grids.size_grid, _recorded),
    ("how_big", how_big.smallest_evidence, _scored),
    ("how_big", how_big.distance_evidence, _scored),
    ("how_big", how_big.spread_evidence, _scored),
    ("how_many", grids.share_grid, _recorded),
    ("how_many", how_many.count_evidence, _scored),
    ("how_many", how_many.variants_evidence, _scored),
    ("how_many", how_many.left_out_evidence, _scored),
    ("borrow", borrow.one_run_evidence, _recorded),
    ("borrow", loans.lenders, _recorded),
    ("borrow", loans.lending_evidence, _different(*KEYS)),
    ("borrow", loans.alternatives_evidence, _recorded),
    ("borrow", borrow.unit_evidence, _recorded),
    ("borrow", borrow.olmo_evidence, _recorded),
    ("budget", budget.ladder_evidence, _around),
    ("checkpoints", checkpoints.trail_evidence, _cells("all", "last")),
    ("checkpoints", checkpoints.early_evidence, _cells(*checkpoints.CUTS)),
    ("checkpoints", schedules.mismatch_evidence, _different("size", "trained_on")),
    ("detect", detect.drop_evidence, _dropped),
    ("detect", detect.planted_evidence, _planted),
    (
        "new_law",
        new_law.bootstrap_evidence,
        lambda table: _recorded(table[table["draw"] == 0]),
    ),
    ("new_law", new_law.lent_evidence, _different(*KEYS, each=2)),
    ("freedom", freedom.tied_evidence, _recorded),
    ("partial", partial.partial_evidence, _recorded),
    ("partial", partial.single_evidence, _recorded),
    ("down", down.share_evidence, _recorded),
    ("down", down.reach_evidence, _recorded),
    ("fooled", fooled.one_start, _different(*KEYS, each=2)),
    ("fooled", fooled.objectives_real, len),
)
# Tables without a law that was estimated on published runs and kept, by the names of
# their functions, and modules of chapters that go beyond the paper.
NONE = (
    "nearest_evidence",
    "chance_evidence",
    "unfinished_evidence",
    "objectives_synthetic",
    "coverage",
)
BEYOND = ("aims", "examples", "forecasts", "ladder", "panel", "practice")


def laws_counted():
    """How many laws each table of evidence holds.

    Returns
    -------
    DataFrame
        ``chapter, table, laws, different`` (sets of parameters on record that no table
        above has; none where parameters are not kept) ``, resamples`` (of a bootstrap,
        counted apart).
    """
    known, rows = set(), []
    for chapter, table, count in COUNTED:
        found, resamples = table(), 0
        if "draw" in found:
            resamples = _recorded(found[found["draw"] > 0])
            found = found[found["draw"] == 0]
        fresh = _parameters(found) - known
        known |= fresh
        rows.append((chapter, table.__name__, count(found), len(fresh), resamples))
    return pd.DataFrame(rows, columns="chapter table laws different resamples".split())


def _parameters(table):
    """Sets of five parameters with the family that they belong to, to six digits."""
    if not set(PARAMETERS) <= set(table):
        return set()
    laws = table[[*KEYS, *PARAMETERS]].dropna()
    digits = laws[list(PARAMETERS)].map("{:.6g}".format)
    return set(laws[KEYS].join(digits).itertuples(index=False, name=None))


def judge(laws):
    """Verdict of the rule for a number of laws."""
    return "holds" if laws > PAPERS else "does not hold"


def _laws():
    """Rule by the smallest of three counts: different laws on record, without resamples."""
    counted = laws_counted()[["laws", "different", "resamples"]].sum()
    return (
        f"{counted['laws']} laws, of which {counted['different']} have parameters on record that "
        f"no other has; {counted['resamples']} bootstrap resamples besides"
    ), judge(counted["different"])


TESTS = {"laws": _laws}

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
    replicates,
)
from .rules import Claim
from .studies import KEYS, OUR_FIT

# Tables of laws by chapter. Of two that hold one law the first counts as having it.
TABLES = {
    "how_big": (
        grids.size_grid,
        how_big.smallest_evidence,
        how_big.distance_evidence,
        how_big.spread_evidence,
    ),
    "how_many": (
        grids.share_grid,
        how_many.count_evidence,
        how_many.variants_evidence,
        how_many.left_out_evidence,
    ),
    "borrow": (
        borrow.one_run_evidence,
        loans.lenders,
        loans.lending_evidence,
        loans.alternatives_evidence,
        borrow.unit_evidence,
        borrow.olmo_evidence,
    ),
    "budget": (replicates.gap_evidence,),
    "checkpoints": (
        checkpoints.trail_evidence,
        checkpoints.early_evidence,
        checkpoints.mismatch_evidence,
    ),
    "detect": (detect.drop_evidence, detect.planted_evidence),
    "new_law": (new_law.bootstrap_evidence, new_law.lent_evidence),
    "freedom": (freedom.tied_evidence,),
    "partial": (partial.partial_evidence, partial.single_evidence),
    "down": (down.share_evidence, down.reach_evidence),
    "fooled": (fooled.one_start, fooled.objectives_real),
}
# Kept tables without a law that was estimated on published runs, by their functions,
# and modules of chapters that go beyond the paper.
WITHOUT_LAWS = (
    "nearest_evidence",
    "chance_evidence",
    "unfinished_evidence",
    "objectives_synthetic",
    "coverage",
)
NOT_OF_THE_PAPER = (
    "forecast_grids",
    "ladder",
    "ladder_seeds",
    "plan_a_ladder",
    "run_in_progress",
    "two_recipes",
)


def _of_our_fit(*columns):
    """Errors of our fit in some columns, a law each."""

    def count(table):
        ours = table.loc[table["method"] == OUR_FIT, list(columns)]
        return ours.notna().to_numpy().sum()

    return count


def _each(*columns, laws=1):
    """Rows that differ in some columns, so many laws each."""
    return lambda table: laws * len(table.drop_duplicates(list(columns)))


def _dropped(table):
    """A law without each size, and one with all of them a step."""
    ours = table[table["method"] == OUR_FIT]
    return len(ours) + len(ours.drop_duplicates([*KEYS, "step"]))


def _planted(table):
    """A law without each size and one with all, with a fault and without one."""
    clean = table.drop_duplicates(KEYS)
    return (table["n_sizes"] + 1).sum() + (clean["n_sizes"] + 1).sum()


def _around(table):
    """Laws about which runs scatter."""
    return table.loc[table["partner"].str.startswith("law of"), "partner"].nunique()


# How laws are counted where rows hold neither parameters nor one forecast of one law.
COUNTING_RULES = {
    loans.lending_evidence: _each(*KEYS),
    replicates.gap_evidence: _around,
    checkpoints.trail_evidence: _of_our_fit("all", "last"),
    checkpoints.early_evidence: _of_our_fit(*checkpoints.CUTS),
    checkpoints.mismatch_evidence: _each("size", "trained_on"),
    detect.drop_evidence: _dropped,
    detect.planted_evidence: _planted,
    new_law.lent_evidence: _each(*KEYS, laws=2),
    fooled.one_start: _each(*KEYS, laws=2),
    fooled.objectives_real: len,
}


def count_laws(table):
    """How many laws a table holds: sets of five parameters, else forecasts.

    Examples
    --------
    >>> count_laws(pd.DataFrame({"forecast": [2.0, 2.1], "status": ["ok", "failed"]}))
    1
    """
    if set(PARAMETERS) <= set(table):
        return int(table[list(PARAMETERS)].notna().all(axis=1).sum())
    return int((table["forecast"].notna() & (table["status"] != "failed")).sum())


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
    for chapter, functions in TABLES.items():
        for function in functions:
            table, resamples = function(), 0
            if "draw" in table:
                resamples = count_laws(table[table["draw"] > 0])
                table = table[table["draw"] == 0]
            laws = int(COUNTING_RULES.get(function, count_laws)(table))
            fresh = _parameters(table) - known
            known |= fresh
            rows.append((chapter, function.__name__, laws, len(fresh), resamples))
    return pd.DataFrame(rows, columns="chapter table laws different resamples".split())


def _parameters(table):
    """Sets of five parameters with the family that they belong to, to six digits."""
    if not set(PARAMETERS) <= set(table):
        return set()
    laws = table[[*KEYS, *PARAMETERS]].dropna()
    digits = laws[list(PARAMETERS)].map("{:.6g}".format)
    return set(laws[KEYS].join(digits).itertuples(index=False, name=None))


def _judge(table, limits):
    """Judge by the least of three counts: different laws on record, no resamples."""
    laws, different, resamples = table[["laws", "different", "resamples"]].sum()
    value = (
        f"{laws} laws, of which {different} have parameters on record that no other "
        f"has; {resamples} bootstrap resamples besides"
    )
    return value, "holds" if different > limits["laws"] else "does not hold"


def _different(table, limits):
    """The count of the rule, of the whole corpus."""
    return pd.DataFrame({"value": [table["different"].sum()], "low": limits["laws"]})


CLAIMS = (
    Claim(
        id="laws",
        name="Over a thousand laws",
        asks="different laws on record",
        rule="""Holds if the experiments behind this page estimate more than {laws}
        laws; else does not hold""",
        limits={"laws": 1000},
        evidence=laws_counted,
        judge=_judge,
        families=_different,
    ),
)

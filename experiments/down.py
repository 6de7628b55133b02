"""Claim about forecasts of the smallest size from the larger ones."""

import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.evaluation.methods import BORROWED, METHODS, LawMethod

from .cache import cached
from .grids import eligible_families, smaller_counts
from .rules import verdict_of_shares
from .studies import ESTIMATORS, share_over_studies

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
RULE = {"share": 0.4, "are": 0.10}
EXPLODED = 0.5  # an ARE above this is no forecast
KNOWN_ALPHA = "alpha borrowed"
DOWN = {**ESTIMATORS, KNOWN_ALPHA: LawMethod(fixed={"alpha": BORROWED["alpha"]})}


def downwards(runs, methods, **cells):
    """Score forecasts of the smallest size: `hitchhiker.evaluate` the other way round."""
    return evaluate(runs, methods, target="smallest", **cells)


@cached
def share_evidence():
    """Smallest size from all larger ones at several shares of their tokens.

    Returns
    -------
    DataFrame
        Rows of `downwards`; methods of `DOWN` and "most_trained".
    """
    methods = DOWN | {"most_trained": METHODS["most_trained"]}
    tables = eligible_families(min_checkpoints=5)
    return pd.concat(
        [downwards(t, methods, share=SHARES) for t in tables], ignore_index=True
    )


@cached
def reach_evidence():
    """Both ways from the far end: the k largest for the smallest, the k smallest for the largest.

    Returns
    -------
    DataFrame
        Rows of `hitchhiker.evaluate` with ``way`` (down or up), runs seen to their end.
    """
    parts = []
    for runs in eligible_families(min_checkpoints=5):
        choices = [k for k in smaller_counts(runs) if k > 1]
        parts.append(downwards(runs, DOWN, sizes=choices).assign(way="down"))
        parts.append(evaluate(runs, DOWN, sizes=choices).assign(way="up"))
    return pd.concat(parts, ignore_index=True)


def within(table, error=RULE["are"]):
    """W: share of families forecast within an error, by method, sources weighing the same."""
    return {
        name: share_over_studies(own, own["are"] <= error)
        for name, own in table.groupby("method")
    }


def exploded(table):
    """Share of cells whose ARE is above `EXPLODED`, by method, sources weighing the same."""
    return {
        name: share_over_studies(own, own["are"] > EXPLODED)
        for name, own in table.groupby("method")
    }


def _down():
    rows = share_evidence()
    found = within(rows[rows["share"] == RULE["share"]])
    words = [
        f"{name}: {100 * found[name]:.0f} % of families within 10 %"
        for name in ESTIMATORS
    ]
    verdict = verdict_of_shares([found[name] for name in ESTIMATORS], low=1 / 3)
    return "; ".join(words), verdict


TESTS = {"down": _down}

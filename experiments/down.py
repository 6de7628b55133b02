"""Claim about forecasts of the smallest size from the larger ones."""

import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.evaluation.methods import BORROWED, METHODS, LawMethod

from .cache import cached
from .grids import eligible_families, smaller_counts
from .rules import Claim, in_percent, verdict_of_shares
from .studies import ESTIMATORS, share_over_studies

LARGER_SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)  # of the larger sizes' tokens
SHARE_OF_CLAIM = 0.4  # of the larger sizes' tokens
GOOD_ARE = 0.10  # an ARE of at most this agrees with the claim
EXPLODED = 0.5  # an ARE above this is no forecast
KNOWN_ALPHA = "alpha borrowed"
DOWN_METHODS = {
    **ESTIMATORS,
    KNOWN_ALPHA: LawMethod(fixed={"alpha": BORROWED["alpha"]}),
}


def downwards(runs, methods, **cells):
    """Score forecasts of the smallest size, as by `hitchhiker.evaluate`."""
    return evaluate(runs, methods, target="smallest", **cells)


@cached
def share_evidence():
    """Smallest size from all larger ones at several shares of their tokens.

    Returns
    -------
    DataFrame
        Rows of `downwards`; methods of `DOWN_METHODS` and "most_trained".
    """
    methods = DOWN_METHODS | {"most_trained": METHODS["most_trained"]}
    tables = eligible_families(min_checkpoints=5)
    return pd.concat(
        [downwards(t, methods, share=LARGER_SHARES) for t in tables], ignore_index=True
    )


@cached
def reach_evidence():
    """Both ways from the far end: the k sizes that are farthest from the target.

    Returns
    -------
    DataFrame
        Rows of `hitchhiker.evaluate` with ``way`` (down or up), runs seen to their end.
    """
    parts = []
    for runs in eligible_families(min_checkpoints=5):
        choices = [k for k in smaller_counts(runs) if k > 1]
        parts.append(downwards(runs, DOWN_METHODS, sizes=choices).assign(way="down"))
        parts.append(evaluate(runs, DOWN_METHODS, sizes=choices).assign(way="up"))
    return pd.concat(parts, ignore_index=True)


def within(table, error=GOOD_ARE):
    """Share of families forecast within an error, by method, every study alike."""
    return {
        name: share_over_studies(rows, rows["are"] <= error)
        for name, rows in table.groupby("method")
    }


def exploded(table):
    """Share of cells with an ARE above `EXPLODED`, by method, every study alike."""
    return {
        name: share_over_studies(rows, rows["are"] > EXPLODED)
        for name, rows in table.groupby("method")
    }


def at_share(share=SHARE_OF_CLAIM):
    """Rows of `share_evidence` at one share of the larger sizes' tokens."""
    table = share_evidence()
    return table[table["share"] == share]


def _judge(table, limits):
    good = within(table, limits["are"])
    words = [
        f"{name}: {in_percent(good[name], '.0f')} of families within "
        f"{in_percent(limits['are'])}"
        for name in ESTIMATORS
    ]
    shares = [good[name] for name in ESTIMATORS]
    return "; ".join(words), verdict_of_shares(shares, limits["holds"], limits["fails"])


def _families(table, limits):
    rows = table[table["method"].isin(ESTIMATORS)]
    return rows.rename(columns={"are": "value"}).assign(high=limits["are"])


CLAIMS = (
    Claim(
        id="down",
        name="Downwards works",
        asks="error of the smallest, {are:percent} or less",
        rule="""W is the share of families whose smallest size is forecast with an ARE
        of at most {are:percent} from all larger ones at {share:percent} of their
        tokens, every source weighing the same, once for the paper's estimator and once
        for ours. Holds if both W are at least {holds:fraction}; does not hold if both
        are below {fails:fraction}; else holds in part""",
        limits={
            "share": SHARE_OF_CLAIM,
            "are": GOOD_ARE,
            "holds": 2 / 3,
            "fails": 1 / 3,
        },
        evidence=at_share,
        judge=_judge,
        families=_families,
    ),
)

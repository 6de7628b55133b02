"""What the tests of several claims share: estimators, weights, verdicts."""

from hitchhiker.evaluation.methods import METHODS

VERDICTS = (
    "holds",
    "holds in part",
    "does not hold",
    "cannot be tested here",
    "not yet tested",
)
KEYS = ["source", "family", "loss_kind"]
# The paper's estimator and ours, to be scored on the same rows.
ESTIMATORS = {"the paper's fit": METHODS["paper"], "our fit": METHODS["fit"]}


def by_source(table, value, how="median", over="mean"):
    """One number of a table in which every source weighs the same.

    Within a source it is the median, over sources the mean; ``over="median"`` where one
    source may be off by a factor, which would decide any mean.

    Examples
    --------
    >>> import pandas as pd
    >>> by_source(pd.DataFrame({"source": ["a", "a", "b"], "are": [0.1, 0.1, 0.3]}), "are")
    0.2
    """
    return float(table.groupby("source")[value].agg(how).agg(over))


def share(table, condition):
    """Share of rows that meet a condition (bool, a row each), every source weighing the same."""
    return by_source(table.assign(met=condition), "met", "mean")


def verdict_of_shares(shares, high=2 / 3, low=1 / 2):
    """Verdict of a rule "holds if all are at least high, not if all are below low".

    Examples
    --------
    >>> verdict_of_shares([0.9, 0.6])
    'holds in part'
    """
    if min(shares) >= high:
        return "holds"
    return "does not hold" if max(shares) < low else "holds in part"


def verdict_of_parts(*parts):
    """Verdict of a rule "holds if all parts are met, does not hold if none is".

    Examples
    --------
    >>> verdict_of_parts(True, False)
    'holds in part'
    """
    return "holds" if all(parts) else "holds in part" if any(parts) else "does not hold"

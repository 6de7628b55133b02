"""Every claim of the paper: its number, our computation, and the rule of the verdict.

The words of a claim and its rule are in ``data/claims.csv``, written before the
value was computed; the modules here, one a chapter, compute the value when the
book is built.
"""

from ..data import read_table
from . import (
    baselines,
    borrow,
    budget,
    checkpoints,
    counted,
    dataset,
    detect,
    differ,
    dots,
    down,
    fooled,
    freedom,
    ladder,
    partial,
    schedules,
    sizes,
)
from .rules import VERDICTS

__all__ = ["VERDICTS", "dots", "fooled", "ladder", "result", "schedules", "table"]

TESTS = {
    **baselines.TESTS, **borrow.TESTS, **budget.TESTS, **checkpoints.TESTS, **counted.TESTS,
    **dataset.TESTS, **detect.TESTS, **differ.TESTS, **down.TESTS, **freedom.TESTS,
    **partial.TESTS, **sizes.TESTS,
}  # fmt: skip


def result(claim):
    """What this build finds for one claim: our value in words, and the verdict.

    Examples
    --------
    >>> result("no such claim")
    ('', 'not yet tested')
    """
    return TESTS[claim]() if claim in TESTS else ("", "not yet tested")


def table():
    """All claims with what this build finds.

    Returns
    -------
    DataFrame
        ``id, claim, where`` (in the paper) ``, paper_value, our_value, verdict`` (one
        of `VERDICTS`) ``, rule, chapter, needs`` (data missing for a test).
    """
    out = read_table("claims").fillna("")
    out["our_value"], out["verdict"] = zip(*map(result, out["id"]), strict=True)
    return out["id claim where paper_value our_value verdict rule chapter needs".split()]

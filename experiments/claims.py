"""Every claim of the paper: its number, our computation, and the rule of the verdict.

The words of a claim and its rule are in ``data/claims.csv``, written before the
value was computed; the modules here, one a chapter, compute the value when the
book is built.
"""

from hitchhiker.runs.data import read_table

from . import (
    baselines,
    borrow,
    budget,
    checkpoints,
    data,
    detect,
    down,
    freedom,
    law_count,
    new_law,
    partial,
    sizes,
)

TESTS = {
    **baselines.TESTS,
    **borrow.TESTS,
    **budget.TESTS,
    **checkpoints.TESTS,
    **law_count.TESTS,
    **data.TESTS,
    **detect.TESTS,
    **new_law.TESTS,
    **down.TESTS,
    **freedom.TESTS,
    **partial.TESTS,
    **sizes.TESTS,
}


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
    return out[
        "id claim where paper_value our_value verdict rule chapter needs".split()
    ]

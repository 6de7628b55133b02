"""Every claim of the paper: its number, our computation, and the rule of the verdict.

The paper's words and numbers are in ``data/claims.csv``; the rules, written before the
value was computed, stand in the modules of the chapters, which compute the values when
the book is built.
"""

import pandas as pd

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
    how_big,
    how_many,
    law_count,
    new_law,
    partial,
)
from .rules import VERDICTS

MODULES = (
    data,
    law_count,
    budget,
    new_law,
    borrow,
    partial,
    baselines,
    checkpoints,
    how_big,
    how_many,
    detect,
    freedom,
    down,
)
CLAIMS = {claim.id: claim for module in MODULES for claim in module.CLAIMS}
NOT_YET_TESTED = VERDICTS[-1]


def result(claim):
    """What this build finds for one claim: our value in words, and the verdict.

    Examples
    --------
    >>> result("no such claim")
    ('', 'not yet tested')
    """
    return CLAIMS[claim].result() if claim in CLAIMS else ("", NOT_YET_TESTED)


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
    out["rule"] = [
        CLAIMS[claim].rule_in_words() if claim in CLAIMS else "" for claim in out["id"]
    ]
    return out[
        "id claim where paper_value our_value verdict rule chapter needs".split()
    ]


def families():
    """The number of every claim, family by family, and how far it meets the rule.

    Returns
    -------
    DataFrame
        ``id`` (of the claim) ``, source, family, loss_kind, method`` (where the rule
        asks for two estimators) ``, value, low, high`` (limits) ``, margin`` (see
        `experiments.rules.margin`) ``, meets``. Claims without a number for a family
        have no source.
    """
    return pd.concat(
        [claim.by_family() for claim in CLAIMS.values()], ignore_index=True
    )


def by_study(table):
    """Share of a study's rows of `families` that meet a claim: studies by claims."""
    table = table.dropna(subset="source")
    return table.pivot_table(
        index="source", columns="id", values="meets", aggfunc="mean"
    )

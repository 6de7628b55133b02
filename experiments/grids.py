"""Grids that several chapters read: sizes and shares of every family, scored."""

import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.evaluation.methods import PLAIN
from hitchhiker.runs import selection
from hitchhiker.runs.data import load_runs

from .cache import cached

SHARES = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
PROTOCOLS = {"paper": "paper"}  # the paper's method sees what the paper showed it
MOST_SIZES = 8  # of a family with more, every so many are used as the largest seen
# The same models measured on further text: left out of the grids, one kind speaks for
# all.
FURTHER_KINDS = (
    "lambada-last-word-5-shot",
    "validation-c4-val",
    "validation-de-en",
    "validation-paloma-c4-en",
    "validation-paloma-code",
    "validation-paloma-ptb",
    "validation-paloma-redpajama",
    "validation-paloma-refinedweb",
)


def steps(count, most=MOST_SIZES):
    """Some of 1 .. count, the last among them, at most ``most``.

    Examples
    --------
    >>> steps(4), steps(20, 4)
    ([1, 2, 3, 4], [5, 10, 15, 20])
    """
    return sorted(
        {round(count * i / min(count, most)) for i in range(1, min(count, most) + 1)}
    )


def windows(runs):
    """Windows of some of the sizes below a family's target, labelled choices."""
    train, _ = selection.hold_out(runs)
    some = steps(len(selection.sizes(train)))
    return selection.windows(train, counts=some, ends=some)


def eligible_families(min_checkpoints):
    """Tables of the families that the experiments use, three sizes or more."""
    runs = selection.eligible(load_runs(), min_checkpoints=min_checkpoints)
    runs = runs[~runs["loss_kind"].isin(FURTHER_KINDS)]
    return [t for _, t in runs.groupby(["source", "family", "loss_kind"], sort=False)]


@cached
def size_grid():
    """Every window of consecutive sizes, fully trained, scored with every method.

    Returns
    -------
    DataFrame
        Rows of `hitchhiker.evaluate` over number of sizes and largest size.
    """
    parts = []
    for runs in eligible_families(min_checkpoints=1):
        parts.append(evaluate(runs, PLAIN, sizes=windows(runs), protocol=PROTOCOLS))
    return pd.concat(parts, ignore_index=True)


@cached
def share_grid():
    """The k smallest sizes at several shares of their training, scored with every method."""
    parts = []
    for runs in eligible_families(min_checkpoints=5):
        count = selection.size_names(runs).nunique() - 1
        sizes = [k for k in steps(count) if k > 1]
        scores = evaluate(
            runs, PLAIN, sizes=sizes, share=list(SHARES), protocol=PROTOCOLS
        )
        parts.append(scores)
    return pd.concat(parts, ignore_index=True)

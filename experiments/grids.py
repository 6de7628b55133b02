"""Grids that several chapters read: sizes and shares of every family, scored."""

from functools import partial

import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.evaluation.methods import PLAIN
from hitchhiker.runs import selection
from hitchhiker.runs.data import load_runs, read_table

from .cache import cached

SHARES = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
NATS = "nats per token"  # unit of the loss of a next token
MOST_SIZES = 8  # of a family with more, every so many are used as the largest seen


def further_kinds():
    """Kinds of loss on further text, of models that another kind speaks for."""
    kinds = read_table("loss_kinds")
    return kinds.loc[kinds["further"], "loss_kind"]


def kinds_in_nats():
    """Kinds of loss in nats per token, without the further ones."""
    kinds = read_table("loss_kinds")
    kept = (kinds["unit"] == NATS) & ~kinds["further"]
    return kinds.loc[kept, "loss_kind"]


def pair_groups(families):
    """Group in which each family of a Series can be compared; missing: in none."""
    groups = read_table("families").set_index("family")["pair_group"]
    return families.map(groups)


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


def eligible_families(min_checkpoints):
    """Tables of the families that the experiments use, three sizes or more."""
    runs = selection.eligible(load_runs(), min_checkpoints=min_checkpoints)
    runs = runs[~runs["loss_kind"].isin(further_kinds())]
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
        count = selection.size_names(runs).nunique() - 1
        windows = [(k, end) for end in steps(count) for k in steps(count) if k <= end]
        choices = [partial(selection.window, k=k, end=end) for k, end in windows]
        parts.append(evaluate(runs, PLAIN, sizes=choices))
    return pd.concat(parts, ignore_index=True)


@cached
def share_grid():
    """The k smallest sizes at shares of their training, scored with every method."""
    parts = []
    for runs in eligible_families(min_checkpoints=5):
        count = selection.size_names(runs).nunique() - 1
        sizes = [k for k in steps(count) if k > 1]
        parts.append(evaluate(runs, PLAIN, sizes=sizes, share=list(SHARES)))
    return pd.concat(parts, ignore_index=True)

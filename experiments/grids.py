"""Grids that several chapters read: sizes and shares of every family, scored."""

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate
from hitchhiker.runs import selection
from hitchhiker.runs.data import load_runs

from .cache import cached
from .corpus import further_kinds, with_plain_law
from .studies import KEYS

TRAINING_SHARES = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
# Methods of the grids; the paper's sees what the paper showed it.
GRID_METHODS = ("paper", "fit", "borrowed", "best_seen", "most_trained")
GRID_PROTOCOLS = {"paper": "paper"}
MAX_ENDS = 8  # of a family with more sizes, every so many are the largest seen


def evenly_spaced(count, most=MAX_ENDS):
    """Some of 1 .. count, evenly spaced and the last among them, at most ``most``.

    Examples
    --------
    >>> evenly_spaced(4), evenly_spaced(20, 4)
    ([1, 2, 3, 4], [5, 10, 15, 20])
    """
    number = min(count, most)
    return sorted({round(count * i / number) for i in range(1, number + 1)})


def smaller_counts(runs):
    """Some of the numbers of sizes below a family's target, all of them the last."""
    return evenly_spaced(selection.size_names(runs).nunique() - 1)


def windows(runs):
    """Windows of some of the sizes below a family's target, labelled choices."""
    train, _ = selection.hold_out(runs)
    some = smaller_counts(runs)
    return selection.windows(train, counts=some, ends=some)


def eligible(runs, min_sizes=3, min_checkpoints=5, first_tokens=np.inf):
    """Rows of the families that an experiment can use and a plain law is meant for.

    Parameters
    ----------
    runs : DataFrame
        Table of many families, as from `hitchhiker.load_runs`.
    min_sizes : int
        Sizes a family needs; the paper asks for three.
    min_checkpoints : int
        Checkpoints its median run needs; 1 lets in families of finished runs.
    first_tokens : float
        The median run must start below this many tokens.

    Examples
    --------
    >>> eligible(load_runs(["gpt3", "chinchilla"]))["family"].unique().tolist()
    ['gpt3']
    """
    runs = with_plain_law(runs)
    table = selection.describe(runs.dropna(subset=["tokens_seen"]))
    table = table[
        (table["n_sizes"] >= min_sizes)
        & (table["checkpoints"] >= min_checkpoints)
        & (table["first_tokens"] < first_tokens)
    ]
    return runs.merge(table[KEYS], on=KEYS)


def eligible_families(min_checkpoints):
    """Tables of the families that the experiments use, three sizes or more."""
    runs = eligible(load_runs(), min_checkpoints=min_checkpoints)
    runs = runs[~runs["loss_kind"].isin(further_kinds())]
    return [t for _, t in runs.groupby(KEYS, sort=False)]


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
        parts.append(
            evaluate(runs, GRID_METHODS, sizes=windows(runs), protocol=GRID_PROTOCOLS)
        )
    return pd.concat(parts, ignore_index=True)


@cached
def share_grid():
    """The k smallest sizes at several shares of their training, with every method."""
    return score_shares(GRID_METHODS)


def score_shares(methods):
    """Score methods on the k smallest sizes of every family, at several shares."""
    parts = []
    for runs in eligible_families(min_checkpoints=5):
        scores = evaluate(
            runs,
            methods,
            sizes=[k for k in smaller_counts(runs) if k > 1],
            share=list(TRAINING_SHARES),
            protocol={m: p for m, p in GRID_PROTOCOLS.items() if m in methods},
        )
        parts.append(scores)
    return pd.concat(parts, ignore_index=True)

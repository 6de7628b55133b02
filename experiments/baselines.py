"""Claim about forecasts that need no law: best seen, most trained, and one more."""

import numpy as np
import pandas as pd

from hitchhiker.evaluation.evaluating import evaluate

from .cache import cached
from .grids import (
    TRAINING_SHARES,
    eligible_families,
    share_grid,
    size_grid,
    smaller_counts,
    windows,
)
from .rules import verdict_of_parts
from .studies import KEYS, over_studies, share_over_studies

PAPERS = ["best_seen", "most_trained"]
BETTER = "better of the two"
NEAREST = "nearest_size"
CELL = [*KEYS, "n_sizes", "share", "scale_up"]
SCALE_UPS = {
    "up to 2x": 2.0,
    "2 to 5x": 5.0,
    "5 to 20x": 20.0,
    "20 to 100x": 100.0,
    "above 100x": np.inf,
}


def nearest_size(train_runs, num_params, tokens_seen):
    """The loss of the size nearest to the target, at the checkpoint of the nearest tokens.

    Examples
    --------
    >>> table = pd.DataFrame({"num_params": [1e8, 1e9, 1e9], "tokens_seen": [3e10, 1e10, 2e10],
    ...                       "loss": [3.4, 3.1, 3.0]})
    >>> nearest_size(table, [7e9], [1.9e10]).tolist()
    [3.0]
    """
    logs = np.log(train_runs[["num_params", "tokens_seen"]].to_numpy(float))
    away = np.abs(logs[:, 0] - np.log(np.max(num_params)))
    near = (
        away <= away.min() + 1e-3
    )  # one size, whose runs may differ in the sixth digit
    rows = np.abs(logs[near, 1][:, None] - np.log(tokens_seen)).argmin(axis=0)
    return train_runs["loss"].to_numpy(float)[near][rows]


@cached
def nearest_evidence():
    """`nearest_size` on every cell of the two grids of `experiments.grids`.

    Returns
    -------
    DataFrame
        Rows of `hitchhiker.evaluate` and ``grid``, "sizes" or "shares".
    """
    method, parts = {NEAREST: nearest_size}, []
    for runs in eligible_families(min_checkpoints=1):
        scores = evaluate(runs, method, sizes=windows(runs))
        parts.append(scores.assign(grid="sizes"))
    for runs in eligible_families(min_checkpoints=5):
        sizes = [k for k in smaller_counts(runs) if k > 1]
        scores = evaluate(runs, method, sizes=sizes, share=list(TRAINING_SHARES))
        parts.append(scores.assign(grid="shares"))
    return pd.concat(parts, ignore_index=True)


def cells(grid):
    """One row a cell of a grid, "sizes" or "shares", with the ARE of every method as a column.

    ``better of the two`` is the lower ARE of best seen and most trained; cells in which
    no checkpoint is left have none and are not among the rows.
    """
    scores = {"sizes": size_grid, "shares": share_grid}[grid]()
    near = nearest_evidence()
    scores = pd.concat([scores, near[near["grid"] == grid]])
    scores = scores.assign(scale_up=scores["scale_up"].round(6)).dropna(subset="are")
    wide = scores.pivot(index=CELL, columns="method", values="are").reset_index()
    wide[BETTER] = wide[PAPERS].min(axis=1)
    far = np.searchsorted(list(SCALE_UPS.values()), wide["scale_up"])
    return wide.assign(scale_ups=np.array(list(SCALE_UPS))[far])


def summary(table, method=BETTER):
    """Mean ARE, and the shares of cells above 10 % and below 5 %, every source alike."""
    are = table[method]
    return (
        over_studies(table, method, "mean"),
        share_over_studies(table, are > 0.10),
        share_over_studies(table, are < 0.05),
    )


def verdict(mean, above, below):
    """Verdict of the rule from the three numbers of `summary`."""
    return verdict_of_parts(0.12 <= mean <= 0.24, above >= 1 / 2, below <= 1 / 5)


def _baselines():
    """The grid is the k smallest sizes by shares of their training, as in the paper's maps.

    "The better of the two" is read cell by cell, the lower of the two errors.
    """
    mean, above, below = summary(cells("shares"))
    value = (
        f"mean ARE {100 * mean:.0f} %; above 10 % in {100 * above:.0f} % of cells, "
        f"below 5 % in {100 * below:.0f} %"
    )
    return value, verdict(mean, above, below)


TESTS = {"baselines": _baselines}

"""Claim about forecasts that need no law: best seen, most trained, and one more."""

from functools import partial

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
from .rules import Claim, in_percent, verdict_of_parts
from .studies import KEYS, over_studies, share_over_studies

PAPER_BASELINES = ["best_seen", "most_trained"]
BETTER = "better of the two"
LARGE_ARE, SMALL_ARE = 0.10, 0.05  # errors between which the rule counts cells
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
    """Loss of the size nearest to the target, at the checkpoint of nearest tokens.

    Examples
    --------
    >>> table = pd.DataFrame({"num_params": [1e8, 1e9, 1e9], "loss": [3.4, 3.1, 3.0],
    ...                       "tokens_seen": [3e10, 1e10, 2e10]})
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
    """Cells of a grid, "sizes" or "shares", with a column of ARE for each method.

    ``better of the two`` is the lower ARE of best seen and most trained; cells in which
    no checkpoint is left have none and are not among the rows.
    """
    scores = {"sizes": size_grid, "shares": share_grid}[grid]()
    near = nearest_evidence()
    scores = pd.concat([scores, near[near["grid"] == grid]])
    scores = scores.assign(scale_up=scores["scale_up"].round(6)).dropna(subset="are")
    wide = scores.pivot(index=CELL, columns="method", values="are").reset_index()
    wide[BETTER] = wide[PAPER_BASELINES].min(axis=1)
    far = np.searchsorted(list(SCALE_UPS.values()), wide["scale_up"])
    return wide.assign(scale_ups=np.array(list(SCALE_UPS))[far])


def summary(table, method=BETTER, large=LARGE_ARE, small=SMALL_ARE):
    """Mean ARE, and the shares of cells above and below an ARE, every study alike."""
    are = table[method]
    return (
        over_studies(table, method, "mean"),
        share_over_studies(table, are > large),
        share_over_studies(table, are < small),
    )


def verdict(mean, above, below, limits):
    """Verdict of the rule from the three numbers of `summary`."""
    low, high = limits["mean"]
    return verdict_of_parts(
        low <= mean <= high,
        above >= limits["share_large"],
        below <= limits["share_small"],
    )


def _judge(table, limits):
    """Judge cell by cell: "the better of the two" is the lower of the two errors."""
    large, small = limits["large"], limits["small"]
    mean, above, below = summary(table, large=large, small=small)
    value = (
        f"mean ARE {in_percent(mean, '.0f')}; above {in_percent(large)} in "
        f"{in_percent(above, '.0f')} of cells, below {in_percent(small)} in "
        f"{in_percent(below, '.0f')}"
    )
    return value, verdict(mean, above, below, limits)


def _family_medians(table, limits):
    middle = table.groupby(KEYS, sort=False)[BETTER].median().rename("value")
    return middle.reset_index().assign(low=limits["large"])


CLAIMS = (
    Claim(
        id="baselines",
        name="Baselines err a lot",
        asks="median error, {large:percent} or more",
        rule="""Over every cell of the grid of sizes and shares, sources weighing the
        same, for the better of the two baselines: mean ARE between {mean:points} %; at
        least {share_large:word} of the cells above {large:percent}; at most
        {share_small:word} below {small:percent}. Holds if all three are met; does not
        hold if none is; else holds in part""",
        limits={
            "mean": (0.12, 0.24),
            "large": LARGE_ARE,
            "share_large": 1 / 2,
            "small": SMALL_ARE,
            "share_small": 1 / 5,
        },
        # The k smallest sizes by shares of their training, as in the paper's maps.
        evidence=partial(cells, "shares"),
        judge=_judge,
        families=_family_medians,
    ),
)

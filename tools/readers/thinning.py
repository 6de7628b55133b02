"""Fewer rows from long logs, without moving the curve."""

import numpy as np
import pandas as pd

from . import LOSS_COLUMNS

MOST_ROWS = 200  # of a run and kind of loss


def thin(losses: pd.DataFrame) -> pd.DataFrame:
    """Merge repeated checkpoints and bin long logs, run by run and kind by kind.

    Rows of one run and kind at the same number of tokens (of steps, where
    tokens are unknown) become one row.  A run with more than `MOST_ROWS` rows
    left is then cut into bins of equal width in log tokens (log steps): as many
    bins as leave at most `MOST_ROWS` of them occupied.  Every row of the result is
    the median of tokens, step and loss over its bin.

    The last row is treated like any other: it is the median of the last bin,
    which ends at the last checkpoint.  So its loss belongs to its tokens, and
    it does not inherit the noise of a single checkpoint; in return a thinned
    run ends a little early, by less than one bin, a few per cent of its
    tokens.

    Parameters
    ----------
    losses : DataFrame
        Columns `LOSS_COLUMNS`; tokens are all known or all unknown within a
        run and kind.

    Returns
    -------
    DataFrame
        Same columns.  ``n_averaged`` counts raw rows; tokens (or steps)
        increase strictly within a run and kind.
    """
    groups = losses.groupby(["run", "loss_kind"], sort=True)
    parts = [_thin_one(part) for _, part in groups]
    return pd.concat(parts, ignore_index=True)[list(LOSS_COLUMNS)]


def _thin_one(part: pd.DataFrame) -> pd.DataFrame:
    axis = "step" if part["tokens_seen"].isna().all() else "tokens_seen"
    part = _medians(part, part[axis].to_numpy())
    if len(part) <= MOST_ROWS:
        return part
    position = np.log(part[axis].to_numpy(dtype=float))
    return _medians(part, _bins(position))


def _bins(position: np.ndarray) -> np.ndarray:
    """Bin of each sorted position, at most `MOST_ROWS` bins occupied."""
    fraction = (position - position[0]) / (position[-1] - position[0])

    def assign(count):
        # right-closed bins: the last one ends exactly at the last checkpoint
        return np.ceil(fraction * count)

    low, high = MOST_ROWS - 1, 64 * MOST_ROWS
    while high - low > 1:
        middle = (low + high) // 2
        if len(np.unique(assign(middle))) <= MOST_ROWS:
            low = middle
        else:
            high = middle
    return assign(low)


def _medians(part: pd.DataFrame, key: np.ndarray) -> pd.DataFrame:
    merged = part.groupby(key, sort=True).agg(
        run=("run", "first"),
        loss_kind=("loss_kind", "first"),
        step=("step", "median"),
        tokens_seen=("tokens_seen", "median"),
        loss=("loss", "median"),
        n_averaged=("n_averaged", "sum"),
    )
    merged[["step", "tokens_seen"]] = merged[["step", "tokens_seen"]].round()
    return merged.reset_index(drop=True)

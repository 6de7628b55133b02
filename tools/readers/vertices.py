"""Curves read from the vector paths of a figure: means of vertices, not medians.

When a plot is drawn, points between the extremes of a pixel column are left out.
So the vertices that remain alternate between high and low, and their median jumps
from one to the other.  Their mean does not: around a smooth curve, the bins of the
MAD logs scatter by 0.013 nats as means and by 0.032 as medians.
"""

import numpy as np
import pandas as pd

from .thinning import MOST_ROWS


def bin_means(curve: pd.DataFrame) -> pd.DataFrame:
    """Means of a curve's vertices in bins of equal width in log tokens.

    Parameters
    ----------
    curve : DataFrame
        Columns ``tokens_seen`` (tokens) and ``loss`` (nats per token), one row a
        vertex.

    Returns
    -------
    DataFrame
        Columns ``tokens_seen``, ``loss`` and ``n_averaged``, at most `MOST_ROWS` rows;
        the last counts vertices, of which a figure has fewer than the log has points.
    """
    position = np.log(curve["tokens_seen"].to_numpy())
    span = position[-1] - position[0]
    # right-closed bins: the last one ends exactly at the last vertex
    bins = np.ceil((position - position[0]) / span * (MOST_ROWS - 1))
    groups = curve.groupby(bins)
    means = groups[["tokens_seen", "loss"]].mean()
    means["tokens_seen"] = means["tokens_seen"].round()
    return means.assign(n_averaged=groups.size())

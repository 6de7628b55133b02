"""Curves read from the vector paths of a figure: means of vertices, not medians.

When a plot is drawn, points between the extremes of a pixel column are left out.
So the vertices that remain alternate between high and low, and their median jumps
from one to the other.  Their mean does not: around a smooth curve, the bins of the
MAD logs scatter by 0.013 nats as means and by 0.032 as medians.
"""

import numpy as np
import pandas as pd

from .frames import loss_frame
from .thinning import MOST_ROWS


def bin_means(run: str, loss_kind: str, log: pd.DataFrame) -> pd.DataFrame:
    """Means of a curve's vertices in bins of equal width in log tokens.

    Parameters
    ----------
    run, loss_kind : str
        As in `loss_frame`.
    log : DataFrame
        Columns ``tokens_seen`` (tokens) and ``loss`` (nats per token), one row a
        vertex.

    Returns
    -------
    DataFrame
        Columns `LOSS_COLUMNS`, at most `MOST_ROWS` rows; ``n_averaged`` counts
        vertices, of which a figure has fewer than the log has points.
    """
    position = np.log(log["tokens_seen"].to_numpy())
    span = position[-1] - position[0]
    # right-closed bins: the last one ends exactly at the last vertex
    bins = np.ceil((position - position[0]) / span * (MOST_ROWS - 1))
    means = log.groupby(bins)[["tokens_seen", "loss"]].mean()
    frame = loss_frame(
        run, loss_kind, tokens_seen=means["tokens_seen"].round(), loss=means["loss"]
    )
    return frame.assign(n_averaged=log.groupby(bins).size().to_numpy())

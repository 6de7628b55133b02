"""Some rows of a long table, where all would cost time and tell no more."""

import numpy as np
import pandas as pd

from .checks import run_names

LEAST_ROWS_DRAWN = 5  # of a run that is kept


def thinned(runs, most):
    """Some rows of a table, evenly over the logarithm of tokens in each of its runs.

    A run keeps its last row and some others; of so many runs that there is no room for
    that, every k-th is kept.

    Parameters
    ----------
    runs : DataFrame
    most : int
        Rows that are left at most; a shorter table is left as it is.

    Examples
    --------
    >>> rows = {"run": "a", "tokens_seen": np.arange(1, 100_001), "loss": 3.0}
    >>> some = thinned(pd.DataFrame(rows), most=100)
    >>> len(some) <= 100, int(some["tokens_seen"].max())
    (True, 100000)
    """
    if len(runs) <= most:
        return runs
    codes = pd.factorize(run_names(runs))[0]
    n_runs = codes.max() + 1
    least = min(LEAST_ROWS_DRAWN, -(-len(runs) // n_runs))
    step = -(-n_runs * least // most)
    each = max(most // (codes.max() // step + 1), 1)
    log = pd.Series(np.log(runs["tokens_seen"].to_numpy(float)))
    of_run = log.groupby(codes)
    first, last = of_run.transform("min"), of_run.transform("max")
    place = (log - first) / (last - first).where(last > first, 1.0)
    table = pd.DataFrame(
        {
            "run": codes,
            "bin": np.ceil(place * (each - 1) - 1e-9),
            "log": log,
            "row": log.index,
        }
    )
    table = table[table["run"] % step == 0].sort_values(["run", "log"])
    rows = table.drop_duplicates(["run", "bin"], keep="last")["row"]
    return runs.iloc[np.sort(rows)]


def spread(order, most):
    """Some entries of a series, the first and the last among them, evenly by rank."""
    if len(order) <= most:
        return order
    return order.iloc[np.linspace(0, len(order) - 1, most).round().astype(int)]

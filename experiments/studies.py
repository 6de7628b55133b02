"""Numbers over studies: every study weighs the same, whatever it holds.

A study is a source of runs. Families of one study resemble one another, so neither
their number nor that of their cells decides an average.
"""

import numpy as np

from hitchhiker.evaluation.methods import METHODS

KEYS = ["source", "family", "loss_kind"]
PAPERS_FIT, OUR_FIT = "the paper's fit", "our fit"
# The two estimators, to be scored on the same rows.
ESTIMATORS = {PAPERS_FIT: METHODS["paper"], OUR_FIT: METHODS["fit"]}


def over_studies(table, value, how="median", over="mean"):
    """One number of a table in which every study weighs the same.

    Parameters
    ----------
    table : DataFrame
        With ``source`` and the column ``value``.
    value : str
    how : str
        What stands for a study, "median" or "mean" of its rows.
    over : str
        What stands for the studies; "median" where one study may be off by a factor,
        which would decide any mean.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"source": ["a", "a", "b"], "are": [0.1, 0.1, 0.3]})
    >>> over_studies(table, "are")
    0.2
    """
    return float(table.groupby("source")[value].agg(how).agg(over))


def share_over_studies(table, condition):
    """Share of rows that meet a condition, every study weighing the same.

    Parameters
    ----------
    table : DataFrame
        With ``source``.
    condition : array of bool, shape (n_rows,)

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"source": ["a", "a", "b"], "are": [0.1, 0.2, 0.3]})
    >>> share_over_studies(table, table["are"] < 0.15)
    0.25
    """
    return over_studies(table.assign(met=condition), "met", "mean")


def study_weights(table, unit=KEYS):
    """Weight of each row, so that the rows of every study together weigh one.

    Parameters
    ----------
    table : DataFrame
        With ``source`` and the columns of ``unit``.
    unit : list of str
        What weighs the same within a study: its families, or with ``["source"]`` its
        rows. Rows of one unit share its weight.

    Returns
    -------
    array, shape (n_rows,)

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"source": ["a", "a", "b"], "family": ["c", "d", "e"],
    ...                       "loss_kind": "k"})
    >>> study_weights(table).tolist()
    [0.5, 0.5, 1.0]
    """
    rows = table.groupby(unit)["source"].transform("size")
    units = table.drop_duplicates(unit)["source"].value_counts()
    return (1 / rows / table["source"].map(units)).to_numpy()


def weighted_quantiles(values, weights, levels, midpoint=False):
    """Quantiles of weighted values, each of them one of the values.

    Parameters
    ----------
    values, weights : array, shape (n,)
    levels : float or array
    midpoint : bool
        Where two values meet at a level, take the mean of both instead of the lower.

    Examples
    --------
    >>> weighted_quantiles([1.0, 2.0, 4.0], [1, 1, 2], 0.5).item()
    2.0
    >>> weighted_quantiles([1.0, 2.0, 4.0], [1, 1, 2], 0.5, midpoint=True).item()
    3.0
    """
    values, levels = np.asarray(values), np.asarray(levels)
    how = {"weights": weights, "method": "inverted_cdf"}
    lower = np.quantile(values, levels, **how)
    if not midpoint:
        return lower
    return (lower - np.quantile(-values, 1 - levels, **how)) / 2

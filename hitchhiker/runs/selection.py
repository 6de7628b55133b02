"""Selections of checkpoints in the paper's terms: table in, fewer rows out.

Every function takes a table of one family and returns some of its rows, so that
selections compose: ``first_share(early_cut(smallest(runs, 4)), 0.5)``.
"""

from collections.abc import Iterable
from functools import partial
from numbers import Real

import numpy as np
import pandas as pd

from .checks import DataError, run_names
from .describing import describe as describe
from .naming import listed

EARLY_TOKENS = 10e9
EARLY_SHARE = 0.10
TARGET_TAIL = 0.30


def size_names(runs):
    """Name of the size of each row: ``model`` if the table has it, else num_params.

    A table without a ``run`` column may use ``model`` for runs; sizes are then
    told apart by num_params, as two runs of one size must count as one size.
    """
    if "model" in runs and "run" in runs:
        return runs["model"]
    return runs["num_params"]


def sizes(runs):
    """Sizes of a family, smallest first: parameters by size name.

    Returns
    -------
    Series
        ``num_params`` (parameters), median where runs of one size differ a little.

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> sizes(load_runs("opt")).head(2)
    model
    opt-125m    1.250000e+08
    opt-1.3b    1.300000e+09
    Name: num_params, dtype: float64
    """
    by_size = (
        runs["num_params"]
        .astype(float)
        .groupby(size_names(runs), sort=False, observed=True)
        .median()
    )
    return by_size.sort_values(kind="stable")


def with_sizes(runs, names):
    """Rows whose size is among ``names``."""
    return runs[size_names(runs).isin(list(names))]


def smallest(runs, k):
    """Rows of the ``k`` smallest sizes."""
    return with_sizes(runs, sizes(runs).index[:k])


def largest(runs, k):
    """Rows of the ``k`` largest sizes: those nearest to a target above them all."""
    return with_sizes(runs, sizes(runs).index[-k:] if k else [])


def window(runs, k, end):
    """Rows of ``k`` sizes in a row that end with the ``end``-th smallest.

    Raises
    ------
    DataError
        If the table has fewer than ``end`` sizes, or ``k`` is above ``end``.
    """
    names = sizes(runs).index
    if not 0 <= k <= end <= len(names):
        raise DataError(
            f"no window of {k} sizes that ends with size {end}: the table has "
            f"{len(names)} sizes (the largest of a family is held out)"
        )
    return with_sizes(runs, names[end - k : end])


def windows(runs, counts=None, ends=None):
    """Windows of consecutive sizes, as labelled choices for `hitchhiker.evaluate`.

    Parameters
    ----------
    runs : DataFrame
        What is seen: the training rows of a family, as from `hold_out`.
    counts : iterable of int, optional
        Sizes of a window; by default 1, 2, ... up to all.
    ends : iterable of int, optional
        Rank of a window's largest size, 1 for the smallest; by default all.

    Returns
    -------
    dict of str to callable
        A window a label, by end and then by count; "3 of 5" is the function that
        returns the rows of three sizes of which the largest is the fifth smallest.

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> seen, target = hold_out(load_runs("opt"))
    >>> choices = windows(seen, counts=[2, 3], ends=[3, 4])
    >>> list(choices)
    ['2 of 3', '3 of 3', '2 of 4', '3 of 4']
    >>> choices["2 of 3"](seen)["model"].unique().tolist()
    ['opt-1.3b', 'opt-6.7b']
    """
    ranks = range(1, len(sizes(runs)) + 1)
    counts = ranks if counts is None else list(counts)
    return {
        f"{k} of {end}": partial(window, k=k, end=end)
        for end in (ranks if ends is None else ends)
        for k in counts
        if k <= end
    }


def without_runs(runs, names):
    """Rows of all runs but some.

    Parameters
    ----------
    runs : DataFrame
    names : str or iterable
        Names of runs to leave out.

    Raises
    ------
    DataError
        If there is no such run, or none is left.

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> opt = load_runs("opt")
    >>> without_runs(opt, "opt-175b")["run"].nunique(), opt["run"].nunique()
    (5, 6)
    """
    alone = isinstance(names, str) or not isinstance(names, Iterable)
    wanted = {str(name) for name in ([names] if alone else names)}
    if not wanted:
        return runs
    if not isinstance(runs, pd.DataFrame):
        raise DataError(f"runs must be a pandas DataFrame, got {type(runs).__name__}")
    of_row = run_names(runs).astype(str)
    unknown = sorted(wanted - set(of_row))
    if unknown:
        raise DataError(
            f"no run {', '.join(unknown)} to leave out; there are "
            f"{listed(of_row.unique())}"
        )
    kept = runs[~of_row.isin(wanted)]
    if kept.empty:
        raise DataError(f"no run is left without {', '.join(sorted(wanted))}")
    return kept


def max_params(runs):
    """Rows of the largest size of the family (the paper's max_params(F))."""
    return largest(runs, 1)


def max_tokens(runs, q):
    """Rows with at least a share ``q`` of the tokens of the family's longest run."""
    return runs[runs["tokens_seen"] >= q * runs["tokens_seen"].max()]


def target(runs, tail=TARGET_TAIL, size="largest"):
    """What is to be forecast: the last ``tail`` of the own tokens of the largest size.

    With ``size="smallest"`` it is the smallest size.

    Raises
    ------
    DataError
        For any other ``size``.
    """
    if size not in ("largest", "smallest"):
        raise DataError(f"target {size!r}: it is the 'largest' or the 'smallest' size")
    ends = max_params(runs) if size == "largest" else smallest(runs, 1)
    return max_tokens(ends, 1.0 - tail)


def hold_out(runs, tail=TARGET_TAIL, size="largest"):
    """Split a family into what a forecaster may see and the target.

    Returns
    -------
    train, target : DataFrame
        Every other size, and the target's checkpoints (see `target`).

    Raises
    ------
    DataError
        If the family has one size only.

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> train, held = hold_out(load_runs("opt"))
    >>> held["model"].unique().tolist(), train["model"].nunique()
    (['opt-175b'], 5)
    """
    held = target(runs, tail, size)
    names = size_names(runs)
    others = ~names.isin(size_names(held))
    if not others.any():
        raise DataError("a family of one size has no smaller model to forecast from")
    return runs[others], held


def _ends(runs):
    """Tokens of each row's run at its last checkpoint."""
    return runs["tokens_seen"].groupby(run_names(runs), observed=True).transform("max")


def early_cut(runs, tokens="guide"):
    """Rows after the beginning of training.

    Parameters
    ----------
    runs : DataFrame
        A table of runs.
    tokens : "guide", float or None
        "guide" drops the first 10e9 tokens of each run or its first 10 %, whichever
        is less, so that no run is lost; a number drops that many tokens of every run,
        and with them every run that ends earlier (10e9 in the paper); None drops
        nothing.  A second cut of the same table drops nothing more.

    Raises
    ------
    ValueError
        If ``tokens`` is none of these.

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> opt = load_runs("opt")
    >>> len(opt), len(early_cut(opt)), len(early_cut(opt, None))
    (142, 131, 142)
    """
    if tokens is None:
        return runs
    if isinstance(tokens, str) and tokens == "guide":
        first = np.minimum(EARLY_TOKENS, EARLY_SHARE * _ends(runs))
        return runs[runs["tokens_seen"] >= first]
    if not isinstance(tokens, Real) or not tokens >= 0:
        raise ValueError(
            f"early cut {tokens!r}: must be 'guide', a number of tokens or None"
        )
    return runs[runs["tokens_seen"] > tokens]


def first_share(runs, share):
    """Rows in the first ``share`` (above 0, at most 1) of each run's own tokens."""
    if not 0 < share <= 1:
        raise DataError(f"share must be above 0 and at most 1, got {share}")
    return runs[runs["tokens_seen"] <= share * _ends(runs)]


def last_checkpoints(runs):
    """The last row of each run: the end of training alone."""
    return runs[runs["tokens_seen"] == _ends(runs)]


def cost(runs):
    """FLOPs of a selection: each run once, up to its last checkpoint used.

    Intermediate checkpoints are free.

    Examples
    --------
    >>> rows = {"run": "a", "num_params": 1e9, "tokens_seen": [1e9, 2e9], "loss": 3.0}
    >>> f"{cost(pd.DataFrame(rows)):.3g}"
    '1.2e+19'
    """
    if runs.empty:
        return 0.0
    flops = (
        runs["flops"]
        if "flops" in runs
        else 6.0 * runs["num_params"] * runs["tokens_seen"]
    )
    return float(pd.Series(flops).groupby(run_names(runs), observed=True).max().sum())

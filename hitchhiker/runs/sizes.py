"""Selections by size: what the sizes of a table are, and the rows of some of them."""

from collections.abc import Iterable
from functools import partial

from .arguments import table, whole_number, whole_numbers
from .checks import DataError
from .words import arrived


def size_names(runs):
    """Name of the size of each row: ``model`` if the table has it, else num_params.

    A table without a ``run`` column may use ``model`` for runs; sizes are then
    told apart by num_params, as two runs of one size must count as one size.
    """
    table("runs", runs)
    if "model" in runs and "run" in runs:
        return runs["model"]
    return table("runs", runs, ["num_params"])["num_params"]


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
        table("runs", runs, ["num_params"])["num_params"]
        .astype(float)
        .groupby(size_names(runs), sort=False, observed=True)
        .median()
    )
    return by_size.sort_values(kind="stable")


def with_sizes(runs, names):
    """Rows whose size is among ``names``."""
    if not isinstance(names, Iterable) or isinstance(names, (str, bytes)):
        raise DataError(f"names must be a list of sizes, got {arrived(names)}")
    return runs[size_names(runs).isin(list(names))]


def smallest(runs, k):
    """Rows of the ``k`` smallest sizes."""
    k = whole_number("k", k, least=0)
    return with_sizes(runs, sizes(runs).index[:k])


def largest(runs, k):
    """Rows of the ``k`` largest sizes: those nearest to a target above them all."""
    k = whole_number("k", k, least=0)
    return with_sizes(runs, sizes(runs).index[-k:] if k else [])


def window(runs, k, end):
    """Rows of ``k`` sizes in a row that end with the ``end``-th smallest.

    Raises
    ------
    DataError
        If the table has fewer than ``end`` sizes, or ``k`` is above ``end``.
    """
    names = sizes(runs).index
    k = whole_number("k", k, least=0)
    end = whole_number("end", end, least=0)
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
    >>> from hitchhiker import load_runs, selection
    >>> seen, target = selection.hold_out(load_runs("opt"))
    >>> choices = windows(seen, counts=[2, 3], ends=[3, 4])
    >>> list(choices)
    ['2 of 3', '3 of 3', '2 of 4', '3 of 4']
    >>> choices["2 of 3"](seen)["model"].unique().tolist()
    ['opt-1.3b', 'opt-6.7b']
    """
    ranks = range(1, len(sizes(runs)) + 1)
    counts = ranks if counts is None else whole_numbers("counts", counts, least=1)
    ends = ranks if ends is None else whole_numbers("ends", ends, least=1)
    return {
        f"{k} of {end}": partial(window, k=k, end=end)
        for end in ends
        for k in counts
        if k <= end
    }


def max_params(runs):
    """Rows of the largest size of the family (the paper's max_params(F))."""
    return largest(runs, 1)

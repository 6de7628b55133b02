"""Selections of checkpoints in the paper's terms: table in, fewer rows out.

Every function takes a table of one family and returns some of its rows, so that
selections compose: ``first_share(early_cut(smallest(runs, 4)), 0.5)``.
"""

from numbers import Real

import numpy as np
import pandas as pd

from .checks import DataError, run_names

# Families that no plain law in N and D is meant for, and why.
NOT_PLAIN = {
    "datablations-contour": "data repeated up to thousands of times",
    "gzip-0.12": "artificial grammar",
    "gzip-0.23": "artificial grammar",
    "gzip-0.33": "artificial grammar",
    "gzip-0.45": "artificial grammar",
    "gzip-0.61": "artificial grammar",
}
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
        runs["num_params"].astype(float).groupby(size_names(runs), sort=False).median()
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
    """Rows of ``k`` sizes in a row that end with the ``end``-th smallest."""
    return with_sizes(runs, sizes(runs).index[end - k : end])


def max_params(runs):
    """Rows of the largest size of the family (the paper's max_params(F))."""
    return largest(runs, 1)


def max_tokens(runs, q):
    """Rows with at least a share ``q`` of the tokens of the family's longest run."""
    return runs[runs["tokens_seen"] >= q * runs["tokens_seen"].max()]


def target(runs, tail=TARGET_TAIL):
    """What is to be forecast: the last ``tail`` of the largest size's own tokens."""
    return max_tokens(max_params(runs), 1.0 - tail)


def hold_out(runs, tail=TARGET_TAIL):
    """Split a family into what a forecaster may see and the target.

    Returns
    -------
    train, target : DataFrame
        Every smaller size, and the target's checkpoints (see `target`).

    Raises
    ------
    DataError
        If the family has one size only.
    """
    largest = size_names(runs).isin(sizes(runs).index[-1:])
    if largest.all():
        raise DataError("a family of one size has no smaller model to forecast from")
    return runs[~largest], target(runs, tail)


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
    >>> runs = pd.DataFrame({"num_params": 1e8, "tokens_seen": [1e9, 2e10], "loss": [4, 3.0]})
    >>> len(early_cut(runs, 10e9))
    1
    """
    if tokens is None:
        return runs
    seen = runs["tokens_seen"]
    if isinstance(tokens, str) and tokens == "guide":
        length = seen.groupby(run_names(runs)).transform("max")
        return runs[seen >= np.minimum(EARLY_TOKENS, EARLY_SHARE * length)]
    if not isinstance(tokens, Real) or not tokens >= 0:
        raise ValueError(
            f"early cut {tokens!r}: must be 'guide', a number of tokens or None"
        )
    return runs[seen > tokens]


def first_share(runs, share, of="own"):
    """Rows in the first ``share`` of training.

    Parameters
    ----------
    runs : DataFrame
        A table of runs.
    share : float
        Between 0 and 1.
    of : "own" or "longest"
        Share of each run's own tokens, or of the longest run in the table (the
        paper's released code, which by this cuts longer runs more).
    """
    if of not in ("own", "longest"):
        raise DataError(
            f"share of {of!r}: must be of 'own' tokens or of the 'longest' run"
        )
    if not 0 < share <= 1:
        raise DataError(f"share must be above 0 and at most 1, got {share}")
    if share == 1:
        return runs
    tokens = runs["tokens_seen"]
    longest = (
        tokens.max()
        if of == "longest"
        else tokens.groupby(run_names(runs)).transform("max")
    )
    return runs[tokens <= share * longest]


def last_checkpoints(runs):
    """The last row of each run: the end of training alone."""
    own = runs["tokens_seen"].groupby(run_names(runs)).transform("max")
    return runs[runs["tokens_seen"] == own]


def cost(runs):
    """FLOPs of a selection: each run once, up to its last checkpoint used.

    Intermediate checkpoints are free.
    """
    if runs.empty:
        return 0.0
    flops = (
        runs["flops"]
        if "flops" in runs
        else 6.0 * runs["num_params"] * runs["tokens_seen"]
    )
    return float(pd.Series(flops).groupby(run_names(runs)).max().sum())


def describe(runs):
    """Describe the families of a table: one row a source, family and loss kind.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, n_sizes, n_runs, n_rows, checkpoints`` (median a
        run) ``, min_params, max_params, first_tokens`` (median over runs of the first
        checkpoint) ``, max_tokens, min_loss``.
    """
    keys = ["source", "family", "loss_kind"]
    by_run = runs.groupby([*keys, "run"], sort=False)["tokens_seen"].agg(
        ["size", "min"]
    )
    by_run = by_run.groupby(keys, sort=False).median()
    group = runs.groupby(keys, sort=False)
    return pd.DataFrame(
        {
            "n_sizes": group["model"].nunique(),
            "n_runs": group["run"].nunique(),
            "n_rows": group.size(),
            "checkpoints": by_run["size"],
            "min_params": group["num_params"].min(),
            "max_params": group["num_params"].max(),
            "first_tokens": by_run["min"],
            "max_tokens": group["tokens_seen"].max(),
            "min_loss": group["loss"].min(),
        }
    ).reset_index()


def eligible(
    runs, min_sizes=3, min_checkpoints=5, first_tokens=np.inf, exclude=NOT_PLAIN
):
    """Rows of the families that an experiment can use.

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
    exclude : collection of str
        Families to leave out; by default those that no plain law is meant for.

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> eligible(load_runs(["gpt3", "chinchilla"]))["family"].unique().tolist()
    ['gpt3']
    """
    table = describe(runs.dropna(subset=["tokens_seen"]))
    table = table[
        (table["n_sizes"] >= min_sizes)
        & (table["checkpoints"] >= min_checkpoints)
        & (table["first_tokens"] < first_tokens)
        & ~table["family"].isin(list(exclude))
    ]
    keys = ["source", "family", "loss_kind"]
    return runs.merge(table[keys], on=keys)

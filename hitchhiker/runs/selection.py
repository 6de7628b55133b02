"""Selections of checkpoints in the paper's terms: table in, fewer rows out.

Every function takes a table of one family and returns some of its rows, so that
selections compose: ``first_share(early_cut(smallest(runs, 4)), 0.5)``.
"""

from collections.abc import Iterable
from numbers import Real

import numpy as np
import pandas as pd

from .arguments import HIGHEST, number, table
from .checks import DataError, run_names
from .naming import listed
from .sizes import (
    largest,
    max_params,
    size_names,
    sizes,
    smallest,
    window,
    windows,
    with_sizes,
)
from .words import arrived

__all__ = [
    "cost",
    "describe",
    "early_cut",
    "first_share",
    "hold_out",
    "largest",
    "last_checkpoints",
    "max_params",
    "max_tokens",
    "size_names",
    "sizes",
    "smallest",
    "target",
    "window",
    "windows",
    "with_sizes",
    "without_runs",
]

EARLY_TOKENS = 10e9
EARLY_SHARE = 0.10
TARGET_TAIL = 0.30


def _table(runs, *columns):
    """The table if it has columns that a selection reads, or an error."""
    return table("runs", runs, columns)


def max_tokens(runs, q):
    """Rows with at least a share ``q`` of the tokens of the family's longest run."""
    q = number("q", q, least=0, most=1)
    tokens = _table(runs, "tokens_seen")["tokens_seen"]
    return runs[tokens >= q * tokens.max()]


def target(runs, tail=TARGET_TAIL, size="largest"):
    """What is to be forecast: the last ``tail`` of the own tokens of the largest size.

    With ``size="smallest"`` it is the smallest size.

    Raises
    ------
    DataError
        For any other ``size``.
    """
    tail = number("tail", tail, least=0, most=1)
    if not isinstance(size, str) or size not in ("largest", "smallest"):
        raise DataError(
            f"target {arrived(size)}: it is the 'largest' or the 'smallest' size"
        )
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
    tokens = _table(runs, "tokens_seen")["tokens_seen"]
    return tokens.groupby(run_names(runs), observed=True).transform("max")


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
    DataError
        If ``tokens`` is none of these.

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> opt = load_runs("opt")
    >>> len(opt), len(early_cut(opt)), len(early_cut(opt, None))
    (142, 131, 142)
    """
    _table(runs)
    if tokens is None:
        return runs
    if isinstance(tokens, str) and tokens == "guide":
        first = np.minimum(EARLY_TOKENS, EARLY_SHARE * _ends(runs))
        return runs[runs["tokens_seen"] >= first]
    good = isinstance(tokens, Real) and not isinstance(tokens, bool)
    if not good or not 0 <= tokens <= HIGHEST:
        raise DataError(
            f"early cut {arrived(tokens)}: must be 'guide', a number of tokens or None"
        )
    _table(runs, "tokens_seen")
    return runs[runs["tokens_seen"] > tokens]


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
    runs = table("runs", runs)
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


def first_share(runs, share):
    """Rows in the first ``share`` (above 0, at most 1) of each run's own tokens."""
    share = number("share", share, above=0, most=1)
    ends = _ends(runs)
    return runs[runs["tokens_seen"] <= share * ends]


def last_checkpoints(runs):
    """The last row of each run: the end of training alone."""
    ends = _ends(runs)
    return runs[runs["tokens_seen"] == ends]


def cost(runs):
    """FLOPs of a selection: each run once, up to its last checkpoint used.

    Intermediate checkpoints are free.

    Examples
    --------
    >>> rows = {"run": "a", "num_params": 1e9, "tokens_seen": [1e9, 2e9], "loss": 3.0}
    >>> f"{cost(pd.DataFrame(rows)):.3g}"
    '1.2e+19'
    """
    _table(runs, "num_params", "tokens_seen")
    if runs.empty:
        return 0.0
    flops = (
        runs["flops"]
        if "flops" in runs
        else 6.0 * runs["num_params"] * runs["tokens_seen"]
    )
    return float(pd.Series(flops).groupby(run_names(runs), observed=True).max().sum())


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
    _table(runs, *keys, "run", "model", "num_params", "tokens_seen", "loss")
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

"""Estimate scaling laws: tables of runs in, laws with an honest status out."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from numbers import Real

import numpy as np
import pandas as pd

from ..laws import PARAMETERS
from ..runs import selection
from ..runs.arguments import one_of
from ..runs.checks import DataError, check_table, check_weights, doubts, run_names
from ..runs.words import arrived
from .batch import solve_tables
from .identification import covariance

OBJECTIVES = ("huber-log", "huber-scaled", "ls-log", "ls")


def fit(
    runs,
    *,
    objective="huber-log",
    fixed=None,
    weights=None,
    early="guide",
    without=(),
    force=False,
):
    """Estimate the scaling law of one family.

    Parameters
    ----------
    runs : DataFrame
        One row a checkpoint: num_params (parameters), tokens_seen (tokens), loss
        (nats per token, or any one unit throughout), and run, where known.
    objective : str
        What is minimised: "huber-log" sums Huber's penalty (delta 1e-3) of the
        residuals of the log loss; "huber-scaled" the same with a delta of 1.345 robust
        standard deviations of the residuals, estimated anew in a few rounds; "ls-log"
        sums half their squares; "ls" sums half the squares of the residuals of the
        loss.
    fixed : dict, optional
        Parameters borrowed from elsewhere, such as ``{"alpha": 0.35}``.
    weights : array, shape (n_rows,), optional
        How often each row counts; zero leaves it out.
    early : "guide", float or None
        Which early tokens to leave out, as in `hitchhiker.selection.early_cut`: the
        first 10e9 tokens of each run or its first 10 %, whichever is less; that many
        tokens of every run; or none.  The fit's ``n_early`` says how many checkpoints
        that were.
    without : str or iterable of str
        Names of runs to leave out; their rows need a weight all the same.
    force : bool
        Whether to fit what can hardly be meant, see `hitchhiker.check_runs`.

    Returns
    -------
    Fit
        Its ``warnings`` say what is doubtful in the table, too.

    Raises
    ------
    DataError
        If the table cannot be used, or no row is left; the message names rows and the
        fix.
        Also for an unknown objective or parameter.

    Notes
    -----
    The optimum is global up to the grid of exponents that starts it: see `solver`.

    References
    ----------
    Hoffmann et al. 2022 (arXiv:2203.15556), equation 3, for the Huber objective;
    Besiroglu et al. 2024 (arXiv:2404.10102) for what goes wrong with it.

    Examples
    --------
    >>> from hitchhiker import ScalingLaw
    >>> law = ScalingLaw(E=1.8, A=480, alpha=0.35, B=2100, beta=0.37)
    >>> grid = [(n, d) for n in (1e8, 1e9, 1e10) for d in (1e10, 5e10, 2e11)]
    >>> runs = pd.DataFrame(grid, columns=["num_params", "tokens_seen"])
    >>> runs["loss"] = law.predict(runs["num_params"], runs["tokens_seen"])
    >>> estimate = fit(runs)
    >>> estimate.status, round(estimate.law.alpha, 6), round(estimate.law.E, 6)
    ('ok', 0.35, 1.8)
    """
    check_objective(objective)
    fixed = check_fixed(fixed)
    check_table(runs)
    weights = check_weights(None if weights is None else [weights], len(runs))[0]
    told = doubts(selection.without_runs(runs, without), force)
    counted = runs.reset_index(drop=True)[weights > 0]
    counted = selection.without_runs(counted, without)
    rows = drop_early(counted, early)
    weights = weights[rows.index]
    estimate = solve_tables([rows], weights[None], objective, fixed)[0]
    estimate = replace(
        estimate,
        n_early=len(counted) - len(rows),
        warnings=(*estimate.warnings, *told),
    )
    return estimate if estimate.status == "failed" else with_covariance(estimate, rows)


def fit_many(problems, *, objective="huber-log", fixed=None, weights=None):
    """Estimate many laws at once.

    Tables are fitted as they are: unlike `fit` this leaves out no early tokens, which
    ``weights`` or `hitchhiker.selection.early_cut` can do.

    Parameters
    ----------
    problems : DataFrame or list of DataFrame
        One table whose rows all problems share (with ``weights``), or a table each.
    objective, fixed
        As in `fit`.
    weights : array, shape (n_problems, n_rows), optional
        How often each row counts in each problem: bootstrap counts, or 0 and 1 for
        subsets.

    Returns
    -------
    Fits
        One law a problem, in order.

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> runs = load_runs("opt")
    >>> every_second = [[i % 2 for i in range(len(runs))], [1] * len(runs)]
    >>> list(fit_many(runs, weights=every_second).table["n_rows"])
    [71, 142]
    """
    check_objective(objective)
    fixed = check_fixed(fixed)
    if isinstance(problems, pd.DataFrame):
        check_table(problems)
        weights = check_weights(weights, len(problems))
        return solve_tables([problems], weights, objective, fixed)
    several = isinstance(problems, Iterable)
    if not several or isinstance(problems, (str, bytes, Mapping)):
        raise DataError(f"problems must be tables, got {type(problems).__name__}")
    tables = [check_table(table) for table in problems]
    if not tables:
        raise DataError("no tables to fit: give at least one")
    if weights is not None:
        raise DataError("weights go with one shared table, not with a list of tables")
    lengths = np.array([len(table) for table in tables])
    weights = (np.arange(lengths.max()) < lengths[:, None]).astype(float)
    return solve_tables(tables, weights, objective, fixed)


def drop_early(runs, early):
    """The rows of a table that the early cut leaves, or an error if it leaves none."""
    rows = selection.early_cut(runs, early)
    if rows.empty:
        if runs.empty:
            raise DataError("every weight is zero: give some row a weight above zero")
        raise DataError(
            f"no row is left after early={early:g}: the longest run has "
            f"{runs['tokens_seen'].max():g} tokens; leave out fewer, or early=None"
        )
    return rows


def with_covariance(estimate, runs):
    """The fit with its covariance and the number of independent observations.

    ``runs`` are the rows behind it, each counted once.
    """
    law = estimate.law
    columns = ("num_params", "tokens_seen", "loss")
    size, tokens, loss = (runs[name].to_numpy(float) for name in columns)
    predicted = law.predict(size, tokens)
    on_logs = estimate.objective_name != "ls"
    residual = np.log(loss / predicted) if on_logs else loss - predicted
    free = [
        name not in estimate.fixed and value > 0
        for name, value in law.as_dict().items()
    ]
    free = np.array(free)
    free[[2, 4]] &= np.array([law.A > 0, law.B > 0])
    codes = pd.factorize(run_names(runs))[0]
    spread, worth = covariance(law, free, size, tokens, residual, codes, on_logs)
    return replace(estimate, covariance=spread, n_effective=worth)


def check_objective(objective):
    """Refuse an objective that there is not."""
    one_of("objective", objective, OBJECTIVES)


def check_fixed(fixed):
    """A dict of borrowed parameters with finite numbers, or an error."""
    if not isinstance(fixed, Mapping | None):
        raise DataError(
            f"fixed must be a dict such as {{'alpha': 0.35}}, got {arrived(fixed)}"
        )
    fixed = dict(fixed or {})
    for name, value in fixed.items():
        if name not in PARAMETERS:
            raise DataError(
                f"fixed names {arrived(name)}; a law has {', '.join(PARAMETERS)}"
            )
        if not _is_borrowable(value):
            raise DataError(
                f"fixed {name} must be a number from 0 to 1e100, got {arrived(value)}"
            )
    if all(fixed.get(name) == 0 for name in ("E", "A", "B")):
        raise DataError("fixed E, A and B are all zero: such a law knows no loss")
    return {name: float(value) for name, value in fixed.items()}


def _is_borrowable(value):
    return (
        isinstance(value, Real) and not isinstance(value, bool) and 0 <= value <= 1e100
    )

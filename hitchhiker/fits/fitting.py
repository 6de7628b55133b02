"""Estimate scaling laws: tables of runs in, laws with an honest status out."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from numbers import Real

import numpy as np
import pandas as pd

from ..laws import PARAMETERS
from ..runs.checks import DataError, check_runs, check_weights, run_names
from . import solver
from .identification import covariance, diagnose, distinct
from .results import Fits

OBJECTIVES = ("huber-log", "huber-scaled", "ls-log", "ls")
CHUNK = 20_000_000  # weights held at once as floats


def fit(runs, *, objective="huber-log", fixed=None, weights=None):
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

    Returns
    -------
    Fit

    Raises
    ------
    DataError
        If the table cannot be used; the message names rows and the fix.
    ValueError
        For an unknown objective or parameter.

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
    >>> found = fit(runs)
    >>> found.status, round(found.law.alpha, 6), round(found.law.E, 6)
    ('ok', 0.35, 1.8)
    """
    if not isinstance(runs, pd.DataFrame):
        raise DataError(f"runs must be a pandas DataFrame, got {type(runs).__name__}")
    many = None if weights is None else [weights]
    found = fit_many(runs, objective=objective, fixed=fixed, weights=many)[0]
    if found.status == "failed":
        return found
    rows = runs if weights is None else runs[np.asarray(weights) > 0]
    return with_spread(found, rows)


def with_spread(found, runs):
    """The fit with its covariance and the number of independent observations."""
    law, values = found.law, found.law.as_dict()
    size, tokens, loss = (
        runs[c].to_numpy(float) for c in ("num_params", "tokens_seen", "loss")
    )
    predicted = law.predict(size, tokens)
    on_logs = found.objective_name != "ls"
    residual = np.log(loss / predicted) if on_logs else loss - predicted
    free = np.array(
        [name not in found.fixed and values[name] > 0 for name in PARAMETERS]
    )
    free[[2, 4]] &= np.array([law.A > 0, law.B > 0])
    runs_seen = pd.factorize(run_names(runs))[0]
    spread, worth = covariance(law, free, size, tokens, residual, runs_seen, on_logs)
    return replace(found, covariance=spread, n_effective=worth)


def fit_many(problems, *, objective="huber-log", fixed=None, weights=None):
    """Estimate many laws at once.

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
    if objective not in OBJECTIVES:
        raise ValueError(f"objective {objective!r} is none of {', '.join(OBJECTIVES)}")
    fixed = check_fixed(fixed)
    if isinstance(problems, pd.DataFrame):
        tables = [check_runs(problems)]
        weights = check_weights(weights, len(problems))
    else:
        if not isinstance(problems, Iterable):
            raise DataError(f"problems must be tables, got {type(problems).__name__}")
        if weights is not None:
            raise ValueError(
                "weights go with one shared table, not with a list of tables"
            )
        tables = [check_runs(table) for table in problems]
        if not tables:
            raise DataError("no tables to fit: give at least one")
        weights = pad([np.ones(len(t)) for t in tables], 0.0)
    columns = [
        pad([t[c].to_numpy(float) for t in tables], 1.0)
        for c in ("num_params", "tokens_seen", "loss")
    ]
    runs = pad([pd.factorize(run_names(t))[0] for t in tables], 0)
    return estimate(columns, runs.astype(int), weights, objective, fixed)


def check_fixed(fixed):
    """A dict of borrowed parameters with finite numbers, or an error."""
    if not isinstance(fixed, Mapping | None):
        raise ValueError(
            f"fixed must be a dict such as {{'alpha': 0.35}}, got {fixed!r}"
        )
    fixed = dict(fixed or {})
    for name, value in fixed.items():
        if name not in PARAMETERS:
            raise ValueError(f"fixed names {name!r}; a law has {', '.join(PARAMETERS)}")
        if not isinstance(value, Real) or not 0 <= value <= 1e100:
            raise ValueError(
                f"fixed {name} must be a number from 0 to 1e100, got {value!r}"
            )
    if all(fixed.get(name) == 0 for name in ("E", "A", "B")):
        raise ValueError("fixed E, A and B are all zero: such a law knows no loss")
    return {name: float(value) for name, value in fixed.items()}


def pad(rows, filler):
    """Arrays of different length as one (P, n) array."""
    out = np.full((len(rows), max(map(len, rows))), filler)
    for line, row in zip(out, rows, strict=True):
        line[: len(row)] = row
    return out


def estimate(columns, run_codes, weights, objective, fixed):
    """Fits for checked columns (S, n) of N, D and loss under weights (P, n)."""
    step = max(1, CHUNK // columns[0].shape[1])
    pick = lambda v, i: v if len(v) == 1 else v[i : i + step]  # noqa: E731
    parts = [
        estimate_chunk(
            [pick(c, i) for c in columns],
            pick(run_codes, i),
            np.asarray(weights[i : i + step], dtype=float),
            objective,
            fixed,
        )
        for i in range(0, len(weights), step)
    ]
    tables, diagnoses = zip(*parts, strict=True)
    return Fits(pd.concat(tables, ignore_index=True), objective, fixed, diagnoses, step)


def estimate_chunk(columns, run_codes, weights, objective, fixed):
    """Table and diagnosis of one chunk of problems."""
    size, tokens, loss = columns
    seen = weights > 0
    blank = ~seen.any(axis=1)  # nothing to fit: solved with every row, then taken back
    if blank.any():
        weights = np.where(blank[:, None], 1.0, weights)
    rows = seen if len(size) > 1 else seen.any(axis=0, keepdims=True)
    centre = [np.sum(np.log(c) * rows, 1) / np.maximum(rows.sum(1), 1) for c in columns]
    x0, z0, unit = centre[0], centre[1], np.exp(centre[2])
    if "A" in fixed:  # a borrowed A is exact only where its unit is
        x0 = np.zeros_like(x0)
    if "B" in fixed:
        z0 = np.zeros_like(z0)
    if {"E", "A", "B"} & set(fixed):
        unit = np.ones_like(unit)
    lower, upper = bounds(fixed)
    goal = loss / unit[:, None]
    stack = solver.Stack(
        np.log(size) - x0[:, None],
        np.log(tokens) - z0[:, None],
        goal if objective == "ls" else np.log(goal),
        weights,
        objective,
        lower,
        upper,
    )
    theta, value, settled, gram = solver.solve(stack)
    codes = [distinct_codes(c) for c in (size, tokens)]
    counts = (
        distinct(run_codes, seen),
        seen.sum(1),
        *(distinct(c, seen) for c in codes),
    )
    diagnosis = diagnose(
        gram, theta, lower, upper, settled & np.isfinite(value), counts
    )
    theta[np.ix_(blank, lower < upper)] = value[blank] = np.nan
    if objective == "ls":
        value = value * unit**2
    table = pd.DataFrame(to_laws(theta, x0, z0, unit), columns=list(PARAMETERS)).assign(
        objective=value, status=diagnosis.status(), n_runs=counts[0], n_rows=counts[1]
    )
    return table, diagnosis


def distinct_codes(values):
    """Integers that tell the distinct values of an array apart."""
    return np.unique(values, return_inverse=True)[1].reshape(values.shape)


def bounds(fixed):
    """Lower and upper bounds of theta; equal where a parameter is borrowed."""
    low, high = solver.EXPONENTS
    lower = np.array([0.0, 0.0, low, 0.0, low])
    upper = np.array([np.inf, np.inf, high, np.inf, high])
    for name, value in fixed.items():
        lower[PARAMETERS.index(name)] = upper[PARAMETERS.index(name)] = value
    return lower, upper


def to_laws(theta, x0, z0, unit):
    """E, A, alpha, B, beta (P, 5) in the user's units."""
    E, a, alpha, b, beta = theta.T
    with np.errstate(over="ignore"):
        A, B = a * unit * np.exp(alpha * x0), b * unit * np.exp(beta * z0)
    return np.stack([E * unit, A, alpha, B, beta], axis=1)

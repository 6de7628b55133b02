"""Many tables as one batch of problems without units, and the laws back in theirs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..laws import PARAMETERS, Laws
from ..runs.checks import run_names
from . import solver
from .identification import diagnose, distinct
from .results import Fits
from .stack import Stack, slices

MAX_WEIGHTS = 20_000_000  # weights held at once as floats


@dataclass(frozen=True)
class Units:
    """What the numbers of each table (1 or P,) are measured in.

    log_params, log_tokens : log N and log D at the centre of the rows.
    loss : the geometric mean of the loss.
    """

    log_params: np.ndarray
    log_tokens: np.ndarray
    loss: np.ndarray

    @classmethod
    def of(cls, columns, seen, fixed):
        """Units of columns (1 or P, n) whose rows (P, n) are seen by the problems."""
        rows = seen if len(columns[0]) > 1 else seen.any(axis=0, keepdims=True)
        count = np.maximum(rows.sum(1), 1)
        size, tokens, loss = (np.sum(np.log(c) * rows, 1) / count for c in columns)
        unit = np.exp(loss)
        if "A" in fixed:  # a borrowed A is exact only where its unit is
            size = np.zeros_like(size)
        if "B" in fixed:
            tokens = np.zeros_like(tokens)
        if {"E", "A", "B"} & set(fixed):
            unit = np.ones_like(unit)
        return cls(size, tokens, unit)

    def to_laws(self, theta):
        """Laws in these units from the solver's theta (P, 5)."""
        E, a, alpha, b, beta = theta.T
        with np.errstate(over="ignore"):
            per_size = np.exp(alpha * self.log_params)
            per_token = np.exp(beta * self.log_tokens)
            A = a * self.loss * per_size
            B = b * self.loss * per_token
        return Laws(E * self.loss, A, alpha, B, beta)


def solve_tables(tables, weights, objective, fixed):
    """Fits of checked tables, one that all problems share or one for each.

    Parameters
    ----------
    tables : list of DataFrame
    weights : array, shape (P, n)
        How often each row counts; zero beyond the end of a table that is shorter.
    objective : str
    fixed : dict
        As from `fitting.check_fixed`.
    """
    columns = []
    for name in ("num_params", "tokens_seen", "loss"):
        values = [table[name].to_numpy(float) for table in tables]
        columns.append(pad(values, 1.0))
    runs = [pd.factorize(run_names(table))[0] for table in tables]
    codes = pad(runs, 0).astype(int)
    return solve_columns(columns, codes, weights, objective, fixed)


def solve_columns(columns, run_codes, weights, objective, fixed):
    """Fits for columns N, D and loss, (1 or P, n) each, under weights (P, n)."""
    parts = []
    shared = len(run_codes) == 1
    for at in slices(len(weights), MAX_WEIGHTS // weights.shape[1]):
        tables = columns if shared else [values[at] for values in columns]
        codes = run_codes if shared else run_codes[at]
        here = np.asarray(weights[at], dtype=float)
        parts.append(solve_chunk(tables, codes, here, objective, fixed))
    return Fits.join(parts)


def solve_chunk(columns, run_codes, weights, objective, fixed):
    """As `solve_columns`, for problems that fit into memory together."""
    seen = weights > 0
    blank = ~seen.any(axis=1)  # nothing to fit: solved with every row, then taken back
    if blank.any():
        weights = np.where(blank[:, None], 1.0, weights)
    units = Units.of(columns, seen, fixed)
    lower, upper = bounds(fixed)
    size, tokens, loss = columns
    goal = loss / units.loss[:, None]
    stack = Stack(
        np.log(size) - units.log_params[:, None],
        np.log(tokens) - units.log_tokens[:, None],
        goal if objective == "ls" else np.log(goal),
        weights,
        objective,
        lower,
        upper,
    )
    theta, value, settled, gram = solver.solve(stack)
    settled &= np.isfinite(value)
    counts = {
        "n_runs": distinct(run_codes, seen),
        "n_rows": seen.sum(1),
        "n_sizes": distinct(codes_of(size), seen),
        "n_tokens": distinct(codes_of(tokens), seen),
    }
    diagnosis = diagnose(gram, theta, lower, upper, settled, counts)
    theta[np.ix_(blank, lower < upper)] = value[blank] = np.nan
    if objective == "ls":
        value = value * units.loss**2
    return Fits(units.to_laws(theta), value, diagnosis, objective, fixed)


def codes_of(values):
    """Integers that tell the distinct values of an array apart."""
    return np.unique(values, return_inverse=True)[1].reshape(values.shape)


def bounds(fixed):
    """Lower and upper bounds of theta; equal where a parameter is borrowed."""
    low, high = solver.EXPONENT_BOUNDS
    lower = np.array([0.0, 0.0, low, 0.0, low])
    upper = np.array([np.inf, np.inf, high, np.inf, high])
    for name, value in fixed.items():
        k = PARAMETERS.index(name)
        lower[k] = upper[k] = value
    return lower, upper


def pad(rows, filler):
    """Arrays of different length as one (P, n) array."""
    out = np.full((len(rows), max(map(len, rows))), filler)
    for line, row in zip(out, rows, strict=True):
        line[: len(row)] = row
    return out

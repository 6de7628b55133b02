"""Other tools on the Chinchilla points: laws as (E, A, alpha, B, beta) of some rows."""

import tempfile
from functools import partial

import numpy as np
from scipy.optimize import curve_fit, least_squares

from experiments.fooled import chinchilla_points
from hitchhiker.evaluation.methods import PAPER_START

POINTS = chinchilla_points()
N, D, L = (POINTS[c].to_numpy(float) for c in ("num_params", "tokens_seen", "loss"))
BOUNDS = ([-np.inf] * 3 + [0, 0], np.inf)


def law(n, d, a, b, e, alpha, beta):
    return np.exp(e) + np.exp(a) / n**alpha + np.exp(b) / d**beta


def from_logs(a, b, e, alpha, beta):
    """E, A, alpha, B, beta from logarithms of A, B and E."""
    return np.exp(e), np.exp(a), alpha, np.exp(b), beta


def with_curve_fit(rows, on_logs=True):
    """SciPy's curve_fit from the paper's one start on the resampled rows."""
    scale = np.log if on_logs else np.asarray
    n = N[rows]
    d = D[rows]

    def curve(_, *logs):
        return scale(law(n, d, *logs))

    best, _ = curve_fit(curve, n, scale(L[rows]), p0=PAPER_START, bounds=BOUNDS)
    return from_logs(*best)


def with_multi_start(rows, starts=20):
    """SciPy's least_squares from many starts, squares of the log loss."""
    n = N[rows]
    d = D[rows]
    log_loss = np.log(L[rows])

    def residuals(logs):
        return np.log(law(n, d, *logs)) - log_loss

    lowest = [2, 2, -0.5, 0.1, 0.1]
    highest = [12, 12, 1, 0.9, 0.9]
    fits = [
        least_squares(residuals, start, x_scale="jac", bounds=BOUNDS)
        for start in np.random.default_rng(0).uniform(lowest, highest, (starts, 5))
    ]
    return from_logs(*min(fits, key=lambda fit: fit.cost).x)


def with_simple_scaling_laws(rows):
    """The peer's own solver: least squares on the loss, its own starts."""
    from simple_scaling_laws.fitting import fit_curve, parameter_bounds
    from simple_scaling_laws.laws import build_law

    form = build_law("separable-power", ["model_size__n"], ["dataset_size__d"])
    x = np.log(np.stack([N[rows], D[rows]], axis=1))
    centre = x.mean(axis=0)
    limits = parameter_bounds(form, L[rows], signed_amplitude=False)
    weights = np.ones(len(rows))
    E, a, b, alpha, beta = fit_curve(form, x - centre, L[rows], weights, limits).params
    return E, a * np.exp(alpha * centre[0]), alpha, b * np.exp(beta * centre[1]), beta


def with_chinchilla(rows):
    """The peer's own solver: BFGS from a grid of starts, Huber of the log loss."""
    from chinchilla import Chinchilla
    from chinchilla._metrics import log_huber

    grid = {
        "e": [0.0, 1.0],
        "a": [5.0, 10.0],
        "b": [5.0, 10.0],
        "alpha": [0.3, 0.6],
        "beta": [0.3, 0.6],
    }
    options = {
        "param_grid": grid,
        "seed_ranges": {"C": [1e18, 1e20], "N_to_D": [5, 50]},
        "loss_fn": partial(log_huber, delta=1e-3),
        "log_level": 50,
    }
    with tempfile.TemporaryDirectory() as folder:
        tool = Chinchilla(folder, **options)
        for n, d, loss in zip(N[rows], D[rows], L[rows], strict=True):
            tool.database.append(C=6 * n * d, N=n, D=d, loss=loss)
        tool.fit(parallel=False)
        return tool.E, tool.A, tool.alpha, tool.B, tool.beta

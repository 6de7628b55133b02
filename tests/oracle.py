"""A slow second opinion on the least objective: SciPy's optimisers from many random starts.

Shares nothing with the package's solver: other parameters (logarithms of E, A and B),
other optimisers, no grid.
"""

import numpy as np
from scipy.optimize import least_squares, minimize

DELTA = 1e-3
LOWER = np.array([-40.0, -40.0, 1e-3, -40.0, 1e-3])
UPPER = np.array([10.0, 10.0, 5.0, 10.0, 5.0])


def centred(runs):
    """Centred log N and log D, the loss over its geometric mean, and that mean."""
    x, z, y = (
        np.log(runs[c].to_numpy(float)) for c in ("num_params", "tokens_seen", "loss")
    )
    return x - x.mean(), z - z.mean(), np.exp(y - y.mean()), np.exp(y.mean())


def residuals(p, x, z, y, log):
    """Residuals and their derivatives by log E, log a, alpha, log b, beta."""
    E, u, v = np.exp(p[0]), np.exp(p[1] - p[2] * x), np.exp(p[3] - p[4] * z)
    law = E + u + v
    slopes = -np.stack([np.full_like(x, E), u, -x * u, v, -z * v], axis=1)
    return (np.log(y / law), slopes / law[:, None]) if log else (y - law, slopes)


def huber(p, *data):
    """Sum of Huber penalties of the log residuals, and its gradient."""
    r, slopes = residuals(p, *data, True)
    size = np.abs(r)
    value = np.where(size <= DELTA, r**2 / 2, DELTA * (size - DELTA / 2)).sum()
    return 1e6 * value, 1e6 * np.clip(r, -DELTA, DELTA) @ slopes


def random_starts(count, seed):
    """Starts over shares of the loss and over exponents."""
    rng = np.random.default_rng(seed)
    parts = rng.dirichlet(np.ones(3), size=count)
    a, b = np.exp(rng.uniform(np.log(0.05), np.log(1.5), size=(2, count)))
    E, u, v = np.log(parts.T + 1e-6)
    return np.stack([E, u, a, v, b], axis=1)


def least_objective(runs, objective, starts=20, seed=0):
    """Least objective that any start reaches, in the unit that `hitchhiker.fit` reports."""
    x, z, y, unit = centred(runs)
    found = []
    for start in random_starts(starts, seed):
        if objective == "huber-log":
            warm = least_squares(
                lambda p: residuals(p, x, z, y, True)[0],
                start,
                jac=lambda p: residuals(p, x, z, y, True)[1],
                max_nfev=50,
                bounds=(LOWER, UPPER),
                loss="soft_l1",
                f_scale=0.01,
            )
            best = minimize(
                huber,
                warm.x,
                (x, z, y),
                "L-BFGS-B",
                jac=True,
                bounds=list(zip(LOWER, UPPER, strict=True)),
                options={
                    "maxiter": 3000,
                    "maxfun": 5000,
                    "maxcor": 20,
                    "ftol": 1e-13,
                    "gtol": 1e-9,
                },
            )
            found.append(best.fun / 1e6)
        else:
            log = objective == "ls-log"
            best = least_squares(
                lambda p, log=log: residuals(p, x, z, y, log)[0],
                start,
                jac=lambda p, log=log: residuals(p, x, z, y, log)[1],
                x_scale="jac",
                bounds=(LOWER, UPPER),
                ftol=1e-13,
                xtol=1e-13,
                gtol=1e-13,
                max_nfev=300,
            )
            found.append(best.cost if log else best.cost * unit**2)
    return min(found)

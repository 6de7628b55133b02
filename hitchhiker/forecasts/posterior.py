"""What one family's runs say about its law, given a prior about laws in general.

A law is five numbers: ln E, ln a, ln alpha, ln b, ln beta, where a and b are the terms
of size and of tokens at `REFERENCE`.  The prior is about the four that have no unit,
ln(a / E), ln alpha, ln(b / E) and ln beta; the level of the loss is free, so that a
forecast is the same in any unit of loss.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from ..laws import ScalingLaw

REFERENCE = {"num_params": 1e9, "tokens_seen": 2e10}  # parameters, tokens
NAMES = ("ln a/E", "ln alpha", "ln b/E", "ln beta")
LEVELLESS = np.array(
    [[-1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [-1, 0, 0, 1, 0], [0, 0, 0, 0, 1.0]]
)
PER_RUN = 8  # checkpoints of a run that are kept, evenly in log tokens
EARLY_NOISE = (
    2.0  # noise of a checkpoint grows with this times ln(tokens of its run / own)
)
HEAVY = 8.0  # degrees of freedom of the prior's tails
RUNS_WORTH, ROWS_WORTH = 10.0, 20.0  # how many runs and rows the usual noise counts as
FLOOR = 0.002  # least noise, relative to the loss
DRAWS = 700
ROOM = 1.1  # how much wider than the posterior its draws are made
TAIL = 6  # degrees of freedom of the draws


@dataclass(frozen=True)
class Prior:
    """What laws look like in general: heavy-tailed Gaussian, and the noise about a law.

    Attributes
    ----------
    mean : array, shape (4,)
        Of `NAMES`.
    covariance : array, shape (4, 4)
    run_noise, row_noise : float
        Usual standard deviation of a run and of a checkpoint about the law, relative to
        the loss.
    drift : float
        How far losses stray from the law of smaller sizes, relative, for each factor e
        in size beyond the largest seen.
    slip, slip_noise : float
        The same for each factor e in tokens beyond those seen, where runs are
        unfinished: mean and spread. Below zero: as learning rates fall, losses fall
        below the law.
    reach : dict of float
        Half width of an interval in standard deviations, by its level.
    sources : tuple of str
        The studies that it was learned from.
    """

    mean: np.ndarray
    covariance: np.ndarray
    run_noise: float
    row_noise: float
    drift: float = 0.01
    slip: float = 0.0
    slip_noise: float = 0.0
    reach: dict = field(default_factory=dict)
    sources: tuple = ()


@dataclass(frozen=True)
class Rows:
    """Checkpoints of one family: arrays with an entry a checkpoint, runs as codes from 0."""

    size: np.ndarray  # ln(num_params / reference)
    tokens: np.ndarray
    loss: np.ndarray  # ln loss
    run: np.ndarray
    spread: np.ndarray  # noise of a checkpoint in units of the last of its run

    @classmethod
    def of(cls, num_params, tokens_seen, loss, runs):
        """Rows of arrays (n,); at most `PER_RUN` of each run are kept."""
        keep = thin(tokens_seen, runs)
        tokens, runs = tokens_seen[keep], np.unique(runs[keep], return_inverse=True)[1]
        last = np.zeros(runs.max() + 1)
        np.maximum.at(last, runs, tokens)
        return cls(
            np.log(num_params[keep] / REFERENCE["num_params"]),
            np.log(tokens / REFERENCE["tokens_seen"]),
            np.log(loss[keep]),
            runs,
            np.hypot(1.0, EARLY_NOISE * np.log(tokens / last[runs])),
        )


@dataclass(frozen=True)
class Posterior:
    """Where a family's law lies: mode and covariance of its five numbers, noise, surprise.

    ``surprise`` is the squared distance of the mode from the prior, in standard
    deviations: about 4 on average if the family is like the others.
    """

    mode: np.ndarray
    covariance: np.ndarray
    run_noise: float
    row_noise: float
    surprise: float
    weight: float  # of the prior, below one where the tails give way

    def law(self):
        """The law at the mode."""
        E, a, alpha, b, beta = np.exp(self.mode)
        return ScalingLaw(
            E,
            a * REFERENCE["num_params"] ** alpha,
            alpha,
            b * REFERENCE["tokens_seen"] ** beta,
            beta,
        )


def thin(tokens_seen, runs, most=PER_RUN):
    """Positions of at most ``most`` rows of each run, evenly in log tokens.

    Examples
    --------
    >>> thin(np.array([1.0, 2.0, 2.1, 4.0]), np.zeros(4, int), most=3).tolist()
    [0, 1, 3]
    """
    keep = []
    for run in range(runs.max() + 1):
        rows = np.flatnonzero(runs == run)
        if len(rows) > most:
            logs = np.log(tokens_seen[rows])
            aims = np.linspace(logs.min(), logs.max(), most)
            rows = rows[np.unique(np.abs(logs[:, None] - aims).argmin(axis=0))]
        keep.append(rows)
    return np.concatenate(keep)


def terms(theta, size, tokens):
    """The three terms of laws (..., 5) at points (n,), each (..., n)."""
    with np.errstate(over="ignore", under="ignore"):
        alpha, beta = np.exp(theta[..., 2, None]), np.exp(theta[..., 4, None])
        return (
            np.exp(theta[..., 0, None]),
            np.exp(theta[..., 1, None] - alpha * size),
            np.exp(theta[..., 3, None] - beta * tokens),
        )


def log_loss(theta, size, tokens):
    """Logarithm of the loss (..., n) of laws (..., 5), kept finite."""
    E, a, b = terms(theta, size, tokens)
    return np.log(np.clip(E + a + b, 1e-300, 1e300))


def slopes(theta, size, tokens):
    """Derivatives (n, 5) of the log loss of one law by its five numbers."""
    E, a, b = terms(theta, size, tokens)
    loss = E + a + b
    alpha, beta = np.exp(theta[[2, 4]])
    return np.stack(
        [
            E / loss,
            a / loss,
            -alpha * size * a / loss,
            b / loss,
            -beta * tokens * b / loss,
        ],
        axis=1,
    )


def whiten(rows, values, run_noise, row_noise):
    """Values (n, k) in units of the noise, with what runs share taken out as it deserves."""
    scale = 1 / (row_noise * rows.spread)
    values = values * scale[:, None]
    count = rows.run.max() + 1
    weight = np.bincount(rows.run, scale**2, count)
    shared = np.zeros((count, values.shape[1]))
    np.add.at(shared, rows.run, values * scale[:, None])
    part = (1 - 1 / np.sqrt(1 + run_noise**2 * weight)) / weight
    return values - scale[:, None] * (part[:, None] * shared)[rows.run]


def energy(theta, rows, prior, precision, noise):
    """Negative log posterior of one law, and what a step from it needs."""
    residual = rows.loss - log_loss(theta, rows.size, rows.tokens)
    white = whiten(rows, residual[:, None], *noise)[:, 0]
    away = LEVELLESS @ theta - prior.mean
    surprise = away @ precision @ away
    value = white @ white / 2 + (HEAVY + 4) / 2 * np.log1p(surprise / HEAVY)
    return value, residual, white, away, surprise


def update_noise(rows, residual, noise, prior):
    """Noise of runs and of checkpoints after a look at residuals (n,), as standard deviations."""
    run, row = noise[0] ** 2, (noise[1] * rows.spread) ** 2
    weight = np.bincount(rows.run, 1 / row)
    left = 1 / (1 / run + weight)  # variance of what is not known about a run's offset
    offset = left * np.bincount(rows.run, residual / row)
    runs = np.sum(offset**2 + left) + RUNS_WORTH * prior.run_noise**2
    own = ((residual - offset[rows.run]) ** 2 + left[rows.run]) / rows.spread**2
    rest = np.sum(own) + ROWS_WORTH * prior.row_noise**2
    found = runs / (len(weight) + RUNS_WORTH), rest / (len(residual) + ROWS_WORTH)
    return np.maximum(np.sqrt(found), FLOOR)


def posterior(rows, prior, start=None, rounds=8):
    """Find the posterior of one family's law.

    Parameters
    ----------
    rows : Rows
    prior : Prior
    start : Posterior, optional
        Where to start; else at the prior, at the level of the losses.
    rounds : int
        How often noise and law are found in turn.

    Returns
    -------
    Posterior
    """
    precision = np.linalg.inv(prior.covariance)
    pull = LEVELLESS.T @ precision @ LEVELLESS
    if start is None:
        noise = np.array([prior.run_noise, prior.row_noise])
        theta = np.insert(prior.mean, 0, 0.0)
        theta[[0, 1, 3]] += np.mean(rows.loss - log_loss(theta, rows.size, rows.tokens))
    else:
        theta, noise = start.mode, np.array([start.run_noise, start.row_noise])
    for _ in range(rounds):
        theta, now, curvature = climb(theta, rows, prior, precision, pull, noise)
        fresh = update_noise(rows, now[1], noise, prior)
        if np.abs(np.log(fresh / noise)).max() < 0.02:
            break
        noise = fresh
    weight = (HEAVY + 4) / (HEAVY + now[4])
    return Posterior(
        theta, np.linalg.inv(curvature), *map(float, noise), float(now[4]), weight
    )


def climb(theta, rows, prior, precision, pull, noise, steps=12):
    """Levenberg-Marquardt steps at given noise: law, its energy, curvature (5, 5) there."""
    damping, now = 1e-4, energy(theta, rows, prior, precision, noise)
    for step in range(steps + 1):
        _, _, white, away, surprise = now
        weight = (HEAVY + 4) / (HEAVY + surprise)
        side = whiten(rows, slopes(theta, rows.size, rows.tokens), *noise)
        curvature = side.T @ side + weight * pull + 1e-9 * np.eye(5)
        if step == steps:
            break
        down = side.T @ white - weight * LEVELLESS.T @ precision @ away
        move = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature)), down)
        move /= max(1.0, np.abs(move).max())
        new = energy(theta + move, rows, prior, precision, noise)
        if new[0] > now[0]:
            damping *= 10
            if damping > 1e6:
                break
            continue
        settled, damping = now[0] - new[0] < 1e-7, max(damping / 5, 1e-8)
        theta, now = theta + move, new
        if settled:
            break
    return theta, now, curvature


@lru_cache(maxsize=4)
def standard_draws(n, seed=0):
    """Draws (n, 5) of a t distribution and the log of their density (n,)."""
    rng = np.random.default_rng(seed)
    normal = rng.standard_normal((n, 5))
    draws = normal / np.sqrt(rng.chisquare(TAIL, n) / TAIL)[:, None]
    return draws, -(TAIL + 5) / 2 * np.log1p((draws**2).sum(axis=1) / TAIL)


def draw(found, rows, prior, n=DRAWS, stages=2):
    """Laws (n, 5) drawn from the posterior, and their weights (n,).

    Importance sampling from a t distribution, at first around the mode, then around
    what the draws before have shown (Cappe et al. 2004); weights are cut at sqrt(n)
    times their mean (Ionides 2008), so that no single draw decides.
    """
    precision = np.linalg.inv(prior.covariance)
    centre, covariance = found.mode, found.covariance
    for stage in range(1, stages + 1):
        standard, density = standard_draws(n if stage == stages else n // 2)
        root = np.linalg.cholesky(covariance) * ROOM
        laws = np.clip(centre + standard @ root.T, -50, 50)
        residual = rows.loss - log_loss(laws, rows.size, rows.tokens)
        white = whiten(rows, residual.T, found.run_noise, found.row_noise)
        away = laws @ LEVELLESS.T - prior.mean
        surprise = np.einsum("ij,jk,ik->i", away, precision, away)
        log_weight = -(white**2).sum(axis=0) / 2 - (HEAVY + 4) / 2 * np.log1p(
            surprise / HEAVY
        )
        weight = np.exp(log_weight - density - (log_weight - density).max())
        weight = np.minimum(weight, weight.mean() * np.sqrt(len(weight)))
        weight /= weight.sum()
        centre = weight @ laws
        covariance = (laws - centre).T @ (
            (laws - centre) * weight[:, None]
        ) + 1e-10 * np.eye(5)
    return laws, weight

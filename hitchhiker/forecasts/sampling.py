"""Draw laws from a posterior by importance sampling."""

from functools import lru_cache

import numpy as np

N_DRAWS = 700
PROPOSAL_SCALE = 1.1  # how much wider than the posterior its draws are made
PROPOSAL_DF = 6  # degrees of freedom of the draws


@lru_cache(maxsize=4)
def t_draws(n):
    """Draws (n, 5) of a t distribution and the log of their density (n,)."""
    rng = np.random.default_rng(0)
    normal = rng.standard_normal((n, 5))
    draws = normal / np.sqrt(rng.chisquare(PROPOSAL_DF, n) / PROPOSAL_DF)[:, None]
    squares = (draws**2).sum(axis=1)
    return draws, -(PROPOSAL_DF + 5) / 2 * np.log1p(squares / PROPOSAL_DF)


def sample(posterior, n=N_DRAWS):
    """Laws (n, 5) drawn from the posterior, and their weights (n,).

    Importance sampling from a t distribution, at first half as many draws around the
    mode, then all around what these have shown; weights are cut at sqrt(n) times their
    mean, so that no single draw decides.

    References
    ----------
    Cappe et al. 2004 (adaptive proposals), Ionides 2008 (truncated weights).
    """
    centre = posterior.mode
    covariance = posterior.covariance
    for count in (n // 2, n):
        standard, log_density = t_draws(count)
        root = np.linalg.cholesky(covariance) * PROPOSAL_SCALE
        laws = np.clip(centre + standard @ root.T, -50, 50)
        log_ratio = -posterior.negative_log(laws) - log_density
        weights = np.exp(log_ratio - log_ratio.max())
        weights = np.minimum(weights, weights.mean() * np.sqrt(len(weights)))
        weights /= weights.sum()
        centre = weights @ laws
        offset = laws - centre
        covariance = offset.T @ (offset * weights[:, None]) + 1e-10 * np.eye(5)
    return laws, weights

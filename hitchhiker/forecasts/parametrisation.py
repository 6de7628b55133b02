"""A law as five numbers at a reference point: ln E, ln a, ln alpha, ln b, ln beta.

Here a and b are the terms of size and of tokens at `REFERENCE`.  Four ratios of them
have no unit, ln(a / E), ln alpha, ln(b / E) and ln beta; the fifth number is the level
of the loss.  Sizes and tokens are natural logarithms over those of the reference.
"""

import numpy as np

from ..laws import ScalingLaw

REFERENCE = {"num_params": 1e9, "tokens_seen": 2e10}  # parameters, tokens
RATIO_NAMES = ("ln a/E", "ln alpha", "ln b/E", "ln beta")
TO_RATIOS = np.array(
    [[-1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [-1, 0, 0, 1, 0], [0, 0, 0, 0, 1.0]]
)  # the five numbers to those of RATIO_NAMES: drops the level


def reference_logs(num_params, tokens_seen):
    """Logarithms of parameters and of tokens over those of `REFERENCE`.

    Examples
    --------
    >>> log_size, log_tokens = reference_logs(1e9, 2e10)
    >>> float(log_size), float(log_tokens)
    (0.0, 0.0)
    """
    return (
        np.log(np.divide(num_params, REFERENCE["num_params"])),
        np.log(np.divide(tokens_seen, REFERENCE["tokens_seen"])),
    )


def from_reference_logs(log_size, log_tokens):
    """Parameters and tokens, the inverse of `reference_logs`."""
    return (
        REFERENCE["num_params"] * np.exp(log_size),
        REFERENCE["tokens_seen"] * np.exp(log_tokens),
    )


def to_law(theta):
    """The law (a `ScalingLaw`) of five numbers."""
    E, a, alpha, b, beta = np.exp(theta)
    return ScalingLaw(
        E,
        a * REFERENCE["num_params"] ** alpha,
        alpha,
        b * REFERENCE["tokens_seen"] ** beta,
        beta,
    )


def law_terms(theta, log_size, log_tokens):
    """The three terms of laws (..., 5) at points (n,), each (..., n)."""
    with np.errstate(over="ignore", under="ignore"):
        alpha = np.exp(theta[..., 2, None])
        beta = np.exp(theta[..., 4, None])
        return (
            np.exp(theta[..., 0, None]),
            np.exp(theta[..., 1, None] - alpha * log_size),
            np.exp(theta[..., 3, None] - beta * log_tokens),
        )


def log_loss(theta, log_size, log_tokens):
    """Logarithm of the loss (..., n) of laws (..., 5), kept finite."""
    irreducible, size_term, token_term = law_terms(theta, log_size, log_tokens)
    return np.log(np.clip(irreducible + size_term + token_term, 1e-300, 1e300))


def log_loss_jacobian(theta, log_size, log_tokens):
    """Derivatives (n, 5) of the log loss of one law by its five numbers."""
    irreducible, size_term, token_term = law_terms(theta, log_size, log_tokens)
    loss = irreducible + size_term + token_term
    alpha, beta = np.exp(theta[[2, 4]])
    return np.stack(
        [
            irreducible / loss,
            size_term / loss,
            -alpha * log_size * size_term / loss,
            token_term / loss,
            -beta * log_tokens * token_term / loss,
        ],
        axis=1,
    )

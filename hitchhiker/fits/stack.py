"""Problems in scale-free numbers: what the solver works on.

A problem is a row of weights over rows of (log N, log D, loss).  x and z are log N and
log D about their centre, the loss is divided by its typical size, and a law is theta =
(E, a, alpha, b, beta) with a and b its two terms at the centre.  `batch` translates.
"""

from dataclasses import dataclass, field, replace

import numpy as np

HUBER_DELTA = 1e-3  # Huber's threshold on the residuals of the log loss
SHORTEN_BELOW = 0.75  # share of the rows in the longest problem that makes it worth it


@dataclass(frozen=True)
class Stack:
    """Problems that share an objective and bounds.

    x, z : (1 or P, n) centred log N and log D.
    goal : (1 or P, n) the scaled loss, or its logarithm where the objective is on logs.
    weights : (P, n) counts of any type, zero for rows that a problem does not see.
    objective : "ls", "ls-log", "huber-log" or "huber-scaled".
    lower, upper : (5,) bounds of theta; equal where a parameter is fixed.
    delta : (1 or P, 1) Huber's threshold on the log loss.
    """

    x: np.ndarray
    z: np.ndarray
    goal: np.ndarray
    weights: np.ndarray
    objective: str
    lower: np.ndarray
    upper: np.ndarray
    delta: np.ndarray = field(default_factory=lambda: np.full((1, 1), HUBER_DELTA))

    @property
    def on_logs(self):
        """Whether residuals are those of the logarithm of the loss."""
        return self.objective != "ls"

    @property
    def loss(self):
        """The scaled loss (1 or P, n)."""
        return np.exp(self.goal) if self.on_logs else self.goal

    def take(self, index):
        """The problems at ``index``."""
        parts = {"weights": self.weights[index]}
        for name in ("x", "z", "goal", "delta"):
            values = getattr(self, name)
            parts[name] = values if len(values) == 1 else values[index]
        return replace(self, **parts)

    def shorten(self):
        """The same problems without rows that count nothing, where that saves much."""
        seen = self.weights > 0
        counts = seen.sum(axis=1)
        longest = max(1, counts.max())
        n_problems, width = seen.shape
        if longest > SHORTEN_BELOW * width:
            return self
        flat = np.flatnonzero(seen)  # rows that count, one problem after the other
        first = np.cumsum(counts) - counts
        problem = np.repeat(np.arange(n_problems), counts)
        place = np.arange(len(flat)) + (problem * longest - first[problem])
        source = np.zeros((n_problems, longest), dtype=np.intp)
        source.reshape(-1)[place] = flat - problem * width
        weights = np.zeros(source.shape)
        weights.reshape(-1)[place] = self.weights.reshape(-1)[flat]
        if len(self.x) > 1:
            source += np.arange(n_problems)[:, None] * width
        x, z, goal = (values.take(source) for values in (self.x, self.z, self.goal))
        return replace(self, x=x, z=z, goal=goal, weights=weights)


def slices(length, step):
    """Slices that cut ``length`` things into pieces of ``step``, at least one each."""
    step = max(1, step)
    return [slice(start, start + step) for start in range(0, length, step)]


def model(stack, theta):
    """Scaled loss (P, n) of laws (P, 5)."""
    E, a, alpha, b, beta = theta.T[:, :, None]
    size_term = a * np.exp(-alpha * stack.x)
    token_term = b * np.exp(-beta * stack.z)
    return E + size_term + token_term

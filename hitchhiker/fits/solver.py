"""Find the best law of many problems at once: a grid of exponents, then a descent.

A problem is a row of weights over rows of (log N, log D, loss).  For fixed
exponents the law is linear in E, A and B, so a grid over alpha and beta with a
non-negative least-squares solution in closed form gives starts that no local
optimum can hide (`grid`); Newton steps take them down (`descent`), all problems
of a chunk at once.

Numbers here are scale-free: x and z are log N and log D about their centre, the
loss is divided by its typical size, and theta = (E, a, alpha, b, beta) with a and
b the two terms of the law at the centre.  `fitting` translates.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from .grid import grid_starts, same_basin
from .newton import DELTA, FEW, ROUNDING, descend, gram, model, pieces

EXPONENTS = (1e-3, 5.0)  # bounds of alpha and beta
STARTS = 4  # local minima of the grid to descend from, a problem
CHUNK = 250_000  # rows of all problems solved together
TINY = 1e-10  # share of the loss below which a term is none
ROUNDS = 3  # times that the threshold of "huber-scaled" is taken from the residuals
TUNED = (
    1.345 * 1.4826
)  # that threshold over the median size of residuals, for 95 % efficiency
LEAST = 1e-6  # that threshold without noise
CLEAN = 0.5  # outliers matter if weighing them down halves the spread of the residuals


@dataclass(frozen=True)
class Stack:
    """Problems in scale-free numbers.

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
    delta: np.ndarray = field(default_factory=lambda: np.full((1, 1), DELTA))

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
        shared = (self.x, self.z, self.goal, self.delta)
        x, z, goal, delta = (v if len(v) == 1 else v[index] for v in shared)
        return replace(
            self, x=x, z=z, goal=goal, delta=delta, weights=self.weights[index]
        )

    def shorten(self):
        """The same problems without rows that count nothing, where that saves much."""
        seen = self.weights > 0
        counts = seen.sum(axis=1)
        longest, width = max(1, counts.max()), seen.shape[1]
        if longest > 0.75 * width:
            return self
        start = np.arange(len(seen))
        full = np.flatnonzero(seen)
        row = full - np.repeat(start * width, counts)
        before = start * longest + counts - np.cumsum(counts)
        place = np.arange(len(row)) + np.repeat(before, counts)
        source = np.zeros((len(seen), longest), dtype=np.intp)
        weights = np.zeros(source.shape)
        source.reshape(-1)[place] = row
        weights.reshape(-1)[place] = self.weights.reshape(-1)[full]
        if len(self.x) > 1:
            source += start[:, None] * width
        x, z, goal = (v.take(source) for v in (self.x, self.z, self.goal))
        return replace(self, x=x, z=z, goal=goal, weights=weights)


def solve(stack):
    """Best law of every problem.

    Returns
    -------
    theta : (P, 5)
    value : (P,) the objective.
    settled : (P,) whether any start came to rest.
    gram : (P, 5, 5) weighted sums of products of the derivatives of the law or its log.
    """
    rows = (stack.weights > 0).sum(axis=1)
    order = np.arange(len(rows))
    if rows.max() > 1.5 * rows.min():  # like beside like
        order = np.argsort(rows, kind="stable")
    chunks = [order[at] for at in pieces(len(order), CHUNK // stack.goal.shape[1])]
    solver = solve_scaled if stack.objective == "huber-scaled" else solve_chunk
    with np.errstate(all="ignore"):  # a wild proposal is refused by its value
        parts = [solver(stack.take(chunk)) for chunk in chunks]
    back = np.argsort(order)
    return tuple(np.concatenate(part)[back] for part in zip(*parts, strict=True))


def solve_scaled(stack):
    """As `solve_chunk`, under a threshold that follows the residuals it leaves."""
    stack = replace(stack, weights=stack.weights.astype(float), objective="huber-log")
    theta = solve_chunk(replace(stack, objective="ls-log"))[0]
    half = stack.weights.sum(axis=1, keepdims=True) / 2
    for _ in range(ROUNDS):
        size = np.abs(stack.goal - np.log(model(stack, theta)))
        order = np.argsort(size, axis=1)
        below = np.take_along_axis(stack.weights, order, axis=1).cumsum(axis=1)
        middle = np.take_along_axis(
            order, (below >= half).argmax(axis=1)[:, None], axis=1
        )
        delta = TUNED * np.take_along_axis(size, middle, axis=1)
        stack = replace(
            stack, delta=np.clip(np.nan_to_num(delta, nan=DELTA), LEAST, 1.0)
        )
        theta = descend(stack, theta, np.zeros(len(theta)), FEW)[0]
    return solve_chunk(stack)


def solve_chunk(stack):
    """As `solve`, for problems that fit into memory together."""
    stack = replace(stack, weights=stack.weights.astype(float))
    weights = stack.weights / stack.loss**2 if stack.on_logs else stack.weights
    short, noise = stack.shorten(), ROUNDING * stack.weights.sum(axis=1)
    starts, owner, spread = grid_starts(stack, weights, STARTS)
    P = len(weights)  # the first P starts are those of the problems in order
    found = descend(
        short if len(owner) == P else short.take(owner), starts, spread, FEW
    )
    best = better(
        [part[:P] for part in found], [part[P:] for part in found], owner[P:], noise
    )
    if stack.objective == "huber-log":  # once more with outliers weighed down
        again, owner, robust = grid_starts(
            stack, weights * trust(stack, best[0]), STARTS
        )
        worth = ~same_basin(again, best[0][owner]) | (robust < CLEAN * spread[owner])
        if worth.any():
            again, owner, robust = again[worth], owner[worth], robust[worth]
            best = better(
                best, descend(short.take(owner), again, robust, FEW), owner, noise
            )
    slow = np.flatnonzero(best[3])
    if len(slow):
        more = descend(short.take(slow), best[0][slow], np.zeros(len(slow)))
        best = better(best, more, slow, noise)
    sums = gram(short, best[0])
    return vanish(short, best[0], sums), *best[1:3], sums


def vanish(stack, theta, sums):
    """Laws (P, 5) whose terms are exactly zero where they are no more than rounding."""
    terms = [0, 1, 3]
    total = np.maximum(stack.weights.sum(axis=1), 1e-300)
    part = theta[:, terms] * np.sqrt(sums[:, terms, terms] / total[:, None])
    theta[:, terms] = np.where(part < TINY, stack.lower[terms], theta[:, terms])
    return theta


def trust(stack, theta):
    """Weights (P, n) between 0 and 1, low for rows far from the law."""
    size = np.abs(stack.goal - np.log(model(stack, theta))) + 1e-12
    total = np.maximum(stack.weights.sum(axis=1), 1e-300)
    typical = np.exp(np.einsum("pn,pn->p", stack.weights, np.log(size)) / total)
    return np.minimum(1.0, 2.5 * typical[:, None] / size)


def better(best, other, owner, noise):
    """``best`` (as from `descend`), with the lowest of ``other`` at each of ``owner``.

    Among equals, up to rounding ``noise`` (P,), the first stays: its exponents are more
    usual.
    """
    best = [part.copy() for part in best]
    worst_first = np.argsort(-other[1], kind="stable")  # what is written last stays
    owner = owner[worst_first]
    other = [part[worst_first] for part in other]
    np.logical_or.at(best[2], owner, other[2])
    wins = other[1] < best[1][owner] * (1 - 1e-7) - noise[owner]
    for k in (0, 1, 3):
        best[k][owner[wins]] = other[k][wins]
    return best

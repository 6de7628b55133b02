"""Find the best law of many problems at once: a grid of exponents, then Newton steps.

For fixed exponents the law is linear in E, A and B, so a grid over alpha and beta with
a non-negative least-squares solution in closed form gives starts that no local optimum
can hide (`grid`, `linear`); Newton steps take them down (`newton`, `curvature`), all
problems of a chunk at once.  The numbers are those of a `stack`.
"""

from dataclasses import replace

import numpy as np

from .curvature import gram
from .grid import grid_starts, same_basin
from .newton import ROUNDING, STEPS_FROM_START, Descent, minimise
from .stack import HUBER_DELTA, model, slices

EXPONENT_BOUNDS = (1e-3, 5.0)  # of alpha and beta
MAX_STARTS = 4  # local minima of the grid to descend from, per problem
ROWS_TOGETHER = 250_000  # rows of all problems that are solved together
LEAST_TERM = 1e-10  # share of the loss below which a term counts as zero
THRESHOLD_ROUNDS = 3  # times that "huber-scaled" takes its threshold from residuals
# That threshold over the median size of the residuals: 1.345 standard deviations, for
# 95 % efficiency under Gaussian noise.
THRESHOLD_PER_MEDIAN = 1.345 * 1.4826
LEAST_THRESHOLD = 1e-6  # of "huber-scaled", on the log loss, where there is no noise
OUTLIER_SHARE = 0.5  # outliers matter if robust weights shrink the spread below this


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
    solver = solve_scaled if stack.objective == "huber-scaled" else solve_together
    parts = []
    with np.errstate(all="ignore"):  # a wild proposal is refused by its value
        for at in slices(len(order), ROWS_TOGETHER // stack.goal.shape[1]):
            parts.append(solver(stack.take(order[at])))
    back = np.argsort(order)
    return tuple(np.concatenate(part)[back] for part in zip(*parts, strict=True))


def solve_scaled(stack):
    """As `solve_together`, under a threshold that follows the residuals it leaves."""
    stack = replace(stack, weights=stack.weights.astype(float), objective="huber-log")
    theta = solve_together(replace(stack, objective="ls-log"))[0]
    for _ in range(THRESHOLD_ROUNDS):
        residual = stack.goal - np.log(model(stack, theta))
        size = weighted_median(np.abs(residual), stack.weights)
        delta = THRESHOLD_PER_MEDIAN * size
        delta = np.nan_to_num(delta, nan=HUBER_DELTA)
        stack = replace(stack, delta=np.clip(delta, LEAST_THRESHOLD, 1.0))
        theta = minimise(stack, theta, np.zeros(len(theta)), STEPS_FROM_START).theta
    return solve_together(stack)


def weighted_median(values, weights):
    """Median (P, 1) of each row of values (P, n) that count as weights (P, n) say."""
    order = np.argsort(values, axis=1)
    below = np.take_along_axis(weights, order, axis=1).cumsum(axis=1)
    half = weights.sum(axis=1, keepdims=True) / 2
    rank = (below >= half).argmax(axis=1)[:, None]
    middle = np.take_along_axis(order, rank, axis=1)
    return np.take_along_axis(values, middle, axis=1)


def solve_together(stack):
    """As `solve`, for problems that fit into memory together."""
    stack = replace(stack, weights=stack.weights.astype(float))
    weights = stack.weights
    if stack.on_logs:
        weights = weights / stack.loss**2
    short = stack.shorten()
    noise = ROUNDING * stack.weights.sum(axis=1)
    starts, owner, spread = grid_starts(stack, weights, MAX_STARTS)
    best = descend_from(short, starts, owner, spread, noise)
    if stack.objective == "huber-log":  # once more with outliers weighed down
        robust = weights * robust_weights(stack, best.theta)
        again, owner, left = grid_starts(stack, robust, MAX_STARTS)
        elsewhere = ~same_basin(again, best.theta[owner])
        worth = elsewhere | (left < OUTLIER_SHARE * spread[owner])
        if worth.any():
            again, owner, left = again[worth], owner[worth], left[worth]
            more = minimise(short.take(owner), again, left, STEPS_FROM_START)
            best = keep_lowest(best, more, owner, noise)
    slow = np.flatnonzero(best.unfinished)
    if len(slow):
        more = minimise(short.take(slow), best.theta[slow], np.zeros(len(slow)))
        best = keep_lowest(best, more, slow, noise)
    sums = gram(short, best.theta)
    return zero_small_terms(short, best.theta, sums), best.value, best.settled, sums


def descend_from(stack, starts, owner, spread, noise):
    """Best `Descent` of each problem from its starts, as `grid_starts` gives them."""
    first = len(stack.weights)  # so many starts are those of the problems in order
    problems = stack if len(owner) == first else stack.take(owner)
    ends = minimise(problems, starts, spread, STEPS_FROM_START)
    best = Descent(*(part[:first] for part in ends))
    others = Descent(*(part[first:] for part in ends))
    return keep_lowest(best, others, owner[first:], noise)


def zero_small_terms(stack, theta, sums):
    """Laws (P, 5) whose terms are exactly zero where they are no more than rounding."""
    terms = [0, 1, 3]
    sizes = theta[:, terms]
    total = np.maximum(stack.weights.sum(axis=1), 1e-300)
    mean_square = sums[:, terms, terms] / total[:, None]
    shares = sizes * np.sqrt(mean_square)
    least = stack.lower[terms]
    theta[:, terms] = np.where(shares < LEAST_TERM, least, sizes)
    return theta


def robust_weights(stack, theta):
    """Weights (P, n) between 0 and 1, low for rows far from the law."""
    residual = stack.goal - np.log(model(stack, theta))
    size = np.abs(residual) + 1e-12
    total = np.maximum(stack.weights.sum(axis=1), 1e-300)
    log_sum = np.einsum("pn,pn->p", stack.weights, np.log(size))
    typical = np.exp(log_sum / total)
    limit = 2.5 * typical[:, None]
    return np.minimum(1.0, limit / size)


def keep_lowest(best, other, owner, noise):
    """``best``, with the lowest of ``other`` at each of ``owner``, a `Descent`.

    Among equals, up to rounding ``noise`` (P,), the first stays: its exponents are more
    usual.
    """
    best = Descent(*(part.copy() for part in best))
    worst_first = np.argsort(-other.value, kind="stable")  # what is written last stays
    owner = owner[worst_first]
    other = Descent(*(part[worst_first] for part in other))
    np.logical_or.at(best.settled, owner, other.settled)
    limit = best.value[owner] * (1 - 1e-7) - noise[owner]
    wins = other.value < limit
    for name in ("theta", "value", "unfinished"):
        getattr(best, name)[owner[wins]] = getattr(other, name)[wins]
    return best

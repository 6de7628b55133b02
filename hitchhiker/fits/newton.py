"""The way down: Newton steps with damping, inside the bounds, all problems at once."""

from typing import NamedTuple

import numpy as np

from .curvature import expand

STEP_TOLERANCE = 1e-11  # relative gain that a step promises below which it is the last
AT_REST = 1e-6  # relative gain that a step may still promise where a descent settled
STEPS_FROM_START, STEPS_FROM_BEST = 80, 300  # most steps of one descent
ROUNDING = 1e-18  # what rounding leaves of the objective, per row


class Descent(NamedTuple):
    """Where descents ended: theta (P, 5), and (P,) each of the rest.

    value : the objective.
    settled : whether it came to rest.
    unfinished : whether it ran out of steps.
    """

    theta: np.ndarray
    value: np.ndarray
    settled: np.ndarray
    unfinished: np.ndarray

    def record(self, problems, *parts):
        """Write where some problems stand."""
        for column, part in zip(self, parts, strict=True):
            column[problems] = part


def minimise(stack, theta, spread, n_steps=STEPS_FROM_BEST):
    """Newton with Levenberg-Marquardt damping inside the bounds, a `Descent`.

    ``theta`` (P, 5) are the starts.  Huber's threshold starts at the ``spread`` (P,) of
    the residuals and falls to its value, or else its kinks stop the descent.  Problems
    leave the loop as they settle.
    """
    theta = np.clip(theta, stack.lower, stack.upper)
    delta = np.maximum(np.minimum(1.2 * spread, 1.0)[:, None], stack.delta)
    point = [theta, delta, *expand(stack, theta, delta)]
    value = point[2]
    floor = ROUNDING * stack.weights.sum(axis=1) + 1e-300
    damping = np.full(len(theta), 1e-4)
    flags = np.zeros((2, len(theta)), dtype=bool)
    end = Descent(theta.copy(), value.copy(), *flags)
    problems, live = np.arange(len(theta)), np.isfinite(value)
    for _ in range(n_steps):
        theta, delta, value = point[:3]
        proposal, promise = damped_step(stack, theta, damping, *point[3:])
        left = np.abs(promise) / (value + floor)
        moving = (left > STEP_TOLERANCE) | (damping > 1e-2)
        live &= moving | (delta > stack.delta)[:, 0]
        live &= damping < 1e8
        if live.sum() <= 0.8 * len(live):
            end.record(problems, theta, value, left < AT_REST, live)
            if not live.any():
                return end
            stack = stack.take(live)
            state = (problems, floor, damping, left, proposal, promise, live)
            state = [values[live] for values in state]
            problems, floor, damping, left, proposal, promise, live_now = state
            point = [values[live] for values in point]
            theta, delta, value = point[:3]
            live = live_now
        calm = (promise <= 0.1 * value)[:, None]
        delta = np.where(calm, np.maximum(stack.delta, 0.5 * delta), delta)
        new = [proposal, delta, *expand(stack, proposal, delta)]
        better = live & (new[2] < value)
        accept(point, new, better)
        damping = np.where(live, next_damping(damping, better), damping)
    theta, _, value = point[:3]
    end.record(problems, theta, value, left < AT_REST, live)
    return end


def accept(point, new, better):
    """Move the problems that are ``better`` (P,): write ``new`` into ``point``."""
    for old, now in zip(point, new, strict=True):
        rows = better.reshape(-1, *[1] * (old.ndim - 1))
        np.copyto(old, now, where=rows)


def next_damping(damping, better):
    """Less damping (P,) after a step that helped, much more after one that did not."""
    eased = np.maximum(0.2 * damping, 1e-12)
    raised = np.maximum(30 * damping, 1e-2)
    return np.where(better, eased, raised)


def damped_step(stack, theta, damping, gradient, hessian, scale, shift):
    """Proposals (P, 5) one damped step away inside the bounds, and their gain (P,).

    The gain is what the second order of the objective promises.
    """
    lower, upper = stack.lower, stack.upper
    at_lower = (theta <= lower) & (gradient >= 0)
    at_upper = (theta >= upper) & (gradient <= 0)
    held = at_lower | at_upper | (lower == upper)
    curved = make_convex(decouple(hessian, held, scale), scale)
    damped = curved.copy()
    index = np.arange(5)
    damped[:, index, index] += damping[:, None] * scale
    step, pull = np.zeros_like(theta), gradient
    for _ in range(2):  # what would cross a bound goes to it, the rest is solved again
        pull = np.where(held, 0.0, pull)
        matrix = decouple(damped, held, scale)
        moved = -np.linalg.solve(matrix, pull[..., None])[..., 0]
        total = theta + step + moved
        crossing = ~held & ((total < lower) | (total > upper))
        if not crossing.any():
            break
        to_bound = np.clip(total, lower, upper) - theta
        step = np.where(crossing, to_bound, step)
        pull = gradient + (damped @ step[..., None])[..., 0]
        held = held | crossing
    proposal = np.clip(theta + step + moved, lower, upper)
    step = proposal - theta
    bend = (curved @ step[..., None])[..., 0]
    slope = gradient + 0.5 * bend
    promise = -np.einsum("pk,pk->p", slope, step)
    exponents = step[:, (2, 4)]
    proposal[:, (1, 3)] *= np.exp(exponents * shift)
    return proposal, promise


def decouple(matrix, held, scale):
    """Matrices (P, 5, 5) that do not couple what is held (P, 5) to the rest."""
    if not held.any():
        return matrix
    coupled = held[:, :, None] | held[:, None, :]
    matrix = np.where(coupled, 0.0, matrix)
    index = np.arange(5)
    matrix[:, index, index] += held * scale
    return matrix


def make_convex(hessian, scale):
    """The same curvature (P, 5, 5), but upward wherever it is downward.

    A plain Newton step would climb to a saddle and rest there.
    """
    rest, index = hessian.copy(), np.arange(5)
    rest[:, index, index] += 1e-8 * scale
    try:
        np.linalg.cholesky(rest)
        return hessian
    except np.linalg.LinAlgError:  # at least one is not positive definite
        pass
    downward = np.zeros(len(rest), dtype=bool)
    for _ in index:  # elimination: a pivot below zero is a direction down
        pivot, row = rest[:, 0, 0], rest[:, 0, 1:]
        downward |= ~(pivot > 0)
        ratio = row / pivot[:, None]
        rest = rest[:, 1:, 1:] - row[:, :, None] * ratio[:, None, :]
    root = np.sqrt(scale[downward])
    outer = root[:, :, None] * root[:, None, :]
    scaled = hessian[downward] / outer
    scaled = np.where(np.isfinite(scaled), scaled, 0.0)
    values, vectors = np.linalg.eigh(scaled)
    sizes = np.maximum(np.abs(values), 1e-8)
    upward = (vectors * sizes[:, None, :]) @ vectors.transpose(0, 2, 1)
    hessian = hessian.copy()
    hessian[downward] = upward * outer
    return hessian

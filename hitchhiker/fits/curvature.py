"""The objective of a stack of problems to second order.

Everything is vectorised over problems; the rows of a few problems at a time pass
through memory that fits into the cache.
"""

from typing import NamedTuple

import numpy as np

from .stack import slices

ROWS_IN_CACHE = 30_000  # rows of all problems that are looked at together
# Place of each term in theta, and of it, of it times x and times x^2 in `law_columns`.
TERMS = ((1, [1, 2, 5]), (3, [3, 4, 6]))


class Expansion(NamedTuple):
    """The objective about laws theta (P, 5): what a Newton step needs.

    value : (P,) the objective, infinite where it is no number.
    gradient : (P, 5)
    hessian : (P, 5, 5)
    scale : (P, 5) size of the curvature along each parameter, for damping.
    shift : (P, 2) where on the axes of x and z each term is taken.
    """

    value: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray
    scale: np.ndarray
    shift: np.ndarray


def law_columns(rows, theta, on_logs, out):
    """Residuals (P, n) of ``rows`` x, z, goal, and in ``out`` (7, P, n) the columns.

    The columns are 1, u, x u, v, z v, x^2 u and z^2 v with u = exp(-alpha x) and v =
    exp(-beta z), divided by the law where the objective is on logs.
    """
    x, z, goal = rows[:3]
    E, a, alpha, b, beta = theta.T[:, :, None]
    one, u, xu, v, zv, xxu, zzv = out
    np.exp(np.multiply(-alpha, x, out=u), out=u)
    np.exp(np.multiply(-beta, z, out=v), out=v)
    loss = np.multiply(a, u, out=xu)
    loss += np.multiply(b, v, out=zv)
    loss += E
    if on_logs:
        np.divide(1.0, loss, out=one)
        u *= one
        v *= one
        np.log(loss, out=loss)
    else:
        one[:] = 1.0
    residual = goal - loss
    np.multiply(x, u, out=xu)
    np.multiply(z, v, out=zv)
    np.multiply(x, xu, out=xxu)
    np.multiply(z, zv, out=zzv)
    return residual


def products(columns, weights, work):
    """Weighted sums (P, 5, 5) of products of the first five columns."""
    first = columns[:5]
    weighted = np.multiply(first, weights, out=work)
    return weighted.transpose(1, 0, 2) @ first.transpose(1, 2, 0)


def to_derivatives(theta, shift):
    """Matrices (P, 5, 5) that turn columns into derivatives of the law by theta.

    The derivative by an exponent is that with the term held at ``shift`` (P, 2).
    """
    out = np.zeros((len(theta), 5, 5))
    out[:, (0, 1, 3), (0, 1, 3)] = 1.0
    for k, (term, _) in enumerate(TERMS):
        size, exponent = theta[:, term], term + 1
        out[:, exponent, exponent] = -size
        out[:, exponent, term] = size * shift[:, k]
    return out


def by_block(stack, theta, compute):
    """What ``compute(rows, theta, work, at)`` gives for blocks of problems, joined.

    ``rows`` are x, z, goal and weights of the block ``at``, a slice; ``work`` is memory
    (14, P, n) to write into.
    """
    n_problems, n_rows = stack.weights.shape
    step = max(1, ROWS_IN_CACHE // n_rows)
    work = np.empty((14, min(step, n_problems), n_rows))
    parts = []
    for at in slices(n_problems, step):
        rows = [stack.x, stack.z, stack.goal]
        if len(stack.x) > 1:
            rows = [values[at] for values in rows]
        rows.append(stack.weights[at])
        here = theta[at]
        parts.append(compute(rows, here, work[:, : len(here)], at))
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def gram(stack, theta):
    """Weighted sums (P, 5, 5) of products of the derivatives of the law or its log."""

    def compute(rows, theta, work, _):
        law_columns(rows, theta, stack.on_logs, work[:7])
        return (products(work, rows[3], work[7:12]),)

    (sums,) = by_block(stack, theta, compute)
    turn = to_derivatives(theta, np.zeros((len(theta), 2)))
    return turn @ sums @ turn.transpose(0, 2, 1)


def objective_sums(stack, theta, delta):
    """Sums over the rows that the objective and its derivatives are made of.

    Returns
    -------
    value : (P,) the objective.
    sums : (P, 7, 2) of the columns times pull (weight times slope of the penalty), and
        times weight.
    curvature : (P, 5, 5) of products of columns.
    """

    def compute(rows, theta, work, at):
        columns, pull = work[:7], work[12]
        weights = rows[3]
        residual = law_columns(rows, theta, stack.on_logs, columns)
        slope, bend = residual, weights  # of the penalty, least squares
        if stack.objective == "huber-log":
            limit = delta[at]
            slope = np.maximum(residual, -limit, out=work[8])
            slope = np.minimum(slope, limit, out=work[8])
            bend = np.multiply(weights, slope == residual, out=work[9])
        np.multiply(weights, slope, out=pull)
        work[13] = weights
        sums = columns.transpose(1, 0, 2) @ work[12:].transpose(1, 2, 0)
        half = np.multiply(slope, 0.5, out=work[7])
        residual -= half
        value = np.einsum("pn,pn->p", pull, residual)
        if stack.on_logs:
            bend = np.add(bend, pull, out=residual)
        return value, sums, products(columns, bend, work[7:12])

    return by_block(stack, theta, compute)


def expand(stack, theta, delta):
    """The objective about ``theta`` (P, 5) to second order, an `Expansion`.

    ``delta`` (P, 1) is Huber's threshold.  Each term is taken at the middle of the rows
    that it matters to: there its size and its exponent are hardly correlated, and the
    curved valley between them becomes straight.
    """
    value, sums, hessian = objective_sums(stack, theta, delta)
    total = np.maximum(stack.weights.sum(axis=1), 1e-300)
    pull, mass = np.moveaxis(sums, -1, 0)
    of_terms = np.maximum(mass[:, (1, 3)], 1e-300)
    shift = mass[:, (2, 4)] / of_terms
    given = stack.lower == stack.upper
    shift[:, given[[1, 3]]] = 0.0  # a term of given size stays where it is
    turn = to_derivatives(theta, shift)
    gradient = -(turn @ pull[:, :5, None])[..., 0]
    hessian = turn @ hessian @ turn.transpose(0, 2, 1)
    scale = mass[:, :5] ** 2 / total[:, None]
    for k, (term, columns) in enumerate(TERMS):
        exponent = term + 1
        size = theta[:, term]
        middle = shift[:, k]
        plain, times_x, times_x2 = pull[:, columns].T
        slope = times_x - middle * plain
        bend = times_x2 - middle * (times_x + slope)
        hessian[:, term, exponent] += slope
        hessian[:, exponent, term] += slope
        hessian[:, exponent, exponent] -= size * bend
        plain, times_x, times_x2 = mass[:, columns].T
        around = 2 * times_x - middle * plain
        width = times_x2 - middle * around
        scale[:, exponent] = size**2 * plain * width / total
    scale += 1e-12 * scale.max(axis=1, keepdims=True) + 1e-300
    value = np.where(np.isfinite(value), value, np.inf)
    return Expansion(value, gradient, hessian, scale, shift)

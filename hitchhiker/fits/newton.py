"""The objective of a stack of problems to second order, and the way down to its minimum.

Everything is vectorised over problems; the rows of a few problems at a time pass
through memory that fits into the cache.
"""

import numpy as np

DELTA = 1e-3  # Huber's threshold on the log loss
BLOCK = 30_000  # rows of all problems looked at together: what fits into the cache
TOLERANCE = (
    1e-11  # gain that a step promises, relative to the objective, that ends the descent
)
FEW, MOST = 80, 300  # steps of a descent from one of several starts, and from the best
ROUNDING = 1e-18  # what rounding leaves of the objective, a row


def pieces(length, step):
    """Slices that cut ``length`` things into pieces of ``step``."""
    step = max(1, step)
    return [slice(i, i + step) for i in range(0, length, step)]


def model(stack, theta):
    """Loss (P, n) of laws (P, 5)."""
    E, a, alpha, b, beta = (theta[:, k, None] for k in range(5))
    return E + a * np.exp(-alpha * stack.x) + b * np.exp(-beta * stack.z)


def columns(rows, theta, on_logs, out):
    """Residuals (P, n) of ``rows`` x, z, goal, and in ``out`` (7, P, n) the columns.

    The columns are 1, u, x u, v, z v, x^2 u and z^2 v with u = exp(-alpha x) and v =
    exp(-beta z), divided by the law where the objective is on logs.
    """
    x, z, goal = rows[:3]
    E, a, alpha, b, beta = (theta[:, k, None] for k in range(5))
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


def products(cols, weights, work):
    """Weighted sums (P, 5, 5) of products of the first five columns."""
    weighted = np.multiply(cols[:5], weights, out=work).transpose(1, 0, 2)
    return weighted @ cols[:5].transpose(1, 2, 0)


def frame(theta, shift):
    """Matrices (P, 5, 5) that turn columns into derivatives, terms taken at ``shift`` (P, 2)."""
    out = np.zeros((len(theta), 5, 5))
    out[:, (0, 1, 3), (0, 1, 3)] = 1.0
    for i in (1, 3):
        out[:, i + 1, i + 1] = -theta[:, i]
        out[:, i + 1, i] = theta[:, i] * shift[:, i // 2]
    return out


def blocks(stack, theta, of):
    """What ``of(rows, theta, work, at)`` gives for blocks of problems, joined.

    ``rows`` are x, z, goal and weights of the block, ``work`` is memory (14, P, n).
    """
    P, n = stack.weights.shape
    step = max(1, BLOCK // n)
    work = np.empty((14, min(step, P), n))
    shared = len(stack.x) == 1
    parts = []
    for at in pieces(P, step):
        rows = [v if shared else v[at] for v in (stack.x, stack.z, stack.goal)]
        here = theta[at]
        parts.append(of((*rows, stack.weights[at]), here, work[:, : len(here)], at))
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def gram(stack, theta):
    """Weighted sums (P, 5, 5) of products of the derivatives of the law or its log."""

    def of(rows, theta, work, _):
        columns(rows, theta, stack.on_logs, work[:7])
        return (products(work, rows[3], work[7:12]),)

    turn = frame(theta, np.zeros((len(theta), 2)))
    return turn @ blocks(stack, theta, of)[0] @ turn.transpose(0, 2, 1)


def sums(stack, theta, delta):
    """Objective (P,), sums (P, 7, 2) of the columns by pull and by weight, curvature (P, 5, 5)."""

    def of(rows, theta, work, at):
        residual = columns(rows, theta, stack.on_logs, work[:7])
        psi, bend = residual, rows[3]
        pull, work[13] = work[12], rows[3]
        if stack.objective == "huber-log":
            limit = delta[at]
            psi = np.minimum(
                np.maximum(residual, -limit, out=work[8]), limit, out=work[8]
            )
            bend = np.multiply(bend, psi == residual, out=work[9])
        np.multiply(rows[3], psi, out=pull)
        both = work[:7].transpose(1, 0, 2) @ work[12:].transpose(1, 2, 0)
        residual = np.subtract(
            residual, np.multiply(psi, 0.5, out=work[7]), out=residual
        )
        value = np.einsum("pn,pn->p", pull, residual)
        if stack.on_logs:
            bend = np.add(bend, pull, out=residual)
        return value, both, products(work, bend, work[7:12])

    return blocks(stack, theta, of)


def expand(stack, theta, delta):
    """The objective about ``theta`` (P, 5) to second order, under Huber's ``delta`` (P, 1).

    Each term is taken at the middle of the rows that it matters to, ``shift`` (P, 2)
    on the axes of x and z: there its size and its exponent are hardly correlated, and
    the curved valley between them becomes straight.

    Returns
    -------
    value (P,), gradient (P, 5), hessian (P, 5, 5), scale (P, 5) of the curvature, shift
    """
    value, both, hessian = sums(stack, theta, delta)
    total = np.maximum(stack.weights.sum(axis=1), 1e-300)
    pull, mass = both[..., 0], both[..., 1]
    shift = mass[:, (2, 4)] / np.maximum(mass[:, (1, 3)], 1e-300)
    shift[:, (stack.lower == stack.upper)[[1, 3]]] = (
        0.0  # a term of given size stays where it is
    )
    turn = frame(theta, shift)
    gradient = -(turn @ pull[:, :5, None])[..., 0]
    hessian = turn @ hessian @ turn.transpose(0, 2, 1)
    scale = mass[:, :5] ** 2 / total[:, None]
    for k, i in enumerate((1, 3)):
        size, middle = theta[:, i], shift[:, k]
        slope = pull[:, i + 1] - middle * pull[:, i]
        hessian[:, i, i + 1] += slope
        hessian[:, i + 1, i] += slope
        hessian[:, i + 1, i + 1] -= size * (
            pull[:, 5 + k] - middle * (pull[:, i + 1] + slope)
        )
        width = mass[:, 5 + k] - middle * (2 * mass[:, i + 1] - middle * mass[:, i])
        scale[:, i + 1] = size**2 * mass[:, i] * width / total
    scale += 1e-12 * scale.max(axis=1, keepdims=True) + 1e-300
    return np.where(np.isfinite(value), value, np.inf), gradient, hessian, scale, shift


def descend(stack, theta, spread, most=MOST):
    """Newton with Levenberg-Marquardt damping inside the bounds, from ``theta`` (P, 5).

    Returns theta, objective (P,), whether it came to rest and whether it ran out of
    steps (P,).  Huber's threshold starts at the ``spread`` (P,) of the residuals and
    falls to its value, or else its kinks stop the descent.  Problems leave the loop as
    they settle.
    """
    theta = np.clip(theta, stack.lower, stack.upper)
    delta = np.maximum(np.minimum(1.2 * spread, 1.0)[:, None], stack.delta)
    point = [theta, delta, *expand(stack, theta, delta)]
    floor = ROUNDING * stack.weights.sum(axis=1) + 1e-300
    damping = np.full(len(theta), 1e-4)
    found = [theta.copy(), point[2].copy(), *np.zeros((2, len(theta)), dtype=bool)]
    where, live = np.arange(len(theta)), np.isfinite(point[2])
    for _ in range(most):
        theta, delta, value = point[:3]
        proposal, promise = newton_step(stack, theta, damping, *point[3:])
        left = np.abs(promise) / (value + floor)
        live &= (left > TOLERANCE) | (damping > 1e-2) | (delta > stack.delta)[:, 0]
        live &= damping < 1e8
        if live.sum() <= 0.8 * len(live):
            for out, of in zip(found, (theta, value, left < 1e-6, live), strict=True):
                out[where] = of
            if not live.any():
                return found
            stack = stack.take(live)
            point = [v[live] for v in point]
            where, floor, damping, left, proposal, promise = (
                v[live] for v in (where, floor, damping, left, proposal, promise)
            )
            live, (theta, delta, value) = live[live], point[:3]
        calm = (promise <= 0.1 * value)[:, None]
        delta = np.where(calm, np.maximum(stack.delta, 0.5 * delta), delta)
        new = [proposal, delta, *expand(stack, proposal, delta)]
        good = live & (new[2] < value)
        for old, now in zip(point, new, strict=True):
            np.copyto(old, now, where=good.reshape(-1, *[1] * (old.ndim - 1)))
        changed = np.where(
            good, np.maximum(0.2 * damping, 1e-12), np.maximum(30 * damping, 1e-2)
        )
        damping = np.where(live, changed, damping)
    for out, of in zip(found, (*point[:3:2], left < 1e-6, live), strict=True):
        out[where] = of
    return found


def newton_step(stack, theta, damping, gradient, hessian, scale, shift):
    """Damped step inside the bounds (P, 5) and the gain it promises (P,)."""
    lower, upper = stack.lower, stack.upper
    held = (theta <= lower) & (gradient >= 0) | (theta >= upper) & (gradient <= 0)
    held |= lower == upper
    curved = upward(apart(hessian, held, scale), scale)
    damped = curved.copy()
    index = np.arange(5)
    damped[:, index, index] += damping[:, None] * scale
    step, pull = np.zeros_like(theta), gradient
    for _ in range(2):  # what would cross a bound goes to it, the rest is solved again
        pull = np.where(held, 0.0, pull)
        moved = -np.linalg.solve(apart(damped, held, scale), pull[..., None])[..., 0]
        total = theta + step + moved
        crossing = ~held & ((total < lower) | (total > upper))
        if not crossing.any():
            break
        step = np.where(crossing, np.clip(total, lower, upper) - theta, step)
        pull = gradient + (damped @ step[..., None])[..., 0]
        held = held | crossing
    proposal = np.clip(theta + step + moved, lower, upper)
    step = proposal - theta
    promise = -np.einsum(
        "pk,pk->p", gradient + 0.5 * (curved @ step[..., None])[..., 0], step
    )
    proposal[:, (1, 3)] *= np.exp(step[:, (2, 4)] * shift)
    return proposal, promise


def apart(matrix, held, scale):
    """Matrices (P, 5, 5) that do not couple what is held (P, 5) to the rest."""
    if not held.any():
        return matrix
    matrix = np.where(held[:, :, None] | held[:, None, :], 0.0, matrix)
    index = np.arange(5)
    matrix[:, index, index] += held * scale
    return matrix


def upward(hessian, scale):
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
        rest = rest[:, 1:, 1:] - row[:, :, None] * (row / pivot[:, None])[:, None, :]
    root = np.sqrt(scale[downward])
    outer = root[:, :, None] * root[:, None, :]
    bad = hessian[downward] / outer
    values, vectors = np.linalg.eigh(np.where(np.isfinite(bad), bad, 0.0))
    sizes = np.maximum(np.abs(values), 1e-8)
    hessian = hessian.copy()
    hessian[downward] = (
        (vectors * sizes[:, None, :]) @ vectors.transpose(0, 2, 1) * outer
    )
    return hessian

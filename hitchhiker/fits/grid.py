"""Starts that no local optimum can hide: the best linear fit at every pair of exponents.

For fixed alpha and beta a law is linear in E, A and B.  The sums that a linear
least-squares fit needs are shared over a grid of exponents, and its non-negative
solution has a closed form, so a grid costs little more than one step of the polish.
Arrays have the problems last, or numpy would loop over a dozen exponents at a time.
"""

import itertools

import numpy as np

GRID = np.array([0.005, 0.02, 0.05, 0.1, 0.16, 0.24, 0.35, 0.5, 0.75, 1.2, 2.2, 5.0])
SHARES = np.r_[np.linspace(1.2, 0.1, 12), 0.03, 1e-2, 1e-3, 1e-4]  # see `exponent_grid`
BLOCK = 128  # problems looked at together: what fits into the cache
# cells whose sum of squares is so little above the best may hide another optimum
FLAT = 0.1
USUAL = 0.35  # exponents to prefer where the data do not care
FAR = 2  # if they lie so many cells away


def exponent_grid(lower, upper, counts, size, loss):
    """Exponents to try between two bounds; one if they are equal.

    A borrowed ``size`` of the term leaves few: those that make it a share of the loss
    at the middle of ``counts``, logarithms of N or D.
    """
    if lower == upper:
        return np.array([lower])
    if size is None or size <= 0:
        return GRID[(GRID >= lower) & (GRID <= upper)]
    axis = np.log(size / (SHARES * loss.mean())) / counts.mean()
    return np.unique(np.clip(axis, lower, upper))


def between(axis, place):
    """Exponents at fractional places of an axis of the grid."""
    return np.exp(np.interp(place, np.arange(len(axis)), np.log(axis)))


def grid_starts(stack, weights, n_starts):
    """Starts from the cells of the grid that are local minima of it.

    Parameters
    ----------
    stack : Stack
    weights : (P, n) weights of squared residuals of the loss.
    n_starts : int
        How many a problem may have.

    Returns
    -------
    theta : (C, 5) the best start of each problem in order, then others.
    owner : (C,) the problem of each start.
    spread : (C,) weighted root mean square of the residuals there.
    """
    lower, upper = stack.lower[[0, 1, 3]], stack.upper[[0, 1, 3]]
    known = {k: lower[k] for k in range(3) if lower[k] == upper[k]}
    axes = [
        exponent_grid(
            stack.lower[2 * k], stack.upper[2 * k], counts, known.get(k), stack.loss
        )
        for k, counts in ((1, stack.x), (2, stack.z))
    ]
    cuts = [slice(i, i + BLOCK) for i in range(0, len(weights), BLOCK)]
    cells = [
        block_peaks(stack.take(at), weights[at], axes, known, n_starts) for at in cuts
    ]
    cells = [
        (alpha, beta, owner + at.start, rank)
        for (alpha, beta, owner, rank), at in zip(cells, cuts, strict=True)
    ]
    alpha, beta, owner, rank = (
        np.concatenate(part) for part in zip(*cells, strict=True)
    )
    order = np.lexsort((owner, rank))
    alpha, beta, owner = alpha[order], beta[order], owner[order]
    cuts = [slice(i, i + BLOCK) for i in range(0, len(owner), BLOCK)]
    sums = [
        row_sums(stack.take(owner[at]), weights[owner[at]], alpha[at], beta[at])
        for at in cuts
    ]
    linear, spread = linear_best(np.concatenate(sums), known)
    E, a, b = linear.T
    E = np.where(E + a + b > 0, E, 1.0)  # a law of zero has no logarithm
    return np.stack([E, a, alpha, b, beta], axis=1), owner, spread


def block_peaks(stack, weights, axes, known, n_starts):
    """Exponents (C,) and (C,) of the best starts, their problem and rank in it (C,)."""
    wall = np.full((len(axes[0]) + 2, len(axes[1]) + 2, len(weights)), -np.inf)
    gain = wall[1:-1, 1:-1]
    gain[:] = 0.0
    gram, moment, square = grid_sums(stack, weights, *axes)
    for _, _, more in linear_fits(gram, moment, known):
        np.fmax(gain, more, out=gain)
    for (
        k,
        c,
    ) in known.items():  # what borrowed terms explain, which depends on their exponents
        gain += 2 * c * moment[k]
        gain -= sum(c * d * gram[min(k, m), max(k, m)] for m, d in known.items())
    gain -= (1e-6 * (square - gain) + 1e-12 * square) * oddness(
        *axes
    )  # usual among equals
    i, j, owner, rank = peaks(wall, n_starts)
    up, right = summit(wall, i, j, owner)
    first = rank == 0
    far = outskirts(gain, i[first], j[first], square)
    places = [np.append(i + up, far[0]), np.append(j + right, far[1])]
    rank = np.append(rank, np.full(len(far[0]), n_starts))
    return (
        between(axes[0], places[0]),
        between(axes[1], places[1]),
        np.append(owner, far[2]),
        rank,
    )


def oddness(alphas, betas):
    """Squared distance (ga, gb, 1) of each pair of exponents from the usual ones."""
    one, other = (np.log(axis / USUAL) ** 2 for axis in (alphas, betas))
    return (one[:, None] + other)[..., None]


def outskirts(gain, i, j, square):
    """Row, column and problem (C,) of cells far from the best (i, j) (P,) but hardly worse.

    They are the ends of the flat part of the grid along either exponent.
    """
    problems = np.arange(len(i))
    top = gain[i, j, problems]
    flat = gain >= top - FLAT * (square - top)
    found = []
    for axis, best in ((0, i), (1, j)):
        some = flat.any(axis=1 - axis)
        last = len(some) - 1
        for end in (some.argmax(axis=0), last - some[::-1].argmax(axis=0)):
            who = np.flatnonzero(np.abs(end - best) >= FAR)
            if len(who):
                line = np.moveaxis(gain, axis, 0)[end[who], :, who]
                cell = (end[who], line.argmax(axis=1))
                found.append((cell[axis], cell[1 - axis], who))
    none = np.empty((3, 0), dtype=int)
    return np.concatenate([none, *(np.stack(f) for f in found)], axis=1).astype(int)


def linear_best(sums, known):
    """Non-negative E, a, b (C, 3) of least squares, and the spread (C,) they leave.

    ``sums`` (C, 4, 4) are as from `row_sums`.
    """
    gram = {(i, j): sums[:, i, j] for i in range(3) for j in range(i, 3)}
    best = np.zeros(len(sums))
    linear = np.empty((len(sums), 3))
    linear[:] = [known.get(k, 0.0) for k in range(3)]
    for active, solution, more in linear_fits(gram, list(sums[:, :3, 3].T), known):
        wins = more > best
        best = np.where(wins, more, best)
        for k in {0, 1, 2} - known.keys():
            value = solution[active.index(k)] if k in active else 0.0
            linear[:, k] = np.where(wins, value, linear[:, k])
    left = np.append(linear, np.full((len(sums), 1), -1.0), axis=1)
    squares = np.einsum("ci,cij,cj->c", left, sums, left)
    return linear, np.sqrt(np.maximum(squares, 0.0) / np.maximum(sums[:, 0, 0], 1e-300))


def row_sums(stack, weights, alpha, beta):
    """Weighted products (P, 4, 4) of 1, u, v and the loss at a pair of exponents a problem."""
    side = np.empty((4, *weights.shape))
    side[0] = 1.0
    np.exp(np.multiply(-alpha[:, None], stack.x, out=side[1]), out=side[1])
    np.exp(np.multiply(-beta[:, None], stack.z, out=side[2]), out=side[2])
    side[3] = stack.loss
    return (side * weights).transpose(1, 0, 2) @ side.transpose(1, 2, 0)


def summit(wall, i, j, owner):
    """How far (C,) and (C,) from a cell the highest point of a parabola through it lies."""
    near = {
        (p, q): wall[i + 1 + p, j + 1 + q, owner]
        for p in (-1, 0, 1)
        for q in (-1, 0, 1)
    }
    slope_i, slope_j = (near[1, 0] - near[-1, 0]) / 2, (near[0, 1] - near[0, -1]) / 2
    bend_i = near[1, 0] + near[-1, 0] - 2 * near[0, 0]
    bend_j = near[0, 1] + near[0, -1] - 2 * near[0, 0]
    twist = (near[1, 1] + near[-1, -1] - near[1, -1] - near[-1, 1]) / 4
    det = bend_i * bend_j - twist**2
    inside = (
        (i > 0) & (i < len(wall) - 3) & (j > 0) & (j < wall.shape[1] - 3) & (det > 0)
    )
    det = np.where(inside, det, 1.0)
    up = np.where(inside, (twist * slope_j - bend_j * slope_i) / det, 0.0)
    right = np.where(inside, (twist * slope_i - bend_i * slope_j) / det, 0.0)
    return np.clip(up, -0.75, 0.75), np.clip(right, -0.75, 0.75)


def peaks(wall, n_most):
    """The highest cells (C,) of each problem that are no lower than their neighbours.

    ``wall`` is (ga + 2, gb + 2, P), minus infinity around the cells.  Returns row,
    column, problem and rank in the problem, at least one a problem.
    """
    high = np.maximum(np.maximum(wall[:-2], wall[2:]), wall[1:-1])
    high = np.maximum(np.maximum(high[:, :-2], high[:, 2:]), high[:, 1:-1])
    i, j, owner = np.nonzero(wall[1:-1, 1:-1] >= high)
    order = np.lexsort((-wall[i + 1, j + 1, owner], owner))
    i, j, owner = i[order], j[order], owner[order]
    rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
    keep = rank < n_most
    return i[keep], j[keep], owner[keep], rank[keep]


def same_basin(theta, other):
    """Whether laws (P, 5) lie within a cell and a half of each other on the grid."""
    places = [
        np.interp(np.log(t[:, [2, 4]]), np.log(GRID), np.arange(len(GRID)))
        for t in (theta, other)
    ]
    near = np.abs(places[0] - places[1]) < 1.5
    return (near & ((theta[:, [1, 3]] > 0) == (other[:, [1, 3]] > 0))).all(axis=1)


def grid_sums(stack, weights, alphas, betas):
    """Sums over rows that a linear fit needs at each pair of exponents.

    Returns the Gram matrix as a dict of (ga, gb, P) arrays (or broadcastable) by
    pair of columns 1, u, v, the list of their moments with the loss, and the
    loss's square (P,).
    """
    u = np.exp(-alphas[:, None] * stack.x[:, None])  # (S, ga, n)
    v = np.exp(-betas[:, None] * stack.z[:, None])
    y = stack.loss[:, None]
    ga, gb = len(alphas), len(betas)
    singles = np.concatenate(
        [np.ones_like(y), y, y**2, u, u**2, u * y, v, v**2, v * y], axis=1
    )
    if len(u) > 1:
        sums = (singles @ weights[..., None])[..., 0].T
        suv = ((u * weights[:, None]) @ v.transpose(0, 2, 1)).transpose(1, 2, 0)
    else:
        pairs = (u[0][:, None] * v[0]).reshape(ga * gb, -1)
        sums = np.concatenate([singles[0], pairs]) @ weights.T
        suv = sums[-ga * gb :].reshape(ga, gb, -1)
    at = np.cumsum([0, 1, 1, 1, ga, ga, ga, gb, gb, gb])
    s1, sy, syy, su, suu, suy, sv, svv, svy = (
        sums[i:j] for i, j in itertools.pairwise(at)
    )
    over_a, over_b = (lambda s: s[:, None]), (lambda s: s[None])
    gram = {
        (0, 0): over_a(s1),
        (0, 1): over_a(su),
        (0, 2): over_b(sv),
        (1, 1): over_a(suu),
        (1, 2): suv,
        (2, 2): over_b(svv),
    }
    return gram, [over_a(sy), over_a(suy), over_b(svy)], syy[0]


def linear_fits(gram, moment, known):
    """Least-squares fits with every set of non-zero coefficients E, a, b (seven at most).

    The best feasible one is the non-negative solution: exact, and without a loop
    over problems.

    Parameters
    ----------
    gram, moment
        As from `grid_sums`.
    known : dict
        Coefficients that are given, by their place among E, a, b.

    Yields
    ------
    active : tuple of int
    solution : list of arrays, one for each of ``active``
    gain : array
        What the sum of squares falls by, 0 where a coefficient is negative.
    """
    entry = lambda i, j: gram[min(i, j), max(i, j)]  # noqa: E731
    free = [k for k in range(3) if k not in known]
    rest = [
        moment[i] - sum(c * entry(i, k) for k, c in known.items()) for i in range(3)
    ]
    for size in range(1, len(free) + 1):
        for active in itertools.combinations(free, size):
            upper = [
                [
                    entry(i, j) * (1 + 1e-12) if i == j else entry(i, j)
                    for j in active[k:]
                ]
                for k, i in enumerate(active)
            ]
            solution = eliminate(upper, [rest[i] for i in active])
            gain, least = solution[0] * rest[active[0]], solution[0]
            for c, i in zip(solution[1:], active[1:], strict=True):
                gain = gain + c * rest[i]
                least = np.minimum(least, c)
            yield active, solution, np.where(least >= 0, gain, 0.0)


def eliminate(upper, vector):
    """Solve a small positive definite system whose entries are arrays.

    ``upper`` has the rows of the upper triangle, each from its diagonal on.
    """
    pivot, *row = upper[0]
    if not row:
        return [vector[0] / pivot]
    ratio = [r / pivot for r in row]
    inner = [
        [m - ratio[k] * r for m, r in zip(line, row[k:], strict=True)]
        for k, line in enumerate(upper[1:])
    ]
    tail = eliminate(
        inner, [v - r * vector[0] for v, r in zip(vector[1:], ratio, strict=True)]
    )
    head = vector[0] / pivot
    for r, t in zip(ratio, tail, strict=True):
        head = head - r * t
    return [head, *tail]

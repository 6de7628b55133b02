"""The best E, A and B at given exponents: a law is then linear in them.

The sums that linear least squares needs are shared over a grid of exponents, and the
solution without negative coefficients has a closed form, so a whole grid costs little
more than one step of the polish.  Arrays over the grid have the problems last, or numpy
would loop over a dozen exponents at a time.

Throughout u = exp(-alpha x) and v = exp(-beta z) are the terms of size one, and the
coefficients of 1, u, v are E, a, b.
"""

import itertools
from functools import reduce

import numpy as np


def row_sums(stack, weights, alpha, beta):
    """Weighted products (P, 4, 4) of 1, u, v and loss at exponents (P,) and (P,)."""
    columns = np.empty((4, *weights.shape))
    one, u, v, loss = columns
    one[:] = 1.0
    loss[:] = stack.loss
    np.multiply(-alpha[:, None], stack.x, out=u)
    np.multiply(-beta[:, None], stack.z, out=v)
    np.exp(u, out=u)
    np.exp(v, out=v)
    weighted = columns * weights
    return weighted.transpose(1, 0, 2) @ columns.transpose(1, 2, 0)


def grid_sums(stack, weights, alphas, betas):
    """Sums over rows that a linear fit needs at each pair of exponents.

    Returns
    -------
    gram : dict
        By pair of the columns 1, u, v the sums of their products, arrays that broadcast
        to (n_alphas, n_betas, P).
    moment : list
        For each of the columns the sum of its products with the loss, in such arrays.
    square : array, shape (P,)
        The sum of the squared loss.
    """
    u = np.exp(-alphas[:, None] * stack.x[:, None])  # (1 or P, n_alphas, n)
    v = np.exp(-betas[:, None] * stack.z[:, None])
    y = stack.loss[:, None]
    columns = {"one": np.ones_like(y), "y": y, "yy": y**2}
    columns |= {"u": u, "uu": u**2, "uy": u * y}
    columns |= {"v": v, "vv": v**2, "vy": v * y}
    singles = np.concatenate(list(columns.values()), axis=1)
    if len(u) > 1:
        sums = (singles @ weights[..., None])[..., 0].T
        pairs = (u * weights[:, None]) @ v.transpose(0, 2, 1)
        uv = pairs.transpose(1, 2, 0)
    else:
        pairs = u[0][:, None] * v[0]
        rows = pairs.reshape(-1, pairs.shape[-1])
        sums = np.concatenate([singles[0], rows]) @ weights.T
        uv = sums[-len(rows) :].reshape(len(alphas), len(betas), -1)
    total, start = {}, 0
    for name, column in columns.items():
        end = start + column.shape[1]
        axis = 0 if name.startswith("v") else 1  # of the grid, which it is the same on
        total[name] = np.expand_dims(sums[start:end], axis)
        start = end
    gram = {
        (0, 0): total["one"],
        (0, 1): total["u"],
        (0, 2): total["v"],
        (1, 1): total["uu"],
        (1, 2): uv,
        (2, 2): total["vv"],
    }
    moment = [total["y"], total["uy"], total["vy"]]
    return gram, moment, total["yy"][0, 0]


def linear_fits(gram, moment, known):
    """Least-squares fits with every set of non-zero coefficients, seven at most.

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

    def product(i, j):
        return gram[min(i, j), max(i, j)]

    free = [k for k in range(3) if k not in known]
    rest = {}
    for i in free:
        explained = sum(c * product(i, k) for k, c in known.items())
        rest[i] = moment[i] - explained
    for size in range(1, len(free) + 1):
        for active in itertools.combinations(free, size):
            upper = []
            for k, i in enumerate(active):
                row = [product(i, j) for j in active[k:]]
                row[0] = row[0] * (1 + 1e-12)  # no pivot is zero
                upper.append(row)
            vector = [rest[i] for i in active]
            solution = eliminate(upper, vector)
            gain = sum(c * m for c, m in zip(solution, vector, strict=True))
            least = reduce(np.minimum, solution)
            yield active, solution, np.where(least >= 0, gain, 0.0)


def linear_best(sums, known):
    """Non-negative E, a, b (C, 3) of least squares, and the spread (C,) they leave.

    Parameters
    ----------
    sums : array, shape (C, 4, 4)
        As from `row_sums`.
    known : dict
        As for `linear_fits`.
    """
    count = len(sums)
    upper = [(i, j) for i in range(3) for j in range(i, 3)]
    gram = {(i, j): sums[:, i, j] for i, j in upper}
    moment = list(sums[:, :3, 3].T)
    most = np.zeros(count)
    linear = np.empty((count, 3))
    linear[:] = [known.get(k, 0.0) for k in range(3)]
    free = {0, 1, 2} - known.keys()
    for active, solution, gain in linear_fits(gram, moment, known):
        wins = gain > most
        most = np.where(wins, gain, most)
        for k in free:
            value = solution[active.index(k)] if k in active else 0.0
            linear[:, k] = np.where(wins, value, linear[:, k])
    minus_loss = np.full((count, 1), -1.0)
    residual = np.append(linear, minus_loss, axis=1)
    squares = np.einsum("ci,cij,cj->c", residual, sums, residual)
    total = np.maximum(sums[:, 0, 0], 1e-300)
    return linear, np.sqrt(np.maximum(squares, 0.0) / total)


def eliminate(upper, vector):
    """Solve a small positive definite system whose entries are arrays.

    ``upper`` has the rows of the upper triangle, each from its diagonal on.
    """
    pivot, *row = upper[0]
    head = vector[0] / pivot
    if not row:
        return [head]
    ratio = [entry / pivot for entry in row]
    inner = []
    for k, line in enumerate(upper[1:]):
        pairs = zip(line, row[k:], strict=True)
        inner.append([entry - ratio[k] * above for entry, above in pairs])
    pairs = zip(vector[1:], ratio, strict=True)
    tail = eliminate(inner, [entry - r * vector[0] for entry, r in pairs])
    for r, value in zip(ratio, tail, strict=True):
        head = head - r * value
    return [head, *tail]

"""Starts that no local optimum can hide: linear fits at every pair of exponents."""

import numpy as np

from .linear import grid_sums, linear_best, linear_fits, row_sums
from .stack import slices

EXPONENT_GRID = np.array(
    [0.005, 0.02, 0.05, 0.1, 0.16, 0.24, 0.35, 0.5, 0.75, 1.2, 2.2, 5.0]
)
# Shares of the loss that a term of borrowed size may have, see `exponent_axis`.
TERM_SHARES = np.r_[np.linspace(1.2, 0.1, 12), 0.03, 1e-2, 1e-3, 1e-4]
PROBLEMS_IN_CACHE = 128  # problems whose grids are looked at together
FLAT_RISE = 0.1  # rise of the sum of squares that may still hide another optimum
MIN_CELLS_APART = 2  # cells from the best from which such a place is a start of its own
TYPICAL_EXPONENT = 0.35  # to prefer where the data do not care
LARGEST_REFINEMENT = 0.75  # cells that a start may move from its cell of the grid
SAME_BASIN = 1.5  # cells between exponents of what counts as one optimum


def exponent_axis(lower, upper, counts, size, loss):
    """Exponents to try between two bounds; one if they are equal.

    A borrowed ``size`` of the term leaves few: those that make it a share of the loss
    at the middle of ``counts``, logarithms of N or D.
    """
    if lower == upper:
        return np.array([lower])
    if size is None or size <= 0:
        return EXPONENT_GRID[(EXPONENT_GRID >= lower) & (EXPONENT_GRID <= upper)]
    over_term = size / (TERM_SHARES * loss.mean())
    axis = np.log(over_term) / counts.mean()
    return np.unique(np.clip(axis, lower, upper))


def exponents_at(axis, place):
    """Exponents at fractional places of an axis of the grid."""
    places = np.arange(len(axis))
    return np.exp(np.interp(place, places, np.log(axis)))


def places_of(theta):
    """Fractional places (P, 2) of the exponents of laws (P, 5) on the grid."""
    exponents = np.log(theta[:, [2, 4]])
    axis = np.log(EXPONENT_GRID)
    return np.interp(exponents, axis, np.arange(len(axis)))


def same_basin(theta, other):
    """Whether laws (P, 5) have the same terms and lie close together on the grid."""
    distance = np.abs(places_of(theta) - places_of(other))
    terms, other_terms = theta[:, [1, 3]], other[:, [1, 3]]
    alike = (terms > 0) == (other_terms > 0)
    near = distance < SAME_BASIN
    return (near & alike).all(axis=1)


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
    known = {}  # borrowed E, A, B by their place among the three
    for k, i in enumerate((0, 1, 3)):
        if stack.lower[i] == stack.upper[i]:
            known[k] = stack.lower[i]
    bounds = list(zip(stack.lower, stack.upper, strict=True))
    alphas = exponent_axis(*bounds[2], stack.x, known.get(1), stack.loss)
    betas = exponent_axis(*bounds[4], stack.z, known.get(2), stack.loss)
    cells = []
    for at in slices(len(weights), PROBLEMS_IN_CACHE):
        here = stack.take(at)
        best = best_cells(here, weights[at], alphas, betas, known, n_starts)
        alpha, beta, owner, rank = best
        cells.append((alpha, beta, owner + at.start, rank))
    alpha, beta, owner, rank = map(np.concatenate, zip(*cells, strict=True))
    order = np.lexsort((owner, rank))
    alpha, beta, owner = alpha[order], beta[order], owner[order]
    sums = []
    for at in slices(len(owner), PROBLEMS_IN_CACHE):
        problems = owner[at]
        here = stack.take(problems)
        sums.append(row_sums(here, weights[problems], alpha[at], beta[at]))
    coefficients, spread = linear_best(np.concatenate(sums), known)
    E, a, b = coefficients.T
    E = np.where(E + a + b > 0, E, 1.0)  # a law of zero has no logarithm
    return np.stack([E, a, alpha, b, beta], axis=1), owner, spread


def best_cells(stack, weights, alphas, betas, known, n_starts):
    """Exponents (C,), (C,) of the best starts, their problem and rank in it (C,)."""
    gram, moment, square = grid_sums(stack, weights, alphas, betas)
    padded = np.full((len(alphas) + 2, len(betas) + 2, len(weights)), -np.inf)
    gain = padded[1:-1, 1:-1]
    gain[:] = 0.0
    for _, _, of_some in linear_fits(gram, moment, known):
        np.fmax(gain, of_some, out=gain)
    for k, c in known.items():  # what borrowed terms explain depends on the exponents
        gain += 2 * c * moment[k]
        gain -= sum(c * d * gram[min(k, m), max(k, m)] for m, d in known.items())
    tie = 1e-6 * (square - gain) + 1e-12 * square
    gain -= tie * atypicality(alphas, betas)
    i, j, owner, rank = local_maxima(padded, n_starts)
    first = rank == 0
    far_i, far_j, far_owner = flat_ends(gain, i[first], j[first], square)
    last_rank = np.full(len(far_i), n_starts)
    up, right = refine_maximum(padded, i, j, owner)
    rows = np.append(i + up, far_i)
    columns = np.append(j + right, far_j)
    return (
        exponents_at(alphas, rows),
        exponents_at(betas, columns),
        np.append(owner, far_owner),
        np.append(rank, last_rank),
    )


def atypicality(alphas, betas):
    """Squared log distance (n_alphas, n_betas, 1) of exponents from the typical one."""
    of_alpha = np.log(alphas / TYPICAL_EXPONENT) ** 2
    of_beta = np.log(betas / TYPICAL_EXPONENT) ** 2
    return (of_alpha[:, None] + of_beta)[..., None]


def local_maxima(padded, n_most):
    """The highest cells (C,) of each problem that are no lower than their neighbours.

    ``padded`` is (n_alphas + 2, n_betas + 2, P), minus infinity around the cells.
    Returns row, column, problem and rank in the problem, at least one a problem.
    """
    cells = padded[1:-1, 1:-1]
    of_column = np.maximum(padded[:-2], padded[2:])
    of_column = np.maximum(of_column, padded[1:-1])
    around = np.maximum(of_column[:, :-2], of_column[:, 2:])
    around = np.maximum(around, of_column[:, 1:-1])
    places = np.nonzero(cells >= around)
    order = np.lexsort((-cells[places], places[2]))
    i, j, owner = (place[order] for place in places)
    first = np.searchsorted(owner, owner)
    rank = np.arange(len(owner)) - first
    keep = rank < n_most
    return i[keep], j[keep], owner[keep], rank[keep]


def refine_maximum(padded, i, j, owner):
    """Steps (C,), (C,) from cells to the top of the parabola through their neighbours.

    Cells at the edge of the grid, and those without a maximum near, stay.
    """

    def value(up, right):
        return padded[i + 1 + up, j + 1 + right, owner]

    here = value(0, 0)
    above, below = value(1, 0), value(-1, 0)
    after, before = value(0, 1), value(0, -1)
    slope_i = (above - below) / 2
    slope_j = (after - before) / 2
    bend_i = above + below - 2 * here
    bend_j = after + before - 2 * here
    diagonal = value(1, 1) + value(-1, -1)
    twist = (diagonal - value(1, -1) - value(-1, 1)) / 4
    determinant = bend_i * bend_j - twist**2
    rows, columns, _ = padded.shape
    inside = (i > 0) & (i < rows - 3) & (j > 0) & (j < columns - 3)
    peaked = inside & (determinant > 0)
    determinant = np.where(peaked, determinant, 1.0)
    up = (twist * slope_j - bend_j * slope_i) / determinant
    right = (twist * slope_i - bend_i * slope_j) / determinant
    steps = np.where(peaked, [up, right], 0.0)
    return np.clip(steps, -LARGEST_REFINEMENT, LARGEST_REFINEMENT)


def flat_ends(gain, i, j, square):
    """Row, column and problem (C,) of cells far from the best (P,) but hardly worse.

    They are the ends of the flat part of the grid along either exponent.
    """
    best = gain[i, j, np.arange(len(i))]
    least = best - FLAT_RISE * (square - best)
    flat = gain >= least
    ends = [np.empty((3, 0), dtype=int)]
    for axis, of_best in ((0, i), (1, j)):
        lines = np.moveaxis(gain, axis, 0)
        reached = flat.any(axis=1 - axis)
        first = reached.argmax(axis=0)
        last = len(reached) - 1 - reached[::-1].argmax(axis=0)
        for end in (first, last):
            distance = np.abs(end - of_best)
            problem = np.flatnonzero(distance >= MIN_CELLS_APART)
            place = end[problem]
            across = lines[place, :, problem].argmax(axis=1)
            row, column = (place, across) if axis == 0 else (across, place)
            ends.append(np.stack([row, column, problem]))
    return np.concatenate(ends, axis=1)

"""What the data behind a fit determine, and what they leave open."""

from dataclasses import dataclass, fields

import numpy as np

from ..laws import PARAMETERS

STATUSES = ("ok", "at_bound", "not_identified", "too_few_points", "failed")
MANY_RUNS = 10  # runs from which on they are enough to show their own spread
RANK_TOLERANCE = 1e-11  # relative eigenvalue of the scaled Gram matrix that is zero
EXPONENT_MARGIN = 1e-9  # distance of an exponent from its bound that counts as none
BOUND_NOTES = {
    "E": "E is at its bound 0: these runs do not show where the loss levels off, so "
    "forecasts far beyond them are too low",
    "A": "A is at its bound 0: in these runs the loss does not fall with size, so "
    "alpha is open",
    "alpha": "alpha is at a bound: the sizes are too close, too few or too noisy to "
    "give it",
    "B": "B is at its bound 0: in these runs the loss does not fall with tokens, so "
    "beta is open",
    "beta": "beta is at a bound: the token counts are too close, too few or too noisy "
    "to give it",
}


@dataclass(frozen=True)
class Diagnosis:
    """Facts about P fits, an entry each.

    n_runs, n_rows, n_sizes, n_tokens : (P,) runs, checkpoints, distinct num_params
    and distinct tokens_seen of weight above zero.
    at_bound : (P, 5) whether a free parameter sits on a bound.
    singular : (P,) whether the curvature has a direction that the data do not see.
    settled : (P,) whether the solver came to rest.
    broken : (P,) whether there is no finite law at all.
    n_free : how many parameters were free.
    """

    n_runs: np.ndarray
    n_rows: np.ndarray
    n_sizes: np.ndarray
    n_tokens: np.ndarray
    at_bound: np.ndarray
    singular: np.ndarray
    settled: np.ndarray
    broken: np.ndarray
    n_free: int

    @classmethod
    def join(cls, parts):
        """One diagnosis of several with the same parameters free."""
        columns = {}
        for field in fields(cls)[:-1]:
            values = [getattr(part, field.name) for part in parts]
            columns[field.name] = np.concatenate(values)
        return cls(**columns, n_free=parts[0].n_free)

    def status(self):
        """One of `STATUSES` for each fit (P,), the gravest that applies."""
        out = np.full(len(self.n_rows), "ok", dtype=object)
        out[self.at_bound.any(axis=1)] = "at_bound"
        out[~self.settled] = "failed"
        out[self.singular] = "not_identified"  # a valley without end need not settle
        out[self.n_rows < self.n_free] = "too_few_points"
        out[self.broken] = "failed"
        return out

    def explain(self, index):
        """Sentences about one fit: what is not determined, and what would help."""
        notes = []
        n_rows = self.n_rows[index]
        if n_rows < self.n_free:
            plural = "" if n_rows == 1 else "s"
            notes.append(
                f"{n_rows} checkpoint{plural} cannot determine {self.n_free} free "
                "parameters: add runs, or borrow parameters with fixed="
            )
        if self.singular[index]:
            notes += self._unseen(index)
        for name, held in zip(PARAMETERS, self.at_bound[index], strict=True):
            if held:
                notes.append(BOUND_NOTES[name])
        settled = self.settled[index] or self.singular[index]
        if self.broken[index] or not settled:
            notes.append(
                "the solver did not settle: check the table for constant or wild losses"
            )
        return tuple(notes)

    def _unseen(self, index):
        how_many = ("no value", "one value", "two values")
        n_sizes, n_tokens = self.n_sizes[index], self.n_tokens[index]
        notes = []
        if n_sizes <= 2:
            notes.append(
                f"these runs have {how_many[n_sizes]} of num_params: E, A and alpha "
                "cannot be told apart, other laws fit as well and forecast "
                "differently; train a third size or borrow A and alpha with fixed="
            )
        if n_tokens <= 2:
            notes.append(
                f"these checkpoints have {how_many[n_tokens]} of tokens_seen: E, B and "
                "beta cannot be told apart; use intermediate checkpoints or borrow B "
                "and beta with fixed="
            )
        return notes or [
            "some combination of the parameters leaves no trace in these runs: vary "
            "parameters and tokens independently, or borrow a parameter with fixed="
        ]


def diagnose(gram, theta, lower, upper, settled, counts):
    """Diagnosis of P fits.

    Parameters
    ----------
    gram : array, shape (P, 5, 5)
        Weighted sums of products of the model's derivatives.
    theta, lower, upper : array, shape (P, 5), (5,), (5,)
        Solutions and bounds; a parameter with equal bounds is borrowed.
    settled : array, shape (P,)
    counts : dict of arrays, shape (P,)
        ``n_runs, n_rows, n_sizes, n_tokens`` of a `Diagnosis`.
    """
    free = lower < upper
    # Terms that vanish are exactly zero.
    margin = EXPONENT_MARGIN * np.array([0.0, 0.0, 1.0, 0.0, 1.0])
    at_bound = free & ((theta <= lower + margin) | (theta >= upper - margin))
    hidden = at_bound.copy()
    for term, exponent in ((1, 2), (3, 4)):  # without its term an exponent is not there
        at_bound[:, exponent] &= ~at_bound[:, term]
        hidden[:, exponent] |= at_bound[:, term]
    seen = free & ~hidden
    scale = np.sqrt(np.maximum(np.einsum("pkk->pk", gram), 1e-300))
    scaled = gram / (scale[:, :, None] * scale[:, None, :])
    scaled = np.where(seen[:, :, None] & seen[:, None, :], scaled, np.eye(5))
    scaled = np.where(np.isfinite(scaled), scaled, 0.0)
    singular = np.linalg.eigvalsh(scaled)[:, 0] < RANK_TOLERANCE
    # Too few values leave a direction open even where a bound hides it.
    singular |= free[[0, 1, 2]].sum() > counts["n_sizes"]
    singular |= free[[0, 3, 4]].sum() > counts["n_tokens"]
    broken = ~np.isfinite(gram).all(axis=(1, 2))
    return Diagnosis(
        **counts,
        at_bound=at_bound,
        singular=singular & ~broken,
        settled=settled,
        broken=broken,
        n_free=int(free.sum()),
    )


def distinct(codes, seen):
    """How many distinct codes (1 or P, n) each problem sees among its rows (P, n)."""
    width = codes.max() + 1
    if len(codes) == 1:
        if width < codes.shape[1]:  # bring rows of one code together
            order = np.argsort(codes[0], kind="stable")
            starts = np.flatnonzero(np.diff(codes[0][order], prepend=-1))
            seen = np.logical_or.reduceat(seen[:, order], starts, axis=1)
        return seen.sum(axis=1)
    hit = np.zeros((len(codes), width), dtype=bool)
    problem, row = np.nonzero(seen)
    hit[problem, codes[problem, row]] = True
    return hit.sum(axis=1)


def effective_rows(residual, runs):
    """How many independent observations the residuals of several runs are worth.

    Checkpoints of one run share its luck: with a correlation rho between two of them,
    m checkpoints count as m / (1 + (m - 1) rho).  rho is estimated from the variances
    between and within runs (Kish 1965, section 5.4).

    Parameters
    ----------
    residual : array, shape (n,)
    runs : array, shape (n,)
        Codes of the runs.

    Returns
    -------
    float
        Between the number of runs and n.

    Examples
    --------
    >>> float(effective_rows(np.array([1.0, 1.0, -1.0, -1.0]), np.array([0, 0, 1, 1])))
    2.0
    """
    n_rows, codes = len(residual), np.unique(runs, return_inverse=True)[1]
    sizes = np.bincount(codes)
    n_runs = len(sizes)
    if n_runs in (1, n_rows):
        return float(n_runs)
    mean = np.bincount(codes, residual) / sizes
    around_all = sizes * (mean - residual.mean()) ** 2
    around_own = (residual - mean[codes]) ** 2
    between = np.sum(around_all) / (n_runs - 1)
    within = np.sum(around_own) / (n_rows - n_runs)
    usual = (n_rows - np.sum(sizes**2) / n_rows) / (n_runs - 1)
    total = between + (usual - 1) * within
    rho = 1.0
    if total > 0:
        rho = np.clip((between - within) / total, 0.0, 1.0)
    return float(n_rows / (1 + (n_rows / n_runs - 1) * rho))


def covariance(law, free, num_params, tokens_seen, residual, runs, on_logs):
    """Covariance (5, 5) of E, ln A, alpha, ln B, beta, and the observations it counts.

    The quick alternative to a bootstrap: the curvature of the law and, with ten runs or
    more, what each run adds to the gradient (a sandwich clustered by run); with fewer
    the variance of the residuals, which count as many as `effective_rows` says.  NaN
    for parameters that are not ``free`` (5,) bool.

    Parameters
    ----------
    law : ScalingLaw
    num_params, tokens_seen, residual, runs : arrays, shape (n,)
    on_logs : bool
        Whether residuals are those of the log loss.
    """
    slopes = law_slopes(law, num_params, tokens_seen)
    if on_logs:
        slopes /= law.predict(num_params, tokens_seen)[:, None]
    slopes = slopes[:, free]
    scale = np.sqrt(np.sum(slopes**2, axis=0))
    inverse = np.linalg.pinv(slopes / scale, rcond=1e-10)  # (k, n)
    worth = effective_rows(residual, runs)
    codes = np.unique(runs, return_inverse=True)[1]
    count = codes.max() + 1
    if count >= MANY_RUNS:  # what the runs themselves show
        by_run = np.zeros((count, len(scale)))
        np.add.at(by_run, codes, (inverse * residual).T)
        spread = by_run.T @ by_run * count / (count - 1)
    else:
        variance = np.mean(residual**2) * len(residual) / worth
        spread = variance * (inverse @ inverse.T)
    out = np.full((5, 5), np.nan)
    out[np.ix_(free, free)] = spread / np.outer(scale, scale)
    return out, worth


def law_slopes(law, num_params, tokens_seen):
    """Derivatives (n, 5) of the loss of a law by E, ln A, alpha, ln B, beta."""
    size_term, token_term = law.terms(num_params, tokens_seen)
    by_alpha = -size_term * np.log(num_params)
    by_beta = -token_term * np.log(tokens_seen)
    columns = [np.ones_like(size_term), size_term, by_alpha, token_term, by_beta]
    return np.stack(columns, axis=-1)

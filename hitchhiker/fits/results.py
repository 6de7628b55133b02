"""What an estimation returns: a law, its status, and what to think of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..laws import PARAMETERS, Z_80, Laws, ScalingLaw
from ..runs.words import first_rows, on_screen
from .identification import Diagnosis

OPEN_STATUSES = ("not_identified", "too_few_points")  # parameters are one of many


@dataclass(frozen=True)
class Fit:
    """A law estimated from runs, and what to think of it.

    Attributes
    ----------
    law : ScalingLaw
        Always present: refuse and carry.
    status : str
        "ok"; "at_bound": a parameter sits on its bound (E, A, B >= 0, exponents in
        `solver.EXPONENT_BOUNDS`); "not_identified": other laws fit these runs as well;
        "too_few_points": fewer checkpoints than free parameters; "failed": the
        solver did not settle.
    objective : float
        The minimised sum.
    objective_name : str
        "huber-log", "huber-scaled", "ls-log" or "ls".
    n_runs, n_rows : int
        Runs and checkpoints used, those of weight zero not counted.
    fixed : dict
        Borrowed parameters.
    warnings : tuple of str
        What the data do not determine, and what is doubtful in the table, in plain
        words.
    n_early : int
        Checkpoints that the early cut left out of the table.
    covariance : array, shape (5, 5), optional
        Of E, ln A, alpha, ln B, beta; NaN where a parameter is borrowed or at a bound;
        see `hitchhiker.fits.identification.covariance`.  `fit` gives it, `fit_many`
        does not.
    n_effective : float, optional
        Independent observations that the checkpoints are worth.
    """

    law: ScalingLaw
    status: str
    objective: float
    objective_name: str
    n_runs: int
    n_rows: int
    fixed: dict
    warnings: tuple[str, ...] = ()
    n_early: int = 0
    covariance: np.ndarray | None = None
    n_effective: float | None = None

    def predict(self, num_params, tokens_seen):
        """Loss at parameters and tokens: the law's `ScalingLaw.predict`."""
        return self.law.predict(num_params, tokens_seen)

    def summary(self):
        """The fit in a few lines of text."""
        lines = [
            f"L = E + A / N^alpha + B / D^beta   [{self.status}]",
            f"{self.n_rows} checkpoints of {self.n_runs} runs, "
            f"objective {self.objective_name} = {self.objective:.6g}",
        ]
        if self.n_early:
            lines.append(
                f"{self.n_early} early checkpoints left out (early=None keeps them)"
            )
        for name, value in self.law.as_dict().items():
            note = "   (borrowed)" if name in self.fixed else self._range(name)
            lines.append(f"{name:>6} = {value:.6g}{note}")
        lines += self._trades()
        lines += [f"warning: {warning}" for warning in self.warnings]
        return "\n".join(lines)

    def __repr__(self):
        return on_screen("Fit", self.summary())

    def _range(self, name):
        """Interval of a parameter in words, that of A and B on a log scale."""
        if self.covariance is None:
            return ""
        k = PARAMETERS.index(name)
        variance = self.covariance[k, k]
        if not np.isfinite(variance):
            return ""
        if self.status in (*OPEN_STATUSES, "failed"):
            return "   (one of many)"
        value, half_width = getattr(self.law, name), Z_80 * np.sqrt(variance)
        if name in ("A", "B"):
            with np.errstate(over="ignore"):
                low, high = value * np.exp([-half_width, half_width])
        else:
            low, high = value - half_width, value + half_width
        return f"   (80 %: {low:.4g} to {high:.4g})"

    def _trades(self):
        """Lines on what counts and how far parameters trade against each other."""
        if self.covariance is None or self.status in OPEN_STATUSES:
            return
        yield f"worth about {self.n_effective:.0f} independent observations"
        for term, exponent in (("A", "alpha"), ("B", "beta")):
            pair = [PARAMETERS.index(term), PARAMETERS.index(exponent)]
            (of_term, both), (_, of_exponent) = self.covariance[np.ix_(pair, pair)]
            variance = of_term * of_exponent
            if np.isfinite([of_term, both, of_exponent]).all() and variance > 0:
                correlation = both / np.sqrt(variance)
                yield (
                    f"correlation of ln {term} and {exponent} {correlation:.3f}: "
                    "quote forecasts rather than either"
                )


@dataclass(frozen=True, eq=False)
class Fits(Sequence):
    """Many fits: a sequence of `Fit`, and the same as a table, one law a row.

    Attributes
    ----------
    laws : Laws
        The estimates; they predict all at once.
    objective : array, shape (n_fits,)
        The minimised sums.
    diagnosis : Diagnosis
        What the data of each determine.
    objective_name : str
    fixed : dict
        Borrowed parameters.
    n_early : int
        Checkpoints that the early cut left out of the table before all of them.
    warnings : tuple of str
        What is doubtful in the table, in plain words.
    """

    laws: Laws
    objective: np.ndarray
    diagnosis: Diagnosis
    objective_name: str
    fixed: dict
    n_early: int = 0
    warnings: tuple[str, ...] = ()

    @classmethod
    def join(cls, parts):
        """One sequence of several with the same objective and parameters borrowed."""
        first = parts[0]
        if len(parts) == 1:
            return first
        columns = [[getattr(p.laws, name) for p in parts] for name in PARAMETERS]
        return cls(
            Laws(*map(np.concatenate, columns)),
            np.concatenate([p.objective for p in parts]),
            Diagnosis.join([p.diagnosis for p in parts]),
            first.objective_name,
            first.fixed,
            first.n_early,
            first.warnings,
        )

    @cached_property
    def status(self):
        """The status of each (n_fits,), see `Fit`."""
        return self.diagnosis.status()

    @property
    def table(self):
        """E, A, alpha, B, beta, objective, status, n_runs, n_rows, one law a row."""
        return self.laws.table.assign(
            objective=self.objective,
            status=self.status,
            n_runs=self.diagnosis.n_runs,
            n_rows=self.diagnosis.n_rows,
        )

    def __repr__(self):
        names, counts = np.unique(self.status, return_counts=True)
        states = ", ".join(f"{n} {s}" for s, n in zip(names, counts, strict=True))
        return (
            f"Fits: {len(self)} fits, objective {self.objective_name} ({states})\n"
            + first_rows(self.table)
        )

    def __len__(self):
        return len(self.laws)

    def __getitem__(self, index):
        """One fit, or a list of them for a slice."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        return Fit(
            self.laws[index],
            self.status[index],
            float(self.objective[index]),
            self.objective_name,
            int(self.diagnosis.n_runs[index]),
            int(self.diagnosis.n_rows[index]),
            self.fixed,
            (*self.diagnosis.explain(index), *self.warnings),
            self.n_early,
        )

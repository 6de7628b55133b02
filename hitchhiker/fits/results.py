"""What an estimation returns: a law, its status, and what to think of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..laws import PARAMETERS, ScalingLaw

Z_80 = 1.2816  # standard deviations on either side of the middle that hold 80 %


@dataclass(frozen=True)
class Fit:
    """A law estimated from runs, and what to think of it.

    Attributes
    ----------
    law : ScalingLaw
        Always present: refuse and carry.
    status : str
        "ok"; "at_bound": a parameter sits on its bound (E, A, B >= 0, exponents in
        `solver.EXPONENTS`); "not_identified": other laws fit these runs as well;
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
        What the data do not determine, in plain words.
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
        for name, value in self.law.as_dict().items():
            note = "   (borrowed)" if name in self.fixed else self._range(name)
            lines.append(f"{name:>6} = {value:.6g}{note}")
        return "\n".join([*lines, *self._trades(), *(f"! {w}" for w in self.warnings)])

    def _range(self, name):
        """Interval of a parameter in words, that of A and B on a log scale."""
        k = PARAMETERS.index(name)
        if self.covariance is None or not np.isfinite(self.covariance[k, k]):
            return ""
        if self.status in ("not_identified", "too_few_points", "failed"):
            return "   (one of many)"
        value, reach = getattr(self.law, name), Z_80 * np.sqrt(self.covariance[k, k])
        ends = (value - reach, value + reach)
        if name in ("A", "B"):
            with np.errstate(over="ignore"):
                ends = value * np.exp([-reach, reach])
        return f"   (80 %: {ends[0]:.4g} to {ends[1]:.4g})"

    def _trades(self):
        """Lines on how far the parameters trade against each other, and on what counts."""
        if self.covariance is None or self.status in (
            "not_identified",
            "too_few_points",
        ):
            return
        yield f"worth about {self.n_effective:.0f} independent observations"
        for term, exponent in ((1, 2), (3, 4)):
            pair = self.covariance[np.ix_([term, exponent], [term, exponent])]
            if np.isfinite(pair).all() and pair[0, 0] * pair[1, 1] > 0:
                r = pair[0, 1] / np.sqrt(pair[0, 0] * pair[1, 1])
                names = f"{PARAMETERS[term]} and {PARAMETERS[exponent]}"
                yield f"correlation of ln {names} {r:.3f}: quote forecasts rather than either"


@dataclass(frozen=True)
class Fits(Sequence):
    """Many fits: a sequence of `Fit`, and the same as a table, one law a row.

    ``table`` has E, A, alpha, B, beta, objective, status, n_runs, n_rows.
    """

    table: pd.DataFrame
    objective_name: str
    fixed: dict
    diagnoses: tuple  # of `Diagnosis`, a chunk of ``chunk`` fits each
    chunk: int

    def __len__(self):
        return len(self.table)

    def __getitem__(self, index):
        """One fit, or a list of them for a slice."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        row = self.table.iloc[index]
        return Fit(
            ScalingLaw(**row[list(PARAMETERS)]),
            row["status"],
            float(row["objective"]),
            self.objective_name,
            int(row["n_runs"]),
            int(row["n_rows"]),
            self.fixed,
            self.diagnoses[index // self.chunk].explain(index % self.chunk),
        )

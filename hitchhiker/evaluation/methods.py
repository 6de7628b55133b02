"""Forecasting methods to compare: from training rows to the loss of a target.

A method is any callable ``(train_runs, num_params, tokens_seen) -> loss or table``.
A table has ``loss``, a row a target, and may have ``low_80, high_80, low_90,
high_90``, the five parameters and ``status``.
"""

import warnings
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.optimize import OptimizeWarning, curve_fit

from ..fits.fitting import fit_many
from ..forecasts.forecasting import forecast_checked
from ..laws import ScalingLaw, training_flops

# Start of the paper's released code, ln A, ln B, ln E, alpha, beta: the values of
# Muennighoff et al. 2023 (arXiv:2305.16264).
PAPER_START = (6.255414, 7.3049974, 0.6254804, 0.3526596, 0.3526596)
BORROWED = {"A": float(np.exp(PAPER_START[0])), "alpha": PAPER_START[3]}


def with_law(law, num_params, tokens_seen, status):
    """Forecasts of one law as a table with its parameters and status."""
    loss = np.atleast_1d(law.predict(num_params, tokens_seen))
    return pd.DataFrame({"loss": loss}).assign(**law.as_dict(), status=status)


@dataclass(frozen=True)
class LawMethod:
    """Fit a law to the training rows and read the target off it.

    Parameters
    ----------
    objective : str
        See `hitchhiker.fit`.
    fixed : dict
        Borrowed parameters.

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> runs = load_runs("opt")
    >>> small = runs[runs["num_params"] < 1e11]
    >>> LawMethod()(small, [175e9], [280e9])["loss"].round(1).tolist()
    [2.3]
    """

    objective: str = "huber-log"
    fixed: dict = field(default_factory=dict)

    def __call__(self, train_runs, num_params, tokens_seen):
        """Forecast from one table, whose early tokens `evaluate` has left out."""
        options = {"objective": self.objective, "fixed": self.fixed}
        (estimate,) = fit_many([train_runs], **options)
        return with_law(estimate.law, num_params, tokens_seen, estimate.status)

    def many(self, runs, seen, num_params, tokens_seen):
        """The same for several selections of rows, seen (n_selections, n_rows)."""
        fits = fit_many(runs, objective=self.objective, fixed=self.fixed, weights=seen)
        losses = fits.laws.predict(num_params, tokens_seen)
        for law, loss, status in zip(fits.laws, losses, fits.status, strict=True):
            parameters = {name: [value] for name, value in law.as_dict().items()}
            yield {"loss": loss, "status": [status]} | parameters


def paper(train_runs, num_params, tokens_seen):
    """The paper's estimator: SciPy's curve_fit from one start, squares of the loss.

    Five free parameters, A, B and E as logarithms; if the first optimiser gives up,
    a second one is tried with the start as scale, as in the released code.

    Raises
    ------
    RuntimeError
        If neither optimiser settles.

    References
    ----------
    Choshen et al. 2025 (arXiv:2410.11840), released code at github.com/IBM/ColPret.
    """
    columns = ["num_params", "tokens_seen"]
    size, tokens = train_runs[columns].to_numpy(float).T
    lower, upper = [-np.inf, -np.inf, -np.inf, 0.0, 0.0], np.inf

    def loss(_, log_A, log_B, log_E, alpha, beta):
        return (
            np.exp(log_E) + np.exp(log_A) / size**alpha + np.exp(log_B) / tokens**beta
        )

    common = dict(
        xdata=size,
        ydata=train_runs["loss"].to_numpy(float),
        p0=PAPER_START,
        bounds=(lower, upper),
    )
    with np.errstate(all="ignore"), warnings.catch_warnings():
        # It warns that there is no covariance, and none is used.
        warnings.simplefilter("ignore", OptimizeWarning)
        try:
            best, _ = curve_fit(loss, **common)
        except RuntimeError:
            best, _ = curve_fit(loss, x_scale=PAPER_START, method="dogbox", **common)
    A, B, E = np.exp(best[:3])
    return with_law(
        ScalingLaw(E, A, best[3], B, best[4]), num_params, tokens_seen, "ok"
    )


def best_seen(train_runs, num_params, tokens_seen):
    """The lowest loss among the training rows, for every target."""
    return np.full(np.size(num_params), train_runs["loss"].min())


def most_trained(train_runs, num_params, tokens_seen):
    """The loss of the training row of most FLOPs, for every target."""
    flops = training_flops(train_runs["num_params"], train_runs["tokens_seen"])
    return np.full(np.size(num_params), train_runs["loss"].iloc[int(np.argmax(flops))])


def from_forecast(train_runs, num_params, tokens_seen):
    """`hitchhiker.forecast` and its intervals; a shipped study is not in its prior."""
    answer = forecast_checked(train_runs, num_params, tokens_seen)
    columns = answer.table.drop(columns=["num_params", "tokens_seen"])
    return columns.assign(**answer.law.as_dict(), status="ok")


METHODS = {
    "paper": paper,
    "fit": LawMethod(),
    "borrowed": LawMethod(fixed=BORROWED),
    "best_seen": best_seen,
    "most_trained": most_trained,
    "forecast": from_forecast,
}

"""Scaling-law estimation: read runs, fit a law, forecast a loss, score the forecast."""

from .evaluation.evaluating import evaluate
from .evaluation.reporting import report
from .evaluation.scoring import absolute_relative_error
from .fits.fitting import fit, fit_many
from .fits.results import Fit, Fits
from .fits.uncertainty import allocation_interval, bootstrap, interval, sensitivity
from .forecasts.allocation import allocation
from .forecasts.comparing import Comparison, compare
from .forecasts.forecasting import Forecast, forecast
from .forecasts.planning import Plan, plan
from .forecasts.prior import load_prior
from .forecasts.watching import Watch, watch
from .laws import Laws, ScalingLaw, training_flops
from .logs.reading import read_export, read_runs
from .runs import selection
from .runs.checks import DataError, check_runs
from .runs.data import load_evaluations, load_runs

__all__ = [
    "Comparison",
    "DataError",
    "Fit",
    "Fits",
    "Forecast",
    "Laws",
    "Plan",
    "ScalingLaw",
    "Watch",
    "absolute_relative_error",
    "allocation",
    "allocation_interval",
    "bootstrap",
    "check_runs",
    "compare",
    "evaluate",
    "fit",
    "fit_many",
    "forecast",
    "interval",
    "load_evaluations",
    "load_prior",
    "load_runs",
    "plan",
    "read_export",
    "read_runs",
    "report",
    "selection",
    "sensitivity",
    "training_flops",
    "watch",
]

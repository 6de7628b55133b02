"""Scaling-law estimation: read runs, fit a law, forecast a loss, score the forecast."""

from .compute import tokens_per_param, training_flops
from .data import DataError, check_runs, load_evaluations, load_runs, read_runs
from .evaluation import absolute_relative_error, evaluate
from .fits import Fit, Fits
from .fitting import fit, fit_many
from .forecasting import Forecast, forecast, load_belief
from .laws import ScalingLaw
from .uncertainty import allocation_interval, bootstrap, interval, sensitivity

__all__ = [
    "DataError",
    "Fit",
    "Fits",
    "Forecast",
    "ScalingLaw",
    "absolute_relative_error",
    "allocation_interval",
    "bootstrap",
    "check_runs",
    "evaluate",
    "fit",
    "fit_many",
    "forecast",
    "interval",
    "load_belief",
    "load_evaluations",
    "load_runs",
    "read_runs",
    "sensitivity",
    "tokens_per_param",
    "training_flops",
]

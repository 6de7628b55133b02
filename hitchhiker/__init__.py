"""Scaling-law estimation: read runs, fit a law, forecast a loss, score the forecast."""

from .comparing import Comparison, compare
from .compute import tokens_per_param, training_flops
from .data import DataError, check_runs, load_evaluations, load_runs, read_runs
from .evaluation import absolute_relative_error, evaluate
from .exports import read_export
from .fits import Fit, Fits
from .fitting import fit, fit_many
from .forecasting import Forecast, forecast, load_belief
from .laws import ScalingLaw
from .planning import Plan, allocation, plan
from .reporting import report
from .uncertainty import allocation_interval, bootstrap, interval, sensitivity
from .watching import Watch, watch

__all__ = [
    "Comparison",
    "DataError",
    "Fit",
    "Fits",
    "Forecast",
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
    "load_belief",
    "load_evaluations",
    "load_runs",
    "plan",
    "read_export",
    "read_runs",
    "report",
    "sensitivity",
    "tokens_per_param",
    "training_flops",
    "watch",
]

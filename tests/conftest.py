"""Settings that every test shares."""

import sys
from pathlib import Path

import matplotlib
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for tools.book
matplotlib.use("agg")
slow = [HealthCheck.too_slow]  # a busy machine is no fault of the code
settings.register_profile(
    "guide", derandomize=True, deadline=None, suppress_health_check=slow
)
settings.load_profile("guide")

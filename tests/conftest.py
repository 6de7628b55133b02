"""Settings that every test shares, and what is left out of a quick run."""

import sys
import tempfile
from pathlib import Path
from types import ModuleType

import matplotlib
import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for tools.book
matplotlib.use("agg")
patient = [HealthCheck.too_slow]  # a busy machine is no fault of the code
settings.register_profile(
    "guide",
    derandomize=True,
    deadline=None,
    max_examples=25,
    suppress_health_check=patient,
)
settings.register_profile("quick", settings.get_profile("guide"), max_examples=8)
settings.load_profile("guide")

# Experiments that are computed at once; all others are large or read large ones.
QUICK_EXPERIMENTS = {
    "experiments.book",
    "experiments.calibration",
    "experiments.corpus",
    "experiments.datasheet",
    "experiments.explorer",
    "experiments.from_logs",
    "experiments.interval_coverage",
    "experiments.learn_pairs",
    "experiments.learn_prior",
    "experiments.studies",
}


def pytest_configure(config):
    """Give kernels of stored notebooks files to talk over instead of ports.

    Two that start at once may pick the same port, and one of them dies.
    """
    if config.getoption("nbval", False):
        from nbval import kernel

        manager, folders = kernel.KernelManager, []

        def start(**options):
            folders.append(tempfile.TemporaryDirectory(prefix="kernel"))
            files = str(Path(folders[-1].name) / "channel")
            return manager(transport="ipc", ip=files, **options)

        kernel.KernelManager = start


def experiments_of(module):
    """Return the names of the experiments that a test module imports from."""
    names = (
        value.__name__
        if isinstance(value, ModuleType)
        else getattr(value, "__module__", None)
        for value in vars(module).values()
    )
    return {name for name in names if (name or "").startswith("experiments")}


def pytest_collection_modifyitems(items):
    """Mark the tests of large experiments as slow."""
    for item in items:
        module = getattr(item, "module", None)
        if module and experiments_of(module) - QUICK_EXPERIMENTS:
            item.add_marker(pytest.mark.slow)

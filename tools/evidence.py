"""Compute the large experiments side by side before the chapters read them.

``python tools/evidence.py --jobs 2`` fills the folder that HITCHHIKER_CACHE names; what
is there already is left alone.
"""

import argparse
import importlib
import pkgutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import experiments
from experiments import cache

# Experiments that others read: first, so that no two processes compute one.
FIRST = [("experiments.grids", "size_grid"), ("experiments.grids", "share_grid")]
THEN = [
    ("experiments.forecast_grids", "exponents"),
    ("experiments.loans", "lenders"),
    ("experiments.partial", "partial_evidence"),
    ("experiments.borrow", "one_run_evidence"),
]

LONG = [
    ("experiments.run_in_progress", "alarm_evidence"),
    ("experiments.interval_coverage", "coverage"),
    ("experiments.freedom", "tied_evidence"),
    ("experiments.down", "share_evidence"),
]


def kept_experiments():
    """Return module and name of every experiment whose result is kept."""
    for module in pkgutil.iter_modules(experiments.__path__):
        importlib.import_module(f"experiments.{module.name}")
    return list(cache.EXPERIMENTS)


def compute(which):
    """Compute one experiment and return a line that says how long it took."""
    module, name = which
    started = time.perf_counter()
    getattr(importlib.import_module(module), name)()
    seconds = time.perf_counter() - started
    return f"{module.rsplit('.', 1)[1]}.{name}: {seconds:.0f} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    options = parser.parse_args()
    every = kept_experiments()
    then = [e for e in THEN if e in every]
    rest = [e for e in every if e not in FIRST + then]
    rest.sort(key=lambda e: e not in LONG)
    with ProcessPoolExecutor(options.jobs) as pool:
        for group in (FIRST, then, rest):
            for line in pool.map(compute, group):
                print(line, flush=True)


if __name__ == "__main__":
    main()

"""Compute the large experiments side by side before the chapters read them.

``python tools/evidence.py --jobs 2`` fills the folder that HITCHHIKER_CACHE names; what is
there already is left alone.
"""

import argparse
import importlib
import pkgutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hitchhiker import claims, evidence

# Experiments that others read: first, so that no two processes compute one.
FIRST = [("hitchhiker.evidence", "size_grid"), ("hitchhiker.evidence", "share_grid")]
THEN = [
    ("hitchhiker.claims.forecasts", "exponents"), ("hitchhiker.claims.borrow", "lenders"),
    ("hitchhiker.claims.partial", "partial_evidence"),
    ("hitchhiker.claims.borrow", "one_run_evidence"),
]  # fmt: skip

LONG = [
    ("hitchhiker.claims.examples", "alarm_evidence"), ("hitchhiker.claims.fooled", "coverage"),
    ("hitchhiker.claims.freedom", "tied_evidence"), ("hitchhiker.claims.down", "share_evidence"),
]  # fmt: skip


def experiments():
    """Return module and name of every function that `hitchhiker.evidence.once` keeps."""
    names = [f"{claims.__name__}.{m.name}" for m in pkgutil.iter_modules(claims.__path__)]
    modules = [evidence, *map(importlib.import_module, names)]
    return [(module.__name__, name) for module in modules for name, thing in vars(module).items()
            if hasattr(thing, "__wrapped__") and thing.__code__.co_name == "kept"
            and thing.__module__ == module.__name__]  # fmt: skip


def compute(which):
    """Compute one experiment and return a line that says how long it took."""
    started = time.perf_counter()
    getattr(importlib.import_module(which[0]), which[1])()
    return f"{which[0].rsplit('.', 1)[1]}.{which[1]}: {time.perf_counter() - started:.0f} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    options = parser.parse_args()
    every = experiments()
    then = [e for e in THEN if e in every]
    rest = [e for e in every if e not in FIRST + then]
    rest.sort(key=lambda e: e not in LONG)
    with ProcessPoolExecutor(options.jobs) as pool:
        for group in (FIRST, then, rest):
            for line in pool.map(compute, group):
                print(line, flush=True)


if __name__ == "__main__":
    main()

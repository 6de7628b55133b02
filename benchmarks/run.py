"""Time estimation beside other tools: python benchmarks/run.py [folder with peers installed].

`python benchmarks/run.py --memory` prints the peak memory of one large bootstrap
instead.

Processor time on one thread, every tool in one run, interleaved, best of several
rounds.
"""

import os

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")

import resource
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import pandas as pd
import scipy
from scipy.optimize import curve_fit, least_squares

from experiments.fooled import chinchilla_points
from experiments.grids import SHARES, eligible_families, steps
from hitchhiker import bootstrap, evaluate, fit, fit_many, load_runs, selection
from hitchhiker.evaluation.methods import PAPER_START
from hitchhiker.fits.fitting import OBJECTIVES
from hitchhiker.laws import PARAMETERS
from hitchhiker.runs.data import tables_folder

sys.path += sys.argv[1:]  # after ours: a folder of peers must not shadow numpy
POINTS = chinchilla_points()
N, D, L = (POINTS[c].to_numpy(float) for c in ("num_params", "tokens_seen", "loss"))
BOUNDS = ([-np.inf] * 3 + [0, 0], np.inf)
ROUNDS, RESAMPLES, FEW = 5, 1000, 20
WEIGHTS = np.random.default_rng(0).multinomial(
    len(L), np.full(len(L), 1 / len(L)), RESAMPLES
)


def law(n, d, a, b, e, alpha, beta):
    return np.exp(e) + np.exp(a) / n**alpha + np.exp(b) / d**beta


def from_logs(a, b, e, alpha, beta):
    """E, A, alpha, B, beta from logarithms of A, B and E."""
    return np.exp(e), np.exp(a), alpha, np.exp(b), beta


def with_curve_fit(rows, on_logs=True):
    """SciPy's curve_fit from the paper's one start on the resampled rows."""
    n, d, y = N[rows], D[rows], np.log(L[rows]) if on_logs else L[rows]
    wrap = np.log if on_logs else np.asarray
    found = curve_fit(
        lambda _, *t: wrap(law(n, d, *t)), n, y, p0=PAPER_START, bounds=BOUNDS
    )[0]
    return from_logs(*found)


def with_multi_start(rows, starts=20):
    """SciPy's least_squares from many starts, squares of the log loss."""
    n, d, y = N[rows], D[rows], np.log(L[rows])
    rng = np.random.default_rng(0)
    best = None
    for start in rng.uniform(
        [2, 2, -0.5, 0.1, 0.1], [12, 12, 1, 0.9, 0.9], (starts, 5)
    ):
        found = least_squares(
            lambda t: np.log(law(n, d, *t)) - y, start, x_scale="jac", bounds=BOUNDS
        )
        best = found if best is None or found.cost < best.cost else best
    return from_logs(*best.x)


def with_simple_scaling_laws(rows):
    """The peer's own solver: least squares on the loss, its own starts."""
    from simple_scaling_laws.fitting import fit_curve, parameter_bounds
    from simple_scaling_laws.laws import build_law

    form = build_law("separable-power", ["model_size__n"], ["dataset_size__d"])
    x = np.log(np.stack([N[rows], D[rows]], axis=1))
    centre = x.mean(axis=0)
    limits = parameter_bounds(form, L[rows], signed_amplitude=False)
    found = fit_curve(form, x - centre, L[rows], np.ones(len(rows)), limits).params
    E, a, b, alpha, beta = found
    return E, a * np.exp(alpha * centre[0]), alpha, b * np.exp(beta * centre[1]), beta


def with_chinchilla(rows):
    """The peer's own solver: BFGS from a grid of starts, Huber of the log loss."""
    from chinchilla import Chinchilla
    from chinchilla._metrics import log_huber

    grid = {
        "e": [0.0, 1.0],
        "a": [5.0, 10.0],
        "b": [5.0, 10.0],
        "alpha": [0.3, 0.6],
        "beta": [0.3, 0.6],
    }
    with tempfile.TemporaryDirectory() as folder:
        seeds = {"C": [1e18, 1e20], "N_to_D": [5, 50]}
        loss = lambda y, p: log_huber(y, p, delta=1e-3)  # noqa: E731
        tool = Chinchilla(
            folder, param_grid=grid, seed_ranges=seeds, loss_fn=loss, log_level=50
        )
        for n, d, loss in zip(N[rows], D[rows], L[rows], strict=True):
            tool.database.append(C=6 * n * d, N=n, D=d, loss=loss)
        tool.fit(parallel=False)
        return tool.E, tool.A, tool.alpha, tool.B, tool.beta


def objective_of(laws, weights, objective):
    """The objective of laws (k, 5) under weights (k, n), as `hitchhiker.fit` defines it."""
    E, A, alpha, B, beta = np.asarray(laws, dtype=float).T[..., None]
    loss = E + A / N**alpha + B / D**beta
    size = np.abs(L - loss if objective == "ls" else np.log(L / loss))
    far = size > (1e-3 if objective == "huber-log" else np.inf)
    return (weights * np.where(far, 1e-3 * (size - 5e-4), size**2 / 2)).sum(axis=1)


def clock(function):
    """Processor time of a call, and what it gives."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def resampled(i):
    return np.repeat(np.arange(len(L)), WEIGHTS[i])


def batched(objective):
    """Laws (1000, 5) of all resamples at once."""
    table = fit_many(POINTS, weights=WEIGHTS, objective=objective).table
    return table[list(PARAMETERS)].to_numpy()


def entries():
    """(task, tool, note, objective, how many laws, function that gives them) of what is timed."""
    one = "one fit of the Chinchilla points"
    boot = "bootstraps of the Chinchilla points"
    for objective in OBJECTIVES:
        single = lambda o=objective: fit(POINTS, objective=o)  # noqa: E731
        yield one, f"hitchhiker {objective}", "", objective, 1, single
        batch = lambda o=objective: batched(o)  # noqa: E731
        yield (
            boot,
            f"hitchhiker {objective}",
            "1,000 at once",
            objective,
            RESAMPLES,
            batch,
        )
    others = [
        (
            "curve_fit",
            "squares of the log loss, one start",
            "ls-log",
            FEW,
            with_curve_fit,
        ),
        (
            "least_squares",
            "squares of the log loss, 20 starts",
            "ls-log",
            3,
            with_multi_start,
        ),
        (
            "simple-scaling-laws",
            "squares of the loss, its starts",
            "ls",
            FEW,
            with_simple_scaling_laws,
        ),
        (
            "chinchilla",
            "Huber of the log loss, 32 starts",
            "huber-log",
            1,
            with_chinchilla,
        ),
    ]
    for tool, note, objective, laws, function in others:
        many = lambda k=laws, f=function: [f(resampled(i)) for i in range(k)]  # noqa: E731
        yield boot, tool, note, objective, laws, many


def reached(found):
    """Share of a tool's laws whose objective is within a millionth of the best of any tool.

    Not of "huber-scaled", whose threshold depends on the law.
    """
    shares = {}
    for objective in {objective for objective, _ in found.values()} - {"huber-scaled"}:
        values = {
            key: objective_of(laws, WEIGHTS[: len(laws)], objective)
            for key, (o, laws) in found.items()
            if o == objective and len(laws)
        }
        best = np.full(RESAMPLES, np.inf)
        for value in values.values():
            best[: len(value)] = np.minimum(best[: len(value)], value)
        shares |= {
            k: np.mean(v <= best[: len(v)] * (1 + 1e-6)) for k, v in values.items()
        }
    return shares


def grid_of(method):
    """Every cell of the main experiment with one method."""
    parts = []
    for runs in eligible_families(min_checkpoints=5):
        count = selection.size_names(runs).nunique() - 1
        sizes = [k for k in steps(count) if k > 1]
        parts.append(evaluate(runs, [method], sizes=sizes, share=list(SHARES)))
    return pd.concat(parts)


def memory():
    """Resamples, rows, seconds and peak megabytes of one large bootstrap and of nothing else."""
    runs = load_runs(family="mad-llama")
    seconds, fits = clock(lambda: bootstrap(runs, 10_000, early=None))
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    return len(fits), len(runs), seconds, peak


def timed_batches():
    """Least milliseconds a law, note and laws of every tool, over rounds that interleave them."""
    best, notes, found = {}, {}, {}
    for _ in range(ROUNDS):
        for task, tool, note, objective, laws, function in entries():
            key = (task, tool)
            if notes.get(key) == "absent":
                continue
            try:
                seconds, result = clock(function)
            except ImportError:
                print(f"{tool} is not installed: skipped")
                notes[key] = "absent"
                continue
            best[key] = min(best.get(key, np.inf), 1e3 * seconds / laws)
            notes[key] = note
            if not task.startswith("one"):
                found[key] = objective, result
    return best, notes, found


def main():
    warnings.simplefilter("ignore")
    best, notes, found = timed_batches()
    for method, tool, rounds in (
        ("fit", "hitchhiker huber-log", ROUNDS),
        ("paper", "curve_fit", 2),
    ):
        seconds, cells = min(
            clock(lambda m=method: len(grid_of(m))) for _ in range(rounds)
        )
        key = (f"{cells} cells of the main experiment", tool)
        best[key], notes[key] = 1e3 * seconds / cells, f"{seconds:.1f} s with all else"
    table = pd.DataFrame(
        [(*k, v, notes[k]) for k, v in best.items()],
        columns=["task", "tool", "ms_per_law", "note"],
    )
    base = best["bootstraps of the Chinchilla points", "curve_fit"]
    table.insert(3, "ratio_to_curve_fit", base / table["ms_per_law"])
    grid = table["task"].str.contains("cells")
    table.loc[grid, "ratio_to_curve_fit"] = (
        table["ms_per_law"].iloc[-1] / table["ms_per_law"]
    )
    shares = reached(found)
    table.insert(4, "reached", [shares.get(key, np.nan) for key in best])
    command = [sys.executable, __file__, "--memory"]
    large = subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.split()
    count, rows, seconds, peak = map(float, large)
    last = {
        "task": f"{count:,.0f} bootstraps of {rows:,.0f} rows",
        "tool": "hitchhiker huber-log",
        "ms_per_law": 1e3 * seconds / count,
        "note": "28 runs of mad-llama",
        "peak_mb": round(peak),
    }
    table = pd.concat([table, pd.DataFrame([last])], ignore_index=True)
    table = table.round({"ms_per_law": 3, "ratio_to_curve_fit": 1, "reached": 3})
    versions = f"numpy {np.__version__}, scipy {scipy.__version__}"
    table.assign(versions=versions).to_csv(
        tables_folder() / "benchmark.csv", index=False
    )
    print(table.to_string(index=False), versions, sep="\n")


if __name__ == "__main__":
    print(*memory()) if sys.argv[1:] == ["--memory"] else main()

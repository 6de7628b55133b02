"""The public functions with arguments that work, and values that should not."""

import numpy as np
import pandas as pd
from surfaces import table

import hitchhiker
from hitchhiker import Laws, ScalingLaw, selection

RUNS = table(n_sizes=4, n_tokens=6)
SMALL = RUNS[RUNS["num_params"] < RUNS["num_params"].max()]
LAW = ScalingLaw(1.8, 480.0, 0.35, 2000.0, 0.37)
TABLE = pd.DataFrame([[1.8, 480.0, 0.35, 2000.0, 0.37]], columns=list(LAW.as_dict()))
FITS = hitchhiker.bootstrap(SMALL, n=3)
MADE = hitchhiker.forecast(SMALL, 1e10, 2e11)
DESCRIBED = RUNS.assign(source="s", family="f", loss_kind="train", model=RUNS["run"])
TARGET = {"num_params": 1e10, "tokens_seen": 2e11}

WRONG = {
    "a word": "seven",
    "a count in letters": "7B",
    "no letters": "",
    "bytes": b"7",
    "none": None,
    "nan": np.nan,
    "infinite": np.inf,
    "minus infinite": -np.inf,
    "negative": -1.0,
    "zero": 0,
    "a number": 2.5,
    "true": True,
    "numpy true": np.True_,
    "complex": 1j,
    "400 digits": 10**400,
    "empty list": [],
    "list of none": [None],
    "list of nan": [np.nan],
    "list of words": ["a", "b"],
    "ragged": [[1, 2], [3]],
    "three numbers": [1e9, 2e9, 3e9],
    "a square": np.ones((2, 2)),
    "dict": {"a": 1},
    "empty dict": {},
    "empty table": pd.DataFrame(),
    "another table": pd.DataFrame({"x": [1.0]}),
    "object": object(),
    "a class": dict,
    "a missing value": pd.NA,
    "a date": pd.Timestamp("2026-01-01"),
}


def laws(**numbers):
    """Make a table of one law."""
    return Laws(**{k: [v] if isinstance(v, float) else v for k, v in numbers.items()})


H = hitchhiker
DOORS = {
    "fit": (
        H.fit,
        {
            "runs": SMALL,
            "objective": "ls",
            "fixed": {"alpha": 0.3},
            "weights": np.ones(len(SMALL)),
            "early": None,
        },
    ),
    "fit_many": (
        H.fit_many,
        {
            "problems": SMALL,
            "objective": "ls",
            "fixed": None,
            "weights": np.ones((1, len(SMALL))),
        },
    ),
    "bootstrap": (
        H.bootstrap,
        {
            "runs": SMALL,
            "n": 2,
            "objective": "ls",
            "fixed": None,
            "early": None,
            "seed": 0,
            "n_jobs": 1,
            "progress": False,
        },
    ),
    "interval": (H.interval, {"fits": FITS, **TARGET, "levels": (0.8,)}),
    "allocation_interval": (
        H.allocation_interval,
        {"fits": FITS, "flops": 1e20, "levels": (0.8,)},
    ),
    "sensitivity": (
        H.sensitivity,
        {"runs": SMALL, **TARGET, "objective": "ls", "fixed": None, "early": None},
    ),
    "forecast": (
        H.forecast,
        {"runs": SMALL, **TARGET, "levels": (0.8,), "prior": None, "early": "guide"},
    ),
    "compare": (H.compare, {"first": SMALL, "second": SMALL, **TARGET}),
    "watch": (
        H.watch,
        {"runs": SMALL, "run": "run-0", "end_tokens": 1e12, "levels": (0.8, 0.9)},
    ),
    "plan": (
        H.plan,
        {**TARGET, "budget": 0.05, "most_sizes": 3, "prior": None, "least_params": 2e7},
    ),
    "allocation": (
        H.allocation,
        {"law": LAW, "flops": 1e20, "price": 0.01, "inference_tokens": 0.0},
    ),
    "report": (H.report, {"runs": SMALL, "result": MADE, "notes": (), "title": "Mine"}),
    "evaluate": (
        H.evaluate,
        {
            "families": RUNS,
            "methods": "best_seen",
            "sizes": None,
            "share": 1.0,
            "early": "guide",
            "tail": 0.3,
            "protocol": "guide",
            "target": "largest",
        },
    ),
    "absolute_relative_error": (
        H.absolute_relative_error,
        {"actual": [2.0], "predicted": [2.1]},
    ),
    "training_flops": (H.training_flops, TARGET),
    "load_runs": (H.load_runs, {"source": "opt", "family": None, "loss_kind": None}),
    "load_evaluations": (
        H.load_evaluations,
        {"source": "olmo", "family": None, "task": None},
    ),
    "load_prior": (H.load_prior, {"without": None}),
    "check_runs": (H.check_runs, {"runs": SMALL}),
    "ScalingLaw": (ScalingLaw, LAW.as_dict()),
    "ScalingLaw.predict": (LAW.predict, TARGET),
    "ScalingLaw.terms": (LAW.terms, TARGET),
    "ScalingLaw.compute_optimal": (LAW.compute_optimal, {"flops": 1e20}),
    "Laws": (laws, LAW.as_dict()),
    "Laws.from_table": (Laws.from_table, {"table": TABLE}),
    "Laws.predict": (Laws.from_table(TABLE).predict, TARGET),
    "Laws.compute_optimal": (Laws.from_table(TABLE).compute_optimal, {"flops": 1e20}),
    "selection.size_names": (selection.size_names, {"runs": RUNS}),
    "selection.sizes": (selection.sizes, {"runs": RUNS}),
    "selection.with_sizes": (selection.with_sizes, {"runs": RUNS, "names": [1e9]}),
    "selection.smallest": (selection.smallest, {"runs": RUNS, "k": 1}),
    "selection.largest": (selection.largest, {"runs": RUNS, "k": 1}),
    "selection.window": (selection.window, {"runs": RUNS, "k": 1, "end": 2}),
    "selection.windows": (
        selection.windows,
        {"runs": RUNS, "counts": [1], "ends": [2]},
    ),
    "selection.max_params": (selection.max_params, {"runs": RUNS}),
    "selection.max_tokens": (selection.max_tokens, {"runs": RUNS, "q": 0.5}),
    "selection.target": (
        selection.target,
        {"runs": RUNS, "tail": 0.3, "size": "largest"},
    ),
    "selection.hold_out": (
        selection.hold_out,
        {"runs": RUNS, "tail": 0.3, "size": "largest"},
    ),
    "selection.early_cut": (selection.early_cut, {"runs": RUNS, "tokens": None}),
    "selection.first_share": (selection.first_share, {"runs": RUNS, "share": 0.5}),
    "selection.last_checkpoints": (selection.last_checkpoints, {"runs": RUNS}),
    "selection.cost": (selection.cost, {"runs": RUNS}),
    "selection.describe": (selection.describe, {"runs": DESCRIBED}),
}

"""Downstream evaluations of the Pythia suite and of the models evaluated beside it.

Runs are those of `tools.readers.pythia`, and so is the choice between several
evaluations of one checkpoint: zero-shot folders first, then by name of the file.
MMLU and BLiMP are plain means over their subtasks; CrowS-Pairs is left out.
"""

import json
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from . import pythia
from .evaluations import KEY, evaluation_frame

METRICS = {"acc": "accuracy", "acc_norm": "accuracy-normalised"}
TASKS = (
    "arc_challenge",
    "arc_easy",
    "lambada_openai",
    "logiqa",
    "piqa",
    "sciq",
    "winogrande",
    "wsc",
)
SUITES = {"mmlu": ("hendrycksTest-", 57), "blimp": ("blimp_", 67)}


def read_evaluations(folder: Path) -> pd.DataFrame:
    """Accuracies with their standard errors, by checkpoint and number of shots.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    DataFrame
        Columns `EVALUATION_COLUMNS`; untrained models (step 0) left out.
    """
    records = []
    with zipfile.ZipFile(folder / "pythia" / "pythia_evals_json.zip") as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".json"):
                records += _records(PurePosixPath(name), json.loads(archive.read(name)))
    columns = ["run", "step", "shots", "order", "task", "metric", "value", "stderr"]
    table = pd.DataFrame(records, columns=columns)
    table = table[table["step"] != 0].sort_values(["run", "task", "step", "order"])
    tokens = [
        part_tokens
        for run, part in table.groupby("run", sort=False)
        for part_tokens in pythia._tokens(run, part["step"])
    ]
    table["tokens_seen"] = tokens
    table = table.drop_duplicates(KEY)
    return evaluation_frame(
        table["run"].to_numpy(),
        table["task"].to_numpy(),
        table["metric"].to_numpy(),
        **{
            name: table[name]
            for name in ("value", "stderr", "shots", "step", "tokens_seen")
        },
    )


def _records(path: PurePosixPath, content: dict) -> list[tuple]:
    """Rows of one file: run, step, shots, order, task, metric, value, standard error."""
    found = pythia.STEP.search(path.stem)
    start = (
        pythia._run_name(path),
        int(found[1]) if found else None,
        content["config"]["num_fewshot"],
        f"{'zero-shot' not in path.parts:d} {path.name}",
    )
    rows = []
    for task in TASKS:
        scores = content["results"].get(task, {})
        for raw, metric in METRICS.items():
            if raw in scores:
                rows.append(
                    (*start, task, metric, scores[raw], scores[f"{raw}_stderr"])
                )
    for suite, (prefix, size) in SUITES.items():
        members = [
            part for name, part in content["results"].items() if name.startswith(prefix)
        ]
        if len(members) == size:
            value = np.mean([part["acc"] for part in members])
            stderr = (
                np.sqrt(np.sum([part["acc_stderr"] ** 2 for part in members])) / size
            )
            rows.append((*start, suite, "accuracy", value, stderr))
    return rows

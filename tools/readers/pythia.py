"""Pythia (Biderman et al., 2023): perplexities and scores of saved checkpoints.

One JSON a checkpoint, number of shots and task set.  There is no training or
validation loss.  What serves as loss is the logarithm of a perplexity: per last
word on LAMBADA, per word on WikiText (early version only).  The number of shots
is the one in the file's configuration, which is not always that of its name.

Of several evaluations of one checkpoint the first stays: zero-shot folders first, then
by name of the file.
"""

import json
import re
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from .frames import evaluation_frame, loss_frame, run_frame
from .pythia_runs import OTHERS, describe, evaluated_tokens

ARCHIVE = "pythia/pythia_evals_json.zip"
LAMBADA_KIND = {0: "lambada-last-word", 5: "lambada-last-word-5-shot"}
STEP = re.compile(r"step(\d+)")
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
# The bias study calls early deduplicated models by older names.
OLD_SIZES = {"19m": "70m", "350m": "410m", "1.3b": "1.4b", "6.9b": "6.9b"}
OLD_ENDINGS = {
    "pythia": "again",
    "intervention": "intervention",
    "long-intervention": "long-intervention",
}


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the runs of the Pythia suite and of the models evaluated beside it.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_FACTS` and `LOSS_COLUMNS`.
    """
    records = [
        {**place, "loss_kind": kind, "perplexity": value}
        for place, results in _evaluations(folder / ARCHIVE)
        for kind, value in _perplexities(place["shots"], results)
    ]
    records += _second_evaluations(folder / "pythia" / "bias_evals_lambada.csv")
    table = pd.DataFrame(records).dropna(subset="perplexity")
    table = _one_a_checkpoint(table, ["loss_kind"])
    losses = loss_frame(table, loss=np.log(table["perplexity"]))
    return run_frame(describe(run) for run in table["run"].unique()), losses


def read_evaluations(folder: Path) -> pd.DataFrame:
    """Accuracies with their standard errors, by checkpoint and number of shots.

    MMLU and BLiMP are plain means over their subtasks; CrowS-Pairs is left out.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    DataFrame
        Columns `EVALUATION_COLUMNS`; untrained models (step 0) left out.
    """
    records = [
        {**place, **score}
        for place, results in _evaluations(folder / ARCHIVE)
        for score in (*_scores(results), *_suite_scores(results))
    ]
    keys = ["task", "metric", "shots"]
    return evaluation_frame(_one_a_checkpoint(pd.DataFrame(records), keys))


def _one_a_checkpoint(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Trained checkpoints with their tokens, the first evaluation of each."""
    table = table[table["step"] != 0].sort_values(["run", *keys, "step", "order"])
    table = table.drop_duplicates(["run", *keys, "step"])
    pairs = zip(table["run"], table["step"], strict=True)
    return table.assign(tokens_seen=[evaluated_tokens(*pair) for pair in pairs])


def _evaluations(path: Path):
    """Yield run, step, shots and order of each file, and its results by task."""
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if not name.endswith(".json"):
                continue
            file, content = PurePosixPath(name), json.loads(archive.read(name))
            step = STEP.search(file.stem)
            place = {
                "run": _run_name(file),
                "step": int(step[1]) if step else None,
                "shots": content["config"]["num_fewshot"],
                "order": f"{'zero-shot' not in file.parts:d} {file.name}",
            }
            yield place, content["results"]


def _run_name(path: PurePosixPath) -> str:
    """Name of our run: evals/pythia-v1/pythia-70m/zero-shot/x.json is pythia-v1-70m."""
    parts = path.parts[1:]
    if parts[0] in OTHERS:
        return f"{parts[0]}-lambada-{path.stem.removeprefix(parts[0] + '-')}"
    version, model = parts[0].removeprefix("pythia-"), parts[1].removeprefix("pythia-")
    run = f"pythia-{version}-{model.removesuffix('-bf16')}"
    if "baseline" in parts:
        return f"{run}-late"
    if "intervention" in parts:
        return f"{run}-{'long-' if '-long_' in path.name else ''}intervention"
    return run


def _perplexities(shots: int, results: dict) -> list[tuple]:
    pairs = (
        (LAMBADA_KIND[shots], results.get("lambada_openai", {}).get("ppl")),
        ("wikitext-word", results.get("wikitext", {}).get("word_perplexity")),
    )
    return [(kind, value) for kind, value in pairs if value is not None]


def _second_evaluations(path: Path) -> list[dict]:
    """Perplexities of the bias study, under our names."""
    records = []
    for row in pd.read_csv(path).itertuples():
        start, size, _ = row.model.rsplit("-", 2)
        run = f"pythia-v0-{OLD_SIZES[size]}-deduped-{OLD_ENDINGS[start]}"
        records.append(
            {
                "run": run,
                "step": row.step,
                "order": row.file,
                "loss_kind": LAMBADA_KIND[row.num_fewshot],
                "perplexity": row.lambada_openai_ppl,
            }
        )
    return records


def _scores(results: dict):
    for task in TASKS:
        scores = results.get(task, {})
        for raw, metric in METRICS.items():
            if raw in scores:
                yield {
                    "task": task,
                    "metric": metric,
                    "value": scores[raw],
                    "stderr": scores[f"{raw}_stderr"],
                }


def _suite_scores(results: dict):
    """Mean accuracy of each suite that is there with all of its members."""
    for suite, (prefix, size) in SUITES.items():
        members = [part for name, part in results.items() if name.startswith(prefix)]
        if len(members) == size:
            errors = np.array([part["acc_stderr"] for part in members])
            yield {
                "task": suite,
                "metric": "accuracy",
                "value": np.mean([part["acc"] for part in members]),
                "stderr": np.sqrt(np.sum(errors**2)) / size,
            }

"""Over-training study (Gadre et al., 2024): 104 models on three corpora.

Final losses on eight validation sets, sizes and tokens come from one JSON a
model.  Training curves of 95 of them are vertices of a figure, hence digitised
and cut off below 1e8 tokens.  Left out: the 435 runs of the grid search
(``grid.json``), whose fields and whose validation set upstream does not name.

Fourteen models are not of the series of the others: twelve were trained later on
another cluster (their data lie elsewhere), and two of RefinedWeb have the command line
of a third.  Most of their final losses lie 1 to 3 % below the law that fits the others
to 2 % at worst, and for ten of them the training curve stops at 25 to 90 % of the
tokens: curve and final loss seem to come from two trainings.  Their notes say so.
"""

import json
import re
import zipfile
from pathlib import Path

import pandas as pd

from .facts import BLOCKS, run_row
from .frames import evaluation_frame, join, kind_name, loss_frame, run_frame
from .vertices import bin_means

# Validation sets whose folder in the raw file is not their name here.
SHORT_NAMES = {
    "paloma_dolma_100_programing_languages": "paloma-code",
    "paloma_falcon-refinedweb": "paloma-refinedweb",
}
SECOND_CLUSTER = "tri-ml"
WHOLE = 0.95  # share of the tokens that a curve must reach to count as whole


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs, final validation losses and digitised training curves.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_FACTS` and `LOSS_COLUMNS`.
    """
    folder = folder / "overtrain"
    vertices = pd.read_csv(folder / "overtrain_train_loss_digitised.csv.gz")
    curves = dict(list(vertices.groupby("model")))
    runs, losses = [], []
    for record in _records(folder / "overtrain_models_json.zip"):
        curve = curves.get(record["name"])
        row = _run(record, curve)
        runs.append(row)
        losses.append(_final_losses(row["run"], record))
        if curve is not None:
            means = bin_means(curve)
            losses.append(loss_frame(means, run=row["run"], loss_kind="train"))
    return run_frame(runs), join(losses)


def read_evaluations(folder: Path) -> pd.DataFrame:
    """Accuracies of the finished models on 46 tasks.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    DataFrame
        Columns `EVALUATION_COLUMNS`.
    """
    folder = folder / "overtrain"
    shots = pd.read_csv(folder / "eval_metadata.csv").set_index("Eval Task")["#shots"]
    records = _records(folder / "overtrain_models_json.zip")
    tokens = {one["name"]: one["hyperparameters"]["tokens"] for one in records}
    parts = []
    with zipfile.ZipFile(folder / "overtrain_evals_json.zip") as archive:
        for path in sorted(archive.namelist()):
            name = re.search(r"evaluation_(.+)_heavy\.json", path)[1]
            icl = json.loads(archive.read(path))["eval_metrics"]["icl"]
            scores = pd.DataFrame({"task": list(icl), "value": list(icl.values())})
            scores["run"] = _names(name)["run"]
            scores["tokens_seen"] = tokens[name]
            scores["shots"] = scores["task"].map(shots)
            parts.append(evaluation_frame(scores, metric="accuracy"))
    return join(parts)


def _records(path: Path) -> list[dict]:
    with zipfile.ZipFile(path) as archive:
        return [json.loads(archive.read(name)) for name in sorted(archive.namelist())]


def _names(name: str) -> dict:
    """Run and model of a name such as c4_original-d=96_l=8_h=4-0.25."""
    corpus, config, multiplier = re.fullmatch(r"(\w+?)-(.+)-([\d.]+)", name).groups()
    family = BLOCKS["overtrain"][corpus]["family"]
    model = f"{family}-{config.removeprefix('open_lm_')}"
    return {"run": f"{model}-{float(multiplier):g}x", "model": model}


def _final_losses(run: str, record: dict) -> pd.DataFrame:
    folders = [Path(one["val_data"][0]).parent.name for one in record["results"]]
    kinds = [kind_name("validation", SHORT_NAMES.get(name, name)) for name in folders]
    results = pd.DataFrame({"loss_kind": kinds})
    results["loss"] = [one["loss"] for one in record["results"]]
    tokens = record["hyperparameters"]["tokens"]
    return loss_frame(results, run=run, tokens_seen=tokens)


def _run(record: dict, curve: pd.DataFrame | None) -> dict:
    given, arguments = record["hyperparameters"], record["open_lm_args"]
    right_command = _tokens_of_command(arguments) == given["tokens"]
    reached = None if curve is None else curve["tokens_seen"].max() / given["tokens"]
    # the 7B models have no batch
    batch = given["global_bs"] if given["global_bs"] > 1 else None
    second_cluster = SECOND_CLUSTER in " ".join(arguments)
    conditions = {
        "finals-only": curve is None,
        "from-a-figure": curve is not None,
        "curve-stops": curve is not None and reached <= WHOLE,
        "second-cluster": second_cluster,
        "other-command": not right_command,
        "off-series": second_cluster or (not right_command and batch),
    }
    return run_row(
        "overtrain",
        record["name"].partition("-")[0],
        *(block for block, holds in conditions.items() if holds),
        words={
            "ratio": given["tokens"] / given["params"],
            "reached": 100 * (reached or 0),
        },
        **_names(record["name"]),
        num_params=given["params"],
        params_non_embedding=given["params_no_embed"],
        seed=int(arguments[arguments.index("--seed") + 1]) if right_command else None,
        batch_tokens=batch and batch * BLOCKS["overtrain"]["context"],
        schedule_tokens=given["tokens"],
        complete=not conditions["curve-stops"],
        digitised=curve is not None,
    )


def _tokens_of_command(arguments: list[str]) -> int:
    """Tokens that a command line trains on: passes times samples (which are tokens)."""
    passes, samples = (
        int(arguments[arguments.index(name) + 1])
        for name in ("--epochs", "--train-num-samples")
    )
    return passes * samples

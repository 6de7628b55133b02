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

from .evaluations import evaluation_frame
from .frames import TRAIN, join, loss_frame, run_frame
from .vertices import bin_means

VALIDATION_SETS = {  # folder of the set in the raw file -> its name here, what it is
    "openlm": ("openlm", "OpenLM's own validation text"),
    "c4_val": ("c4-val", "the C4 validation split"),
    "paloma_c4_en": ("paloma-c4-en", "the Paloma part C4"),
    "paloma_dolma_100_programing_languages": (
        "paloma-code",
        "the Paloma part 100 PLs (code)",
    ),
    "paloma_falcon-refinedweb": (
        "paloma-refinedweb",
        "the Paloma part Falcon RefinedWeb",
    ),
    "paloma_ptb": ("paloma-ptb", "the Paloma part Penn Tree Bank"),
    "paloma_redpajama": ("paloma-redpajama", "the Paloma part RedPajama"),
    "de-en": ("de-en", "German and English text of a translation set"),
}
LOSS_KINDS = {
    "train": TRAIN,
    **{
        f"validation-{name}": ("nats per token", f"mean cross-entropy on {what}")
        for name, what in VALIDATION_SETS.values()
    },
}
CORPORA = {  # prefix of the model's name -> family, corpus
    "c4_original": ("overtrain-c4", "C4"),
    "rpj": ("overtrain-redpajama", "RedPajama"),
    "rw_original": ("overtrain-refinedweb", "RefinedWeb"),
}
CONTEXT = 2048
SECOND_CLUSTER = "tri-ml"
OFF_SERIES = "not of the series of the others: its like mostly end 1 to 3 % below the law that fits them"


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs, final validation losses and digitised training curves.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`.
    """
    folder = folder / "overtrain"
    vertices = pd.read_csv(folder / "overtrain_train_loss_digitised.csv.gz")
    curves = dict(list(vertices.groupby("model")))
    runs, losses = [], []
    for record in _records(folder / "overtrain_models_json.zip"):
        curve = curves.get(record["name"])
        runs.append(_run(record, curve))
        losses.append(_final_losses(record))
        if curve is not None:
            losses.append(bin_means(runs[-1]["run"], "train", curve))
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
    tokens = {
        record["name"]: record["hyperparameters"]["tokens"]
        for record in _records(folder / "overtrain_models_json.zip")
    }
    parts = []
    with zipfile.ZipFile(folder / "overtrain_evals_json.zip") as archive:
        for path in sorted(archive.namelist()):
            name = re.search(r"evaluation_(.+)_heavy\.json", path)[1]
            scores = pd.Series(json.loads(archive.read(path))["eval_metrics"]["icl"])
            parts.append(
                evaluation_frame(
                    _names(name)[0],
                    scores.index,
                    "accuracy",
                    value=scores,
                    shots=shots.reindex(scores.index),
                    tokens_seen=[tokens[name]] * len(scores),
                )
            )
    return join(parts)


def _records(path: Path) -> list[dict]:
    with zipfile.ZipFile(path) as archive:
        return [json.loads(archive.read(name)) for name in sorted(archive.namelist())]


def _names(name: str) -> tuple[str, str, str]:
    """Run, model and family of a name such as c4_original-d=96_l=8_h=4-0.25."""
    corpus, config, multiplier = re.fullmatch(r"(\w+?)-(.+)-([\d.]+)", name).groups()
    family = CORPORA[corpus][0]
    model = f"{family}-{config.removeprefix('open_lm_')}"
    return f"{model}-{float(multiplier):g}x", model, family


def _final_losses(record: dict) -> pd.DataFrame:
    results = {
        Path(part["val_data"][0]).parent.name: part for part in record["results"]
    }
    kinds = [f"validation-{VALIDATION_SETS[name][0]}" for name in results]
    return loss_frame(
        _names(record["name"])[0],
        kinds,
        tokens_seen=[record["hyperparameters"]["tokens"]] * len(kinds),
        loss=[part["loss"] for part in results.values()],
    )


def _run(record: dict, curve: pd.DataFrame | None) -> dict:
    given, arguments = record["hyperparameters"], record["open_lm_args"]
    run, model, family = _names(record["name"])
    own_command = _tokens_of_command(arguments) == given["tokens"]
    reached = None if curve is None else curve["tokens_seen"].max() / given["tokens"]
    return {
        "run": run,
        "source": "overtrain",
        "family": family,
        "model": model,
        "arch": "decoder",
        "corpus": CORPORA[record["name"].partition("-")[0]][1],
        "num_params": given["params"],
        "params_non_embedding": given["params_no_embed"],
        "seed": int(arguments[arguments.index("--seed") + 1]) if own_command else None,
        "batch_tokens": given["global_bs"] * CONTEXT
        if given["global_bs"] > 1
        else None,
        "context": CONTEXT,
        "tokenizer": "GPT-NeoX-20B BPE",
        "schedule": "cosine",
        "schedule_tokens": given["tokens"],
        "complete": reached is None or reached > 0.95,
        "digitised": curve is not None,
        "corrected": "train loss on the model's own data, not a loss on the OpenLM set",
        "note": _note(record, own_command, reached),
        "citation": "arXiv:2403.08540",
    }


def _note(record: dict, own_command: bool, reached: float | None) -> str:
    given = record["hyperparameters"]
    parts = [f"{given['tokens'] / given['params']:.3g} tokens a parameter"]
    if reached is None:
        parts.append("final losses only")
    else:
        parts.append("train loss read from a figure, final losses not")
    if reached is not None and reached <= 0.95:
        parts.append(
            f"the train curve stops at {100 * reached:.0f} % of the tokens; the final "
            "validation losses are those of the finished model"
        )
    if SECOND_CLUSTER in " ".join(record["open_lm_args"]):
        parts.append(f"trained later on another cluster; {OFF_SERIES}")
    if not own_command:
        parts.append("the command line in the record is another model's")
        if given["global_bs"] > 1:  # the 7B models have no batch of their own either
            parts.append(OFF_SERIES)
    return "; ".join(parts)


def _tokens_of_command(arguments: list[str]) -> int:
    """Tokens that a command line trains on: passes times samples (which are tokens)."""
    passes, samples = (
        int(arguments[arguments.index(name) + 1])
        for name in ("--epochs", "--train-num-samples")
    )
    return passes * samples

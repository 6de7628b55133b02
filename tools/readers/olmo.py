"""OLMo (Groeneveld et al., 2024): 1B, 7B and a twin of 7B, evaluated while they train.

Every evaluation set is a kind of loss of its own.  The 1B model was evaluated on
other sets (v2-small, v3-small) than the two 7B models, which share theirs; so no
kind has two sizes.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from .evaluations import evaluation_frame
from .frames import join, loss_frame, run_frame

SETS_7B = (
    "4chan",
    "c4-100-domains",
    "c4-en",
    "gab",
    "ice",
    "m2d2-s2orc",
    "m2d2-wiki",
    "manosphere",
    "mc4-en",
    "pile",
    "ptb",
    "twitteraee",
    "wikitext-103",
)
SETS_V3 = (
    "c4-en",
    "dolma-books",
    "dolma-common-crawl",
    "dolma-pes2o",
    "dolma-reddit",
    "dolma-stack",
    "dolma-wiki",
    "ice",
    "m2d2-s2orc",
    "wikitext-103",
)
UNNAMED = "validation-pile-unnamed"  # the column pile/CrossEntropyLoss of 1B
LOSS_KINDS = {
    **{
        f"validation-{version}{name}": (
            "nats per token",
            f"mean cross-entropy on the evaluation set {version}{name} of OLMo's training runs",
        )
        for version, names in (
            ("", SETS_7B),
            ("v2-small-", SETS_7B),
            ("v3-small-", SETS_V3),
        )
        for name in names
    },
    UNNAMED: (
        "nats per token",
        "mean cross-entropy on an unnamed part of the Pile (OLMo)",
    ),
}
METRICS = {"acc": "accuracy", "len_norm": "accuracy-normalised", "f1": "f1"}
# name in the raw file -> run, parameters, without embedding and head, batch, schedule
MODELS = {
    "OLMo-1B": ("olmo-1b", 1_176_764_416, 1_073_741_824, 4_194_304, "cosine", 739_328),
    "OLMo-7B": ("olmo-7b", 6_888_095_744, 6_476_005_376, 4_423_680, "linear", None),
    "OLMo-7B-Twin-2T": (
        "olmo-7b-twin-2t",
        6_888_095_744,
        6_476_005_376,
        4_423_680,
        "linear",
        None,
    ),
}
NOTES = {
    "olmo-1b": "no evaluation set in common with the 7B runs",
    "olmo-7b": (
        "log starts at 93e9 tokens, and the sets ptb and twitteraee only at 1.9e12; the "
        "learning rate falls faster at the end; near-replicate: olmo-7b-twin-2t"
    ),
    "olmo-7b-twin-2t": (
        "near-replicate of olmo-7b on other hardware, with the same seed; the sets ice, "
        "m2d2-s2orc, pile and twitteraee start at 1.0e12 tokens; short spikes of the loss "
        "before 0.7e12"
    ),
}


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and losses of the three OLMo models.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`.
    """
    losses = []
    for name, log in _logs(folder).groupby("model_name"):
        run, batch = MODELS[name][0], MODELS[name][3]
        for kind, loss in _curves(log).items():
            step = log.loc[loss.index, "Step"]
            losses.append(
                loss_frame(run, kind, step=step, tokens_seen=step * batch, loss=loss)
            )
    return run_frame(_run(*model) for model in MODELS.values()), join(losses)


def read_evaluations(folder: Path) -> pd.DataFrame:
    """Zero-shot evaluations made during training.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    DataFrame
        Columns `EVALUATION_COLUMNS`.
    """
    parts = []
    for name, log in _logs(folder).groupby("model_name"):
        run, batch = MODELS[name][0], MODELS[name][3]
        axis = {"step": log["Step"], "tokens_seen": log["Step"] * batch}
        for column in log.filter(regex="^downstream/"):
            task, metric = re.fullmatch(
                r"downstream/(.+)_(acc|len_norm|f1)", column
            ).groups()
            parts.append(
                evaluation_frame(
                    run, task, METRICS[metric], value=log[column], shots=0, **axis
                )
            )
    return join(parts)


def _logs(folder: Path) -> pd.DataFrame:
    """Raw table; where two logs of the twin overlap they were added up, so halve them."""
    raw = pd.read_csv(folder / "olmo" / "olmo.csv.gz")
    raw["model_name"] = raw["model_name"].str.strip()
    added = raw["downstream/piqa_len_norm"] > 1
    numbers = raw.columns[raw.columns.str.contains("/")]
    raw.loc[added, numbers] = raw.loc[added, numbers] / 2
    return raw


def _curves(log: pd.DataFrame) -> dict[str, pd.Series]:
    """Loss by kind; the logarithm of a perplexity where no cross-entropy is given."""
    curves = {}
    for column in log.columns[
        log.columns.str.endswith(("/Perplexity", "/CrossEntropyLoss"))
    ]:
        name, _, quantity = column.partition("/")
        values = log[column].dropna()
        kind = "validation-" + re.sub(
            "[_/]", "-", name.removesuffix("-validation").lower()
        )
        if name == "pile":
            kind = UNNAMED
        if quantity == "CrossEntropyLoss" and len(values):
            curves[kind] = values
        elif len(values):
            curves.setdefault(kind, np.log(values))
    return curves


def _run(run, total, non_embedding, batch, schedule, steps) -> dict:
    corrected = f"tokens were steps x 4e6; a step has {batch:,} tokens"
    if run == "olmo-7b-twin-2t":
        corrected += (
            "; values of steps 158,000 to 168,000 were twice the truth (two logs added)"
        )
    return {
        "run": run,
        "source": "olmo",
        "family": "olmo",
        "model": run.removesuffix("-twin-2t"),
        "arch": "decoder",
        "corpus": "Dolma",
        "num_params": total,
        "params_non_embedding": non_embedding,
        "seed": 6198,
        "batch_tokens": batch,
        "context": 2048,
        "tokenizer": "GPT-NeoX-20B BPE, adapted",
        "schedule": schedule,
        "schedule_tokens": steps and steps * batch,
        "complete": True,
        "digitised": False,
        "corrected": corrected
        + "; sets were averaged although they differ between models",
        "note": NOTES[run],
        "citation": "arXiv:2402.00838; configs of allenai/OLMo, official and mitch-ish",
    }

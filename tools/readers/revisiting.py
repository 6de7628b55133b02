"""Revisiting neural scaling laws (Alabdulmohsin et al., 2022): two sets of learning curves.

- Five decoders of LaMDA's kind: a validation loss between 0.85 and 0.999, unit
  unknown, by tokens (upstream counts "examples or tokens"; these are multiples of
  262,144).
- Five translation models of 300e6 parameters each, by number of examples.

Left out: scores of one 262M model on BIG-bench, whose "preferred metrics" the
raw file does not name.  The raw file repeats every row of the decoders four times.
"""

from pathlib import Path

import pandas as pd

from .frames import join, loss_frame, run_frame

LOSS_KINDS = {
    "unknown-unit-validation": (
        "unknown",
        "validation log-loss of decoders of LaMDA's kind",
    ),
    "unknown-unit-translation": ("unknown", "log-perplexity of translation models"),
}
TRANSLATION_ARCH = {
    "6 Enc, 6 Dec": "encoder-decoder",
    "28 Enc, 6 Dec": "encoder-decoder",
    "6 Enc, 28 Dec": "encoder-decoder",
    "Dec-only": "decoder",
    "TEnc-LSTM": "hybrid",
}


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and losses of the decoders and the translation models.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`; examples stand under ``step``
        for the translation models.
    """
    raw = pd.read_csv(folder / "revisiting" / "revisiting_lang.csv")
    raw = raw.drop_duplicates(["Domain", "Task", "Model", "Seen Examples"])
    runs, losses = [], []
    for model, part in raw[raw["Domain"] == "LM"].groupby("Model"):
        runs.append(_decoder(round(float(model))))
        losses.append(
            loss_frame(
                runs[-1]["run"],
                "unknown-unit-validation",
                tokens_seen=part["Seen Examples"].round(),
                loss=part["Loss"],
            )
        )
    for model, part in raw[raw["Domain"] == "NMT"].groupby("Model"):
        runs.append(_translator(model))
        losses.append(
            loss_frame(
                runs[-1]["run"],
                "unknown-unit-translation",
                step=part["Seen Examples"],
                loss=part["Loss"],
            )
        )
    return run_frame(runs), join(losses)


COMMON = {"source": "revisiting", "complete": False, "digitised": False}
CITATION = (
    "arXiv:2209.06640; README of revisiting_neural_scaling_laws in google-research"
)


def _decoder(num_params: int) -> dict:
    name = f"revisiting-lamda-{num_params / 1e6:.0f}m"
    return COMMON | {
        "run": name,
        "family": "revisiting-lamda",
        "model": name,
        "arch": "decoder",
        "num_params": num_params,
        "corrected": "the test that sets the family ran on a column overwritten before",
        "note": (
            "unit of the loss unknown (0.85 to 0.999, where it seems to be cut off); parameters "
            "rounded; curves are extracts, whether they reach the end is not known"
        ),
        "citation": CITATION,
    }


def _translator(model: str) -> dict:
    name = "revisiting-nmt-" + model.lower().replace(" ", "").replace(",", "-")
    return COMMON | {
        "run": name,
        "model": name,
        "arch": TRANSLATION_ARCH[model],
        "num_params": 300_000_000,
        "corrected": "examples were taken for tokens",
        "note": (
            "no family: five architectures of one size; step counts training examples, tokens "
            "are unknown; unit of the log-perplexity unknown; nominal parameter count"
        ),
        "citation": CITATION,
    }

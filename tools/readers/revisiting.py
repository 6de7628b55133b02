"""Revisiting neural scaling laws (Alabdulmohsin et al., 2022): two sets of curves.

- Five decoders of LaMDA's kind: a validation loss between 0.85 and 0.999, unit
  unknown, by tokens (upstream counts "examples or tokens"; these are multiples of
  262,144).
- Five translation models of 300e6 parameters each, by number of examples.

Left out: scores of one 262M model on BIG-bench, whose "preferred metrics" the
raw file does not name.  The raw file repeats every row of the decoders four times.
"""

from pathlib import Path

import pandas as pd

from .facts import run_row
from .frames import join, loss_frame, run_frame


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and losses of the decoders and the translation models.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_FACTS` and `LOSS_COLUMNS`; examples stand under ``step``
        for the translation models.
    """
    raw = pd.read_csv(folder / "revisiting" / "revisiting_lang.csv")
    raw = raw.drop_duplicates(["Domain", "Task", "Model", "Seen Examples"])
    raw = raw.rename(columns={"Loss": "loss"})
    runs, losses = [], []
    for model, part in raw[raw["Domain"] == "LM"].groupby("Model"):
        row = _decoder(round(float(model)))
        tokens = part["Seen Examples"].round()
        part = part.assign(run=row["run"], tokens_seen=tokens)
        runs.append(row)
        losses.append(loss_frame(part, loss_kind="unknown-unit-validation"))
    for model, part in raw[raw["Domain"] == "NMT"].groupby("Model"):
        row = _translator(model)
        part = part.assign(run=row["run"], step=part["Seen Examples"])
        runs.append(row)
        losses.append(loss_frame(part, loss_kind="unknown-unit-translation"))
    return run_frame(runs), join(losses)


def _decoder(num_params: int) -> dict:
    name = f"revisiting-lamda-{num_params / 1e6:.0f}m"
    return run_row("revisiting", "lamda", run=name, num_params=num_params)


def _translator(model: str) -> dict:
    name = model.lower().replace(" ", "").replace(",", "-")
    return run_row("revisiting", "nmt", run=f"revisiting-nmt-{name}")

"""Compressibility study (Pandey, 2024): 150 small models on five artificial languages.

Each language is text of a random grammar; its gzip-compressibility names the
family.  Six sizes were trained for one pass over five amounts of text.  The raw
lists hold one training loss a step of 32 documents of up to 256 tokens, and the
validation loss of each batch after training.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from .facts import run_row
from .frames import join, loss_frame, run_frame
from .rawfiles import SourceError

DOCUMENTS_A_STEP = 32
CONTEXT_TOKENS = 256
# Steps of one pass -> documents in it: 1, 10, 20, 50 and 95 % of 39,062.  Tokens over
# these counts give one average length (255.6 to 256) at every amount of text.
DOCUMENTS = {13: 390, 123: 3_906, 245: 7_812, 611: 19_531, 1160: 37_108}
VALIDATION_BATCHES = {2: (32, 7), 4: (32, 32, 32, 4)}  # documents a batch
AMOUNTS = {13: "0.1m", 123: "1m", 245: "2m", 611: "5m", 1160: "9.5m"}


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and losses of the five languages.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_FACTS` and `LOSS_COLUMNS`; a training loss is that of the
        batch before its update, tokens include that batch.
    """
    path = folder / "gzip" / "results_new.jsonl.gz"
    raw = pd.read_json(path, lines=True, precise_float=True)
    runs, losses = [], []
    for record in raw.to_dict("records"):
        row = _run(record)
        log = pd.DataFrame({"loss": record["train_loss"]}).assign(run=row["run"])
        log["step"] = log.index + 1
        log["tokens_seen"] = _tokens(record, log["step"])
        end = log.tail(1).assign(loss=_validation(record))
        runs.append(row)
        losses.append(loss_frame(log, loss_kind="train-grammar"))
        losses.append(loss_frame(end, loss_kind="validation-grammar"))
    return run_frame(runs), join(losses)


def _tokens(record: dict, steps: pd.Series) -> pd.Series:
    documents = DOCUMENTS[len(steps)]
    if not 255.5 <= record["token_ct"] / documents <= CONTEXT_TOKENS:
        raise SourceError(
            f"gzip: {record['token_ct']} tokens in {documents} documents."
        )
    so_far = np.minimum(steps * DOCUMENTS_A_STEP, documents)
    return np.round(record["token_ct"] * so_far / documents)


def _validation(record: dict) -> float:
    losses = record["valid_loss"]
    return float(np.average(losses, weights=VALIDATION_BATCHES[len(losses)]))


def _run(record: dict) -> dict:
    level = record["dataset_name"].split("-")[1]
    size, shape = record["model_size"], record["model_stats"]
    label = f"{size / 1e6:.1f}m" if size < 1e9 else f"{size / 1e9:.2f}b"
    amount = AMOUNTS[len(record["train_loss"])]
    return run_row(
        "gzip",
        run=f"gzip-{level}-{label}-{amount}",
        family=f"gzip-{level}",
        model=f"gzip-{level}-{label}",
        corpus=f"text of a random grammar, gzip-compressibility {level}",
        num_params=size,
        params_non_embedding=size - 2 * shape["vocab_size"] * shape["hidden_size"],
        epochs=record["num_epochs"],
        unique_tokens=record["token_ct"],
    )

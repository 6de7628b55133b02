"""Compressibility study (Pandey, 2024): 150 small models on five artificial languages.

Each language is text of a random grammar; its gzip-compressibility names the
family.  Six sizes were trained for one pass over five amounts of text.  The raw
lists hold one training loss a step of 32 documents of up to 256 tokens, and the
validation loss of each batch after training.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from .frames import join, loss_frame, run_frame
from .rawfiles import SourceError

GRAMMAR = "text of a random grammar, padding included"
LOSS_KINDS = {
    "train-grammar": ("nats per token", f"mean cross-entropy on batches of {GRAMMAR}"),
    "validation-grammar": (
        "nats per token",
        f"mean cross-entropy on held-out {GRAMMAR}",
    ),
}
DOCUMENTS_A_STEP, CONTEXT = 32, 256
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
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`; a training loss is that of the
        batch before its update, tokens include that batch.
    """
    runs, losses = [], []
    raw = pd.read_json(
        folder / "gzip" / "results_new.jsonl.gz", lines=True, precise_float=True
    )
    for record in raw.to_dict("records"):
        run = _run(record)
        steps = np.arange(1, len(record["train_loss"]) + 1)
        tokens = _tokens(record, steps)
        runs.append(run)
        losses += [
            loss_frame(
                run["run"],
                "train-grammar",
                step=steps,
                tokens_seen=tokens,
                loss=record["train_loss"],
            ),
            loss_frame(
                run["run"],
                "validation-grammar",
                step=steps[-1:],
                tokens_seen=tokens[-1:],
                loss=[_validation(record)],
            ),
        ]
    return run_frame(runs), join(losses)


def _tokens(record: dict, steps: np.ndarray) -> np.ndarray:
    documents = DOCUMENTS[len(steps)]
    if not 255.5 <= record["token_ct"] / documents <= CONTEXT:
        raise SourceError(
            f"gzip: {record['token_ct']} tokens in {documents} documents."
        )
    seen = np.minimum(steps * DOCUMENTS_A_STEP, documents)
    return np.round(record["token_ct"] * seen / documents)


def _validation(record: dict) -> float:
    losses = record["valid_loss"]
    return float(np.average(losses, weights=VALIDATION_BATCHES[len(losses)]))


def _run(record: dict) -> dict:
    level = record["dataset_name"].split("-")[1]
    size, shape = record["model_size"], record["model_stats"]
    label = f"{size / 1e6:.1f}m" if size < 1e9 else f"{size / 1e9:.2f}b"
    family = f"gzip-{level}"
    amount = AMOUNTS[len(record["train_loss"])]
    return {
        "run": f"{family}-{label}-{amount}",
        "source": "gzip",
        "family": family,
        "model": f"{family}-{label}",
        "arch": "decoder",
        "corpus": f"text of a random grammar, gzip-compressibility {level}",
        "num_params": size,
        "params_non_embedding": size - 2 * shape["vocab_size"] * shape["hidden_size"],
        "epochs": record["num_epochs"],
        "unique_tokens": record["token_ct"],
        "batch_tokens": DOCUMENTS_A_STEP * CONTEXT,
        "context": CONTEXT,
        "schedule": "constant",
        "complete": True,
        "digitised": False,
        "corrected": "was never read",
        "note": (
            "artificial language; most parameters of the small sizes are embeddings; the loss "
            "falls in sudden steps rather than as a power law; padding counts in the loss"
        ),
        "citation": "arXiv:2405.16684; main.py and training.py of KhoomeiK/complexity-scaling",
    }

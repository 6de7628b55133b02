"""OPT (Zhang et al., 2022): validation perplexity of six sizes by step (Xia et al., 2022).

Columns ``num_token`` and ``flops`` are log10.  Perplexity is per token, so its
logarithm is the loss in nats per token.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from .frames import VALIDATION, join, loss_frame, run_frame
from .rawfiles import SourceError

LOSS_KINDS = {"validation": VALIDATION}
NUM_PARAMS = {
    "125m": 125e6,
    "1.3b": 1.3e9,
    "6.7b": 6.7e9,
    "13b": 13e9,
    "30b": 30e9,
    "175b": 175e9,
}
TRAINED_TOKENS = 300_000_000_000


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the runs and losses of the OPT family.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`.
    """
    raw = pd.read_csv(folder / "opt" / "opt_trajectories.csv")
    runs, losses = [], []
    for size, part in raw.groupby("model_size", sort=False):
        tokens = (10 ** part["num_token"]).round()
        batch = _batch(size, tokens / part["steps"])
        compute = 10 ** part["flops"] / (6 * NUM_PARAMS[size] * tokens)
        if not np.allclose(compute, 1, rtol=1e-6):
            raise SourceError(f"opt {size}: the column flops is not log10 of 6ND.")
        runs.append(_run(size, batch))
        losses.append(
            loss_frame(
                runs[-1]["run"],
                "validation",
                step=part["steps"],
                tokens_seen=part["steps"] * batch,
                loss=np.log(part["ppl"]),
            )
        )
    return run_frame(runs), join(losses)


def _batch(size: str, batches: pd.Series) -> int:
    """Tokens a step, which must be the same at every checkpoint."""
    batch = round(batches.median())
    if not np.allclose(batches, batch, rtol=1e-6):
        raise SourceError(f"opt {size}: tokens over steps are no constant batch size.")
    return batch


def _run(size: str, batch: int) -> dict:
    note = (
        "log ends before the 300e9 tokens of the training; the levels of the small sizes are "
        "high for such models, and the held-out text is not named in the raw file"
    )
    if size == "175b":
        note += "; the learning rate was lowered by hand during this run"
    return {
        "run": f"opt-{size}",
        "source": "opt",
        "family": "opt",
        "model": f"opt-{size}",
        "arch": "decoder",
        "corpus": "OPT mix (RoBERTa data, the Pile, Reddit)",
        "num_params": round(NUM_PARAMS[size]),
        "batch_tokens": batch,
        "context": 2048,
        "tokenizer": "GPT-2 BPE",
        "schedule": "linear",
        "schedule_tokens": TRAINED_TOKENS,
        "complete": False,
        "digitised": False,
        "corrected": "perplexity was taken for a loss; log10 FLOPs were taken for FLOPs",
        "note": note,
        "citation": "arXiv:2212.09803; arXiv:2205.01068",
    }

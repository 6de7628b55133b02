"""OPT (Zhang et al., 2022): validation perplexity of six sizes by step.

The perplexities are those of Xia et al. (2022).  Columns ``num_token`` and
``flops`` are log10.  Perplexity is per token, so its logarithm is the loss in nats per
token.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from .facts import run_row
from .frames import join, loss_frame, run_frame
from .rawfiles import SourceError


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the runs and losses of the OPT family.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_FACTS` and `LOSS_COLUMNS`.
    """
    raw = pd.read_csv(folder / "opt" / "opt_trajectories.csv")
    raw = raw.rename(columns={"steps": "step"})
    raw["loss"] = np.log(raw["ppl"])
    runs, losses = [], []
    for size, part in raw.groupby("model_size", sort=False):
        tokens = (10 ** part["num_token"]).round()
        batch = _batch(size, tokens / part["step"])
        row = run_row("opt", run=f"opt-{size}", batch_tokens=batch)
        compute = 10 ** part["flops"] / (6 * row["num_params"] * tokens)
        if not np.allclose(compute, 1, rtol=1e-6):
            raise SourceError(f"opt {size}: the column flops is not log10 of 6ND.")
        part = part.assign(run=row["run"], tokens_seen=part["step"] * batch)
        runs.append(row)
        losses.append(loss_frame(part, loss_kind="validation"))
    return run_frame(runs), join(losses)


def _batch(size: str, batches: pd.Series) -> int:
    """Tokens a step, which must be the same at every checkpoint."""
    batch = round(batches.median())
    if not np.allclose(batches, batch, rtol=1e-6):
        raise SourceError(f"opt {size}: tokens over steps are no constant batch size.")
    return batch

"""GPT-3 (Brown et al., 2020): training and validation curves of eight sizes, from a figure.

The raw file has one point a row, with tokens in units of 1e9 and either a
training or a validation loss in nats per token.  The points were traced from
the figure, so several share one x; they are merged by median when tables are
thinned.  The figure is cut off above 3.5 nats, so every curve starts near 1e10
tokens on a steep stretch that is known less well than the rest.
"""

from pathlib import Path

import pandas as pd

from .frames import TRAIN, VALIDATION, join, loss_frame, run_frame

LOSS_KINDS = {"train": TRAIN, "validation": VALIDATION}
COLUMN_OF_KIND = {"train": "train_loss", "validation": "val_loss"}
CITATION = "arXiv:2005.14165"
SCALE = {"M": 1e6, "B": 1e9}
NAMED_SIZES = {"small": "125M", "medium": "350M", "large": "760M", "xl": "1.3B"}


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the runs and losses of the GPT-3 family.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`.
    """
    points = pd.read_csv(folder / "gpt3" / "extracted.csv.gz")
    sizes = pd.read_csv(folder / "gpt3" / "gpt3_metadata.csv").set_index("num_params")
    runs, losses = [], []
    for name, part in points.groupby("model", sort=False):
        label = _label(name)
        runs.append(_run(label, sizes.loc[label]))
        for kind, column in COLUMN_OF_KIND.items():
            curve = part.dropna(subset=[column])
            losses.append(
                loss_frame(
                    runs[-1]["run"],
                    kind,
                    tokens_seen=(curve["step"] * 1e9).round(),
                    loss=curve[column],
                )
            )
    return run_frame(runs), join(losses)


def _label(name: str) -> str:
    """Size as the paper's table writes it: "small" -> "125M", "13b" -> "13.0B"."""
    return NAMED_SIZES[name] if name in NAMED_SIZES else f"{float(name.rstrip('b'))}B"


def _run(label: str, size: pd.Series) -> dict:
    billions = _number(label) / 1e9
    model = f"gpt3-{billions:g}b" if billions >= 1 else f"gpt3-{1000 * billions:g}m"
    return {
        "run": model,
        "source": "gpt3",
        "family": "gpt3",
        "model": model,
        "arch": "decoder",
        "corpus": "GPT-3 mix (Common Crawl, WebText2, books, Wikipedia)",
        "num_params": round(_number(label)),
        "batch_tokens": round(_number(size["batch_size"])),
        "context": 2048,
        "tokenizer": "GPT-2 BPE",
        "schedule": "cosine",
        "schedule_tokens": 260_000_000_000,
        "complete": True,
        "digitised": True,
        "note": (
            "trained to 300e9 tokens, the last 40e9 at a constant tenth of the peak rate; "
            "the batch grows over the first 4e9 to 12e9 tokens; parameter counts are the "
            "paper's rounded ones"
        ),
        "citation": CITATION,
    }


def _number(text: str) -> float:
    """Read a number of parameters or tokens such as "125M", "13.0B" or "0.5M"."""
    return float(text[:-1]) * SCALE[text[-1]]

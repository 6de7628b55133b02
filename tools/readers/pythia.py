"""Pythia (Biderman et al., 2023): LAMBADA and WikiText perplexities of saved checkpoints.

One JSON a checkpoint, number of shots and task set.  There is no training or
validation loss.  What serves as loss is the logarithm of a perplexity: per last
word on LAMBADA, per word on WikiText (early version only).  The number of shots
is the one in the file's configuration, which is not always that of its name.
"""

import json
import re
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from .frames import join, loss_frame, run_frame
from .pythia_runs import describe, tokens_a_step

LAST_WORD = (
    "logarithm of the perplexity of the last word of LAMBADA passages (OpenAI variant)"
)
LOSS_KINDS = {
    "lambada-last-word": (
        "nats per last word",
        f"{LAST_WORD}, no examples in the prompt",
    ),
    "lambada-last-word-5-shot": (
        "nats per last word",
        f"{LAST_WORD}, five examples before it",
    ),
    "wikitext-word": (
        "nats per word",
        "logarithm of the perplexity per word of WikiText",
    ),
}
LAMBADA_KIND = {0: "lambada-last-word", 5: "lambada-last-word-5-shot"}
STEP = re.compile(r"step(\d+)")
# Final evaluations of other families, by folder: their tokens at the end of training.
FINAL_TOKENS = {"bloom": 341_000_000_000, "opt": 300_000_000_000}


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the runs of the Pythia suite and of the models evaluated beside it.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`.
    """
    records = _evaluations(folder / "pythia" / "pythia_evals_json.zip")
    records += _second_evaluations(folder / "pythia" / "bias_evals_lambada.csv")
    table = pd.DataFrame(
        records, columns=["run", "loss_kind", "step", "perplexity", "order"]
    )
    table = table[(table["step"] != 0) & table["perplexity"].notna()]
    table = table.sort_values(["run", "loss_kind", "step", "order"])
    # several evaluations of one checkpoint: the first in this order stays
    table = table.drop_duplicates(["run", "loss_kind", "step"])
    runs = [describe(run) for run in table["run"].unique()]
    losses = [
        loss_frame(
            run,
            part["loss_kind"].to_numpy(),
            step=part["step"] if part["step"].notna().all() else None,
            tokens_seen=_tokens(run, part["step"]),
            loss=np.log(part["perplexity"]),
        )
        for run, part in table.groupby("run")
    ]
    return run_frame(runs), join(losses)


def _tokens(run: str, step: pd.Series) -> pd.Series:
    family = run.partition("-")[0]
    if family in FINAL_TOKENS:
        return pd.Series(FINAL_TOKENS[family], index=step.index)
    return step * tokens_a_step(run)


def _evaluations(path: Path) -> list[tuple]:
    records = []
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".json"):
                records += _records(PurePosixPath(name), json.loads(archive.read(name)))
    return records


def _records(path: PurePosixPath, content: dict) -> list[tuple]:
    """(run, kind, step, perplexity, order) of one file; zero-shot folders come first in order."""
    shots = content["config"]["num_fewshot"]
    found = STEP.search(path.stem)
    run = _run_name(path)
    step = int(found[1]) if found else None
    order = f"{'zero-shot' not in path.parts:d} {path.name}"
    results = content["results"]
    pairs = [
        (LAMBADA_KIND[shots], results.get("lambada_openai", {}).get("ppl")),
        ("wikitext-word", results.get("wikitext", {}).get("word_perplexity")),
    ]
    return [
        (run, kind, step, value, order) for kind, value in pairs if value is not None
    ]


def _run_name(path: PurePosixPath) -> str:
    """Name of our run for a file such as evals/pythia-v1/pythia-70m-deduped/zero-shot/x.json."""
    parts = path.parts[1:]
    if parts[0] in FINAL_TOKENS:
        return f"{parts[0]}-lambada-{path.stem.removeprefix(parts[0] + '-')}"
    version, model = parts[0].removeprefix("pythia-"), parts[1].removeprefix("pythia-")
    run = f"pythia-{version}-{model.removesuffix('-bf16')}"
    if "baseline" in parts:
        return f"{run}-late"
    if "intervention" in parts:
        return f"{run}-{'long-' if '-long_' in path.name else ''}intervention"
    return run


OLD_NAMES = {"19m": "70m", "350m": "410m", "1.3b": "1.4b", "6.9b": "6.9b"}


def _second_evaluations(path: Path) -> list[tuple]:
    """List the evaluations of the bias study, under old names of early deduplicated models."""
    records = []
    for row in pd.read_csv(path).itertuples():
        start, old, _ = row.model.rsplit("-", 2)
        end = {
            "pythia": "again",
            "intervention": "intervention",
            "long-intervention": "long-intervention",
        }[start]
        run = f"pythia-v0-{OLD_NAMES[old]}-deduped-{end}"
        kind = LAMBADA_KIND[row.num_fewshot]
        records.append((run, kind, row.step, row.lambada_openai_ppl, row.file))
    return records

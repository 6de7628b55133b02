"""From checked raw files to ``data/``: read, validate, thin, write."""

import importlib
from pathlib import Path

import pandas as pd

from . import DATA
from .checks import check_frames, check_scores
from .facts import SOURCES
from .rawfiles import PROVENANCE_COLUMNS, SourceError, check_raw
from .thinning import thin
from .writing import render

# Tables that are kept by hand and belong to those that are written.
HAND_KEPT = ("families.csv", "loss_kinds.csv", "run_pairs.csv")
SCORE_ORDER = ["run", "task", "metric", "shots", "tokens_seen", "step"]


def build(folder: Path, data_dir: Path, readers=SOURCES) -> dict[str, pd.DataFrame]:
    """Check the raw files, read every source and write our tables.

    Nothing is written unless every source is right.

    Parameters
    ----------
    folder : Path
        Raw files and their ``MANIFEST.csv``.  A reader whose raw file is in this
        repository names its place as ``HERE``; there is a manifest too.
    data_dir : Path
        Gets ``runs.csv``, ``sources.csv``, ``losses/<source>.csv`` and, of sources that
        have them, ``evaluations/<source>.csv``, and the tables that are kept by hand.
    readers : sequence
        Names of modules of this folder, or modules with ``read`` and the source as the
        last part of ``__name__``.

    Returns
    -------
    dict
        ``runs``, ``sources`` and the tables ``losses/<source>`` and
        ``evaluations/<source>``, as they were written.

    Raises
    ------
    SourceError
        If a raw file or the result of a reader is not as it should be.
    """
    folder, data_dir = Path(folder), Path(data_dir)
    tables = _read_all(folder, [_module(reader) for reader in readers])
    texts = {f"{name}.csv": render(table).encode() for name, table in tables.items()}
    texts |= {name: (DATA / name).read_bytes() for name in HAND_KEPT}
    for name, text in texts.items():
        path = data_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    return tables


def _read_all(folder: Path, modules: list) -> dict[str, pd.DataFrame]:
    places = {
        module.__name__.rpartition(".")[2]: getattr(module, "HERE", folder)
        for module in modules
    }
    manifest = pd.concat([check_raw(place) for place in {folder, *places.values()}])
    tables = {"sources": _provenance(manifest, list(places))}
    runs = []
    for module, (name, place) in zip(modules, places.items(), strict=True):
        source_runs, losses = module.read(place)
        check_frames(name, source_runs, losses)
        runs.append(source_runs)
        tables[f"losses/{name}"] = thin(losses)
        if hasattr(module, "read_evaluations"):
            scores = module.read_evaluations(place)
            check_scores(name, scores, source_runs)
            tables[f"evaluations/{name}"] = _tidy_scores(scores)
    return tables | {"runs": _all_runs(runs)}


def _module(reader):
    if isinstance(reader, str):
        return importlib.import_module(f"tools.readers.{reader}")
    return reader


def _provenance(manifest: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    if absent := sorted(set(names) - set(manifest["source"])):
        raise SourceError(f"the manifest lists no file of {', '.join(absent)}.")
    ours = manifest[manifest["source"].isin(names)]
    return ours[list(PROVENANCE_COLUMNS)].sort_values(
        ["source", "file"], ignore_index=True
    )


def _all_runs(runs: list[pd.DataFrame]) -> pd.DataFrame:
    runs = pd.concat([part.astype(object) for part in runs], ignore_index=True)
    if runs["run"].duplicated().any():
        clash = runs.loc[runs["run"].duplicated(), "run"].iloc[0]
        raise SourceError(f"two sources have a run called {clash}.")
    size = runs["num_params"].astype(float)
    order = runs.assign(_size=size, family=runs["family"].fillna(""))
    order = order.sort_values(["source", "family", "_size", "run"])
    return runs.loc[order.index].reset_index(drop=True)


def _tidy_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores in order, fractions with five significant digits, counts as integers."""
    scores = scores.astype(object)
    for column in ("value", "stderr"):
        scores[column] = [float(f"{value:.5g}") for value in scores[column]]
    for column in ("step", "tokens_seen", "shots"):
        scores[column] = scores[column].astype(float).round()
    return scores.sort_values(SCORE_ORDER, ignore_index=True)

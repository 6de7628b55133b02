"""From checked raw files to ``data/``: read, validate, thin, write.

The same raw files give the same bytes: rows are sorted, counts are written as
integers, losses with eight significant digits, truths as True or False, and
what is unknown is empty.
"""

import importlib
import re
from pathlib import Path

import numpy as np
import pandas as pd

from . import LOSS_COLUMNS, RUN_COLUMNS
from .evaluations import gather
from .rawfiles import PROVENANCE_COLUMNS, SourceError, check_raw
from .thinning import thin

# One module a source, of the same name, in this folder.
READERS = (
    "bimix",
    "chinchilla",
    "datablations",
    "gpt3",
    "gzip",
    "ladder",
    "llm360",
    "mad",
    "moduleformer",
    "olmo",
    "opt",
    "overtrain",
    "pythia",
    "red_pajama",
    "revisiting",
    "schedules",
    "t5_pile",
)

INTEGER_COLUMNS = (
    "num_params",
    "params_non_embedding",
    "seed",
    "unique_tokens",
    "batch_tokens",
    "context",
    "schedule_tokens",
    "step",
    "tokens_seen",
    "n_averaged",
)
BOOLEAN_COLUMNS = ("complete", "digitised")
DIGITS = {"loss": ".8g", "epochs": ".6g"}
KIND_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def build(folder: Path, data_dir: Path, readers=READERS) -> dict[str, pd.DataFrame]:
    """Check the raw files, read every source and write our tables.

    Nothing is written unless every source is right.

    Parameters
    ----------
    folder : Path
        Raw files and their ``MANIFEST.csv``.  A reader whose raw file is in this
        repository names its place as ``HERE``; there is a manifest too.
    data_dir : Path
        Gets ``runs.csv``, ``sources.csv``, ``loss_kinds.csv``, ``losses/<source>.csv``
        and, of sources that have them, ``evaluations/<source>.csv``.
    readers : sequence
        Names of modules of this folder, or modules with ``read`` and
        ``LOSS_KINDS`` and the source as the last part of ``__name__``.

    Returns
    -------
    dict
        ``runs``, ``sources``, ``loss_kinds`` and the tables ``losses/<source>`` and
        ``evaluations/<source>``, as they were written.

    Raises
    ------
    SourceError
        If a raw file or the result of a reader is not as it should be.
    """
    folder, data_dir = Path(folder), Path(data_dir)
    tables = _read_all(folder, [_module(reader) for reader in readers])
    texts = {name: _render(table) for name, table in tables.items()}
    for name, text in texts.items():
        path = data_dir / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return tables


def _read_all(folder: Path, modules: list) -> dict[str, pd.DataFrame]:
    names = [module.__name__.rpartition(".")[2] for module in modules]
    folders = {
        name: getattr(m, "HERE", folder) for name, m in zip(names, modules, strict=True)
    }
    manifest = pd.concat([check_raw(place) for place in {folder, *folders.values()}])
    tables = {"sources": _provenance(manifest, names)}
    runs = []
    for name, module in zip(names, modules, strict=True):
        source_runs, losses = module.read(folders[name])
        check_frames(name, source_runs, losses, module.LOSS_KINDS)
        runs.append(source_runs)
        tables[f"losses/{name}"] = thin(losses)
    tables |= {"runs": _all_runs(runs), "loss_kinds": _loss_kinds(modules)}
    scores = gather(folder, tables["runs"])
    return tables | {f"evaluations/{source}": table for source, table in scores.items()}


def check_frames(
    source: str, runs: pd.DataFrame, losses: pd.DataFrame, kinds: dict
) -> None:
    """Raise `SourceError` unless a reader's result keeps the contract.

    Parameters
    ----------
    source : str
        Name of the source; every run must carry it.
    runs, losses : DataFrame
        What ``read`` returned.
    kinds : dict
        Kind of loss -> (unit, meaning), as the reader declares it.
    """
    _check_columns(source, runs, losses)
    empty_family = runs["family"].fillna("") == ""
    bad_params = ~(runs["num_params"].astype(float) > 0)
    _refuse(source, runs, runs["run"].duplicated(), "run names that occur twice")
    _refuse(source, runs, runs["source"] != source, "runs of another source")
    _refuse(
        source,
        runs,
        empty_family & (runs["note"].fillna("") == ""),
        "no family and no note",
    )
    _refuse(source, runs, bad_params, "parameter counts that are not positive")
    _refuse(source, runs, ~runs["run"].isin(losses["run"]), "runs without a loss")
    _refuse(source, losses, ~losses["run"].isin(runs["run"]), "losses of unknown runs")
    _refuse(
        source,
        losses,
        ~losses["loss_kind"].isin(list(kinds)),
        "undeclared kinds of loss",
    )
    good = np.isfinite(losses["loss"]) & (losses["loss"] > 0)
    _refuse(source, losses, ~good, "losses that are not positive and finite")
    tokens, step = losses["tokens_seen"].astype(float), losses["step"].astype(float)
    _refuse(
        source, losses, (tokens <= 0) | np.isinf(tokens), "tokens that are not positive"
    )
    _refuse(
        source,
        losses,
        tokens.isna() & ~(step > 0),
        "neither tokens nor a positive step",
    )
    known = tokens.notna().groupby([losses["run"], losses["loss_kind"]])
    mixed = known.transform("any") & tokens.isna()
    _refuse(source, losses, mixed, "tokens known for a part of the run only")


def _check_columns(source: str, runs: pd.DataFrame, losses: pd.DataFrame) -> None:
    for table, columns in ((runs, RUN_COLUMNS), (losses, LOSS_COLUMNS)):
        if tuple(table.columns) != columns:
            raise SourceError(
                f"{source}: columns are {list(table.columns)}, not {list(columns)}."
            )
        if table.empty:
            raise SourceError(f"{source}: the reader found no rows.")


def _refuse(source: str, table: pd.DataFrame, bad: pd.Series, what: str) -> None:
    if bad.any():
        examples = ", ".join(map(str, table.loc[bad, "run"].unique()[:3]))
        raise SourceError(
            f"{source}: {int(bad.sum())} rows with {what}, such as {examples}."
        )


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


def _loss_kinds(modules: list) -> pd.DataFrame:
    kinds = {}
    for module in modules:
        for kind, definition in module.LOSS_KINDS.items():
            if not KIND_NAME.fullmatch(kind):
                raise SourceError(
                    f"{module.__name__}: {kind!r} is not lower-case-with-hyphens."
                )
            if kinds.setdefault(kind, tuple(definition)) != tuple(definition):
                raise SourceError(
                    f"two readers define the kind of loss {kind!r} differently."
                )
    rows = [(kind, *kinds[kind]) for kind in sorted(kinds)]
    return pd.DataFrame(rows, columns=["loss_kind", "unit", "meaning"])


def _render(table: pd.DataFrame) -> str:
    text = pd.DataFrame({name: _as_text(table[name], name) for name in table.columns})
    return text.to_csv(index=False, lineterminator="\n")


def _as_text(column: pd.Series, name: str) -> list[str]:
    if name in INTEGER_COLUMNS:
        write = _integer_text
    elif name in BOOLEAN_COLUMNS:
        write = _boolean_text
    elif name in DIGITS:
        write = f"{{:{DIGITS[name]}}}".format
    else:
        write = str
    return ["" if pd.isna(value) else write(value) for value in column]


def _integer_text(value) -> str:
    if float(value) != round(float(value)):
        raise SourceError(f"{value} stands where only whole numbers may.")
    return str(round(float(value)))


def _boolean_text(value) -> str:
    if value not in (True, False):
        raise SourceError(f"{value!r} stands where only True or False may.")
    return str(bool(value))

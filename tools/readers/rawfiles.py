"""Raw files against their manifest: nothing is read before its hash is right."""

import hashlib
from pathlib import Path

import pandas as pd

MANIFEST = "MANIFEST.csv"
PROVENANCE_COLUMNS = (
    "source",
    "file",
    "upstream_repo",
    "upstream_commit",
    "upstream_path",
    "licence",
    "sha256",
    "bytes",
    "how_obtained",
    "citation",
)


class SourceError(ValueError):
    """A raw file, or what a reader made of it, is not what it should be."""


def read_manifest(folder: Path) -> pd.DataFrame:
    """Provenance of the raw files, one row a file, all columns as text.

    Parameters
    ----------
    folder : Path
        Holds ``MANIFEST.csv``; paths in its column ``file`` are relative to it.

    Raises
    ------
    SourceError
        If the manifest is absent or lacks a column.
    """
    path = Path(folder) / MANIFEST
    if not path.is_file():
        raise SourceError(
            f"{path}: no manifest there. Give the folder that holds {MANIFEST} and one "
            "sub-folder a source."
        )
    manifest = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    if missing := [name for name in PROVENANCE_COLUMNS if name not in manifest.columns]:
        raise SourceError(
            f"{path}: the manifest lacks the columns {', '.join(missing)}."
        )
    return manifest


def check_raw(folder: Path) -> pd.DataFrame:
    """Compare size and sha256 of all raw files with the manifest.

    Parameters
    ----------
    folder : Path
        Folder of the raw files and their manifest.

    Returns
    -------
    DataFrame
        The manifest.

    Raises
    ------
    SourceError
        For the first file that is missing, truncated or edited.
    """
    manifest = read_manifest(folder)
    for row in manifest.itertuples():
        _check_file(Path(folder) / row.file, int(row.bytes), row.sha256)
    return manifest


def _check_file(path: Path, size: int, sha256: str) -> None:
    remedy = "Fetch it again from the repository and commit that the manifest names."
    if not path.is_file():
        raise SourceError(f"{path}: missing; expected {size} bytes. {remedy}")
    content = path.read_bytes()
    if len(content) != size:
        raise SourceError(f"{path}: {len(content)} bytes, expected {size}. {remedy}")
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise SourceError(
            f"{path}: right size ({size} bytes) but edited: sha256 {digest}, expected "
            f"{sha256}. {remedy}"
        )

"""Files, folders and standard input as texts; packed ones up to a size."""

import bz2
import gzip
import io
import lzma
import re
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from ..runs.checks import DataError

MOST_UNPACKED = 256 * 2**20  # bytes that a packed file may hold
OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
KNOWN = (
    ".csv",
    ".tsv",
    ".txt",
    ".log",
    ".out",
    ".json",
    ".jsonl",
    ".ndjson",
    ".parquet",
)
UNREADABLE = {  # endings that cannot be read, and what to do
    ".xlsx": "save it as CSV UTF-8 in your spreadsheet program",
    ".xls": "save it as CSV UTF-8 in your spreadsheet program",
    ".ods": "save it as CSV UTF-8 in your spreadsheet program",
    ".zst": "unpack it first (zstd -d)",
    ".tar": "unpack it first and give the folder",
    ".tgz": "unpack it first and give the folder",
    ".pkl": "pickles are not read: save it as CSV",
    ".pickle": "pickles are not read: save it as CSV",
    ".npz": "save it as CSV",
    ".wandb": "export the charts or the history as CSV",
    ".db": "export the runs as CSV",
    ".pdf": "save it as CSV",
}
MARKS = {  # first bytes of a file and its encoding
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
# Names of files and folders that say what is inside, not which run it is.
GENERIC = re.compile(
    r"(trainer_state|trainer_log|log_history|history|metrics|metric|logs?|train|training|main|out|"
    r"output|stdout|stderr|results?|losses|loss|evals?|scalars|progress|data|runs?|"
    r"version_?\d+|checkpoint[-_]?\d+|ckpt[-_]?\d+|lightning_logs|csv_logs|"
    r"wandb[-_]history|tensorboard|tb|\.|\d*)",
    re.IGNORECASE,
)
# Of TensorBoard: run-NAME-tag-METRIC.
EXPORT = re.compile(r"(?:run[-_])?(?P<run>.+?)[-,]tag[-_](?P<tag>.+)")


@dataclass(frozen=True)
class File:
    """A file that was opened: where it stood, its bytes without packing, its run."""

    path: Path
    content: bytes
    run: str
    name: str  # what messages call it

    @property
    def ending(self):
        """Last part of the name that says what is inside, not how it is packed."""
        endings = [e.lower() for e in self.path.suffixes if e.lower() not in OPENERS]
        endings = [e for e in endings if e != ".zip"]
        return endings[-1] if endings else ""

    @property
    def tag(self):
        """Name of the metric in the name of a TensorBoard export, or None."""
        export = EXPORT.fullmatch(self.path.stem)
        return export["tag"] if export else None

    def text(self, notes):
        """The content as text, without the mark of its encoding."""
        marks = [mark for mark in MARKS if self.content.startswith(mark)]
        encoding = MARKS[marks[0]] if marks else "utf-8"
        try:
            text = self.content.decode(encoding)
        except UnicodeDecodeError:
            if encoding != "utf-8" or b"\0" in self.content:
                raise DataError(
                    f"{self.name} is no text: give CSV, JSON lines or a text log"
                ) from None
            notes.append(f"{self.name} is not UTF-8: read as Latin-1, check its names")
            text = self.content.decode("latin-1")
        if "\0" in text:
            raise DataError(f"{self.name} holds zero bytes: save it as CSV UTF-8")
        return text.replace("\r\n", "\n").replace("\r", "\n")


def open_files(paths):
    """Files (a list) of paths, of folders with all that is below, of ``-``.

    Raises
    ------
    DataError
        For a path that is not there, cannot be opened, or is packed and too large.
    """
    if isinstance(paths, (str, Path)):
        paths = [paths]
    try:
        paths = [Path(path) for path in paths]
    except TypeError:
        raise DataError(f"paths must name files, got {paths!r}") from None
    if not paths:
        raise DataError("no file given: name one or more")
    found = [file for path in paths for file in _expand(path)]
    twice = {path for path in found if found.count(path) > 1}
    if twice:
        raise DataError(f"{min(twice)} is given twice: name each file once")
    folders = [path.absolute().parts[1:-1] for path in found]
    shared = 0
    if len(found) > 1:
        columns = list(zip(*folders, strict=False))
        differ = [len(set(parts)) > 1 for parts in columns]
        shared = differ.index(True) if any(differ) else len(columns)
    return [
        File(
            path,
            _read(path),
            _run_of(path, parts[shared:]),
            _name_of(path, parts[shared:] if len(found) > 1 else ()),
        )
        for path, parts in zip(found, folders, strict=True)
    ]


def _name_of(path, folders):
    """What messages call a file: its name, below what all files share."""
    if str(path) == "-":
        return "standard input"
    return "/".join([*folders, path.name])


def _run_of(path, folders):
    """The run that a file is named after: its stem, or the nearest telling folder."""
    if str(path) == "-":
        return "stdin"
    stem = path.name
    for ending in (*OPENERS, ".zip", *KNOWN):
        if stem.lower().endswith(ending):
            stem = stem[: -len(ending)]
    export = EXPORT.fullmatch(stem)
    if export:
        stem = export["run"]
    parts = [stem, *reversed(folders)]
    telling = [part for part in parts if not GENERIC.fullmatch(part)]
    return (telling or parts[1:2] or [stem])[0]


def _expand(path):
    """The path, or the files of known kinds in the folder of this name."""
    if str(path) == "-" or not _is_folder(path):
        return [path]
    packed = (*OPENERS, ".zip")
    files = [
        file
        for file in sorted(path.rglob("*"))
        if not any(part.startswith(".") for part in file.relative_to(path).parts)
        and file.is_file()
        and [s for s in file.suffixes if s.lower() not in packed][-1:]
        and [s for s in file.suffixes if s.lower() not in packed][-1].lower() in KNOWN
    ]
    if not files:
        raise DataError(f"folder {path} holds no file of {', '.join(KNOWN)}")
    return files


def _is_folder(path):
    try:
        return path.is_dir()
    except (OSError, ValueError):  # such as a name of too many letters
        return False


def _read(path):
    """Bytes of a path, unpacked."""
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        there = path.exists()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"cannot open {str(path)[:80]!r}: {reason}") from None
    if not there:
        raise DataError(f"no file {path}: check the name")
    ending = path.suffix.lower()
    if ending in UNREADABLE:
        raise DataError(f"{path}: {ending} is not read: {UNREADABLE[ending]}")
    try:
        content = path.read_bytes()
        if ending in OPENERS:
            with OPENERS[ending](io.BytesIO(content)) as packed:
                content = _limited(packed, path)
        elif ending == ".zip":
            content = _unzipped(content, path)
    except (EOFError, lzma.LZMAError, zlib.error, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is cut or damaged: {error}; pack it again") from None
    except (OSError, RuntimeError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read: {reason}") from None
    return content


def _limited(packed, path):
    content = packed.read(MOST_UNPACKED + 1)
    if len(content) > MOST_UNPACKED:
        raise DataError(
            f"{path} holds more than {MOST_UNPACKED / 2**20:.0f} MB unpacked, the most "
            "that is read of a packed file: unpack it first, or thin its rows"
        )
    return content


def _unzipped(content, path):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        names = [name for name in names if not name.startswith("__MACOSX")]
        if len(names) != 1:
            raise DataError(
                f"{path} holds {len(names)} files, one is read: unpack it first and "
                "give the folder"
            )
        with archive.open(names[0]) as packed:
            return _limited(packed, path)

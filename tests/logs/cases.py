"""A case: the files of a log, how a person reads them, and what must come of it."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Right:
    """The table that must be read, and words (regular expressions) of its notes.

    ``runs`` has ``run, num_params, tokens_seen, loss``. Where the log gives no names,
    ``named=False`` compares all else and the number of runs. ``unit``: expected in a
    column ``loss_unit``.
    """

    runs: pd.DataFrame
    notes: tuple[str, ...] = ()
    named: bool = True
    unit: str | None = None


@dataclass(frozen=True)
class Asks:
    """A DataError in one short line with these words (regular expressions)."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Warned:
    """Words in the notes, the warnings or the summary; or, ``absent``, nowhere."""

    words: tuple[str, ...]
    absent: bool = False


@dataclass(frozen=True)
class Near:
    """A comparison that comes out near this relative difference."""

    difference: float


@dataclass(frozen=True)
class Either:
    """Any of these is right: a free choice of the specification."""

    choices: tuple[Any, ...]


@dataclass(frozen=True)
class Case:
    """One log of a kind.

    ``files``: bytes by path. ``options``: keywords of `read_export`, or ``words`` of
    the command line. ``read``: the paths given, else all files. ``call``: what is done
    with the log, "read", "forecast" or "compare".
    """

    label: str
    files: dict[str, bytes]
    expect: Any
    options: dict = field(default_factory=dict)
    words: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    call: str = "read"
    kind: str = ""


def right(runs, *notes, named=True, unit=None):
    """The case is read as this table, with these words in the notes."""
    columns = ["run", "num_params", "tokens_seen", "loss"]
    return Right(runs[columns].reset_index(drop=True), notes, named, unit)


def asks(*words):
    """The case is asked about, with these words."""
    return Asks(words)


def either(*choices):
    """Any of the expectations."""
    return Either(choices)

"""Read the files that people have as one table of runs, with notes on what was done."""

import pandas as pd

from ..runs.arguments import number
from ..runs.checks import DataError, check_table
from ..runs.naming import listed
from .assembling import in_numbers
from .files import open_files
from .formats import read_table
from .json_tables import LEVEL
from .lines import FILE_COLUMN, LINE_COLUMN
from .losses import ASIDE, NoSuchLoss, columns_of
from .names import plain
from .naming import named_by_file, one_loss
from .units import LOSS_UNITS, in_unit


def read_export(
    paths,
    *,
    columns=None,
    loss=None,
    params_unit=None,
    tokens_unit=None,
    batch_tokens=None,
    tokens_seen=None,
    sequence_length=None,
    loss_unit=None,
    bytes_per_token=None,
    sizes=None,
    without=(),
    each_row_a_run=False,
):
    """Read files of runs as trackers and scripts wrote them.

    Parameters
    ----------
    paths : str, Path, or a list of them
        Files, folders (all files below are read), "-" for standard input: CSV, JSON
        (lines, lists, the state of a trainer), text logs of nanoGPT, llm.c, Megatron,
        torchtitan. A file without a column of runs is one run, named by the file.
    columns : dict, optional
        Our name by the file's, such as ``{"val/ppl": "loss"}``; usual names are known.
    loss : str, optional
        Which loss, where a file has several: its column, metric or subset.
    params_unit, tokens_unit : float, optional
        What one unit of the columns is: 1e6 for millions, 1e9 for billions.
    batch_tokens : float or dict, optional
        Tokens of a step, where the file counts steps: for all runs, or by run with ""
        for the others. A column ``batch_tokens`` serves a batch that changes.
    tokens_seen : float or dict, optional
        Tokens of every run, or by run, where the file has neither tokens nor steps.
    sequence_length : float, optional
        Tokens of a sample, where the file counts samples.
    loss_unit : str, optional
        "nats", "perplexity", "bits" (a token), "bits-per-byte", "as-is"; by default
        what the name of the column says, else nats.
    bytes_per_token : float, optional
        Turns bits per byte into nats per token.
    sizes : dict, optional
        Parameters by run; else the file's, else the run's name is asked (7b, 350M).
    without : sequence of str
        Names of runs to leave out.
    each_row_a_run : bool
        Rows are runs of their own although a column looks like names of runs.

    Returns
    -------
    runs : DataFrame
        ``run, num_params`` (parameters) ``, tokens_seen`` (tokens) ``, loss`` (nats per
        token unless ``loss_unit`` says otherwise) ``, line`` (of the file), and what
        else the files hold.
    notes : list of str
        What was renamed, chosen, converted or left out.

    Raises
    ------
    DataError
        If something needed is missing, cannot be read, or can be meant in two ways; the
        message names file, line, column and the fix.  What is implausible in the
        runs, whoever uses them says.

    Examples
    --------
    >>> from hitchhiker.runs.data import tables_folder
    >>> runs, notes = read_export(tables_folder() / "examples" / "my_family.csv")
    >>> len(runs) > 10, notes
    (True, [])
    """
    _check_units(loss_unit, params_unit=params_unit, tokens_unit=tokens_unit)
    units = {"num_params": params_unit, "tokens_seen": tokens_unit}
    files, notes = open_files(paths), []
    tables = [read_table(file, notes) for file in files]
    notes += _programs(files, tables)
    _check_names(tables, columns or {})
    choices = {"columns": columns or {}, "wanted": loss, "sizes": sizes, "units": units}
    table, name = _joined(files, tables, choices, each_row_a_run, notes)
    notes = list(dict.fromkeys(notes))
    try:
        table = in_numbers(
            table,
            notes,
            without=without,
            sizes=sizes,
            units=units,
            batch_tokens=batch_tokens,
            tokens_seen=tokens_seen,
            sequence_length=sequence_length,
        )
        table = in_unit(table, name, loss_unit, bytes_per_token, notes)
        return check_table(table.reset_index(drop=True)), notes
    except DataError as error:
        level = next((note for note in notes if note.startswith(LEVEL)), "")
        message = f"{error}; {level}" if level else str(error)
        several = len(files) > 1 or message.startswith(files[0].name)
        raise DataError(message if several else f"{files[0].name}: {message}") from None


def _check_units(loss_unit, **units):
    if loss_unit not in (None, *LOSS_UNITS):
        raise DataError(f"loss unit {loss_unit!r}: known are {', '.join(LOSS_UNITS)}")
    for option, unit in units.items():
        if unit is not None:
            number(option, unit, above=0)


def _joined(files, tables, choices, each_row_a_run, notes):
    """One table of the losses of all files, and the name that the loss has there."""
    parts, told, refused, named = [], [], [], []
    for file, table in zip(files, tables, strict=True):
        try:
            part, name = one_loss(table, file, **choices, notes=notes)
            if each_row_a_run:
                part = part.rename(columns={"run": "run (file)"})
            elif "run" not in part:
                part = named_by_file(part, file, len(files) > 1, notes)
                named += [file] if "run" in part else []
        except NoSuchLoss as error:
            refused.append(f"{file.name}: {error}")
            continue
        except DataError as error:
            raise DataError(f"{file.name}: {error}") from None
        if "run" not in part and "model" in part:  # which is then no name of runs
            part = part.assign(run=f"{file.name} line " + part[LINE_COLUMN].astype(str))
        parts.append(part.assign(**{FILE_COLUMN: file.name}))
        told.append((file.name, name))
    if not parts:
        raise DataError(refused[0])
    _check_one_kind(told)
    notes += [f"left out: {why}" for why in refused]
    notes += ["every row is a run of its own, as asked"] if each_row_a_run else []
    if named:
        runs = listed(file.run for file in named)
        files_are = "each file is" if len(named) > 1 else f"{named[0].name} read as"
        notes.append(f"{files_are} one run, named by it: {runs}")
    table = pd.concat(parts, ignore_index=True)
    alone = len(files) == 1
    return table.drop(columns=FILE_COLUMN) if alone else table, told[0][1]


def _programs(files, tables):
    """Notes on the programs whose logs were read."""
    found = {}
    for file, table in zip(files, tables, strict=True):
        if "program" in table.attrs:
            found.setdefault(table.attrs["program"], []).append((file.name, len(table)))
    for program, logs in found.items():
        rows = sum(length for _, length in logs)
        what = f"{len(logs)} files" if len(logs) > 1 else logs[0][0]
        yield f"{what} read as text logs of {program}: {rows:,} lines with numbers"


def _check_names(tables, columns):
    """Every column to rename stands in one of the files."""
    if not isinstance(columns, dict):
        raise DataError(f"columns must be a dict, our name by theirs, got {columns!r}")
    for name in columns:
        if not any(name in table for table in tables):
            there = listed(columns_of(tables[0]))
            raise DataError(f"no column {name!r} to rename; the file has {there}")


def _check_one_kind(told):
    """The losses of several files are of one kind, as far as their names tell."""
    kinds = {plain(name): f"{name} in {file}" for file, name in told}
    if len(kinds) > 1:
        raise DataError(
            f"the files differ in their loss ({'; '.join(kinds.values())}): choose one "
            "with --loss"
        )


def read_runs(path):
    """Read and check a file in our columns: ``run, num_params, tokens_seen, loss``.

    Raises
    ------
    DataError
        As `check_runs`, with the file's name; for files that `read_export` would have
        to change in any way.

    Examples
    --------
    >>> from hitchhiker.runs.data import tables_folder
    >>> runs = read_runs(tables_folder() / "examples" / "my_family.csv")
    >>> runs["run"].nunique()
    4
    """
    runs, notes = read_export(path)
    notes = [note for note in notes if not note.startswith(ASIDE)]
    if notes:
        raise DataError(
            f"{path} is not in our columns: read it with read_export, which "
            f"tells what it does ({notes[0]})"
        )
    return runs.sort_values(LINE_COLUMN, ignore_index=True).drop(columns=LINE_COLUMN)

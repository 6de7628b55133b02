"""One file as a table of texts, a row a line or record, whatever its format."""

import csv
import io

import pandas as pd

from ..runs.checks import DataError
from .json_tables import read_json
from .lines import with_lines
from .text_logs import read_text_log

SEPARATORS = (",", "\t", ";", "|")


def read_table(file, notes):
    """Table of a file: texts or numbers, a column `LINE_COLUMN` of lines or records.

    Raises
    ------
    DataError
        If it is none of the known formats, or a row does not fit; the message names
        the line.
    """
    try:
        if file.ending == ".parquet" or file.content.startswith(b"PAR1"):
            table = _parquet(file)
        else:
            table = _of_text(file.text(notes), file, notes)
    except DataError as error:
        told = str(error)
        raise DataError(
            told if told.startswith(file.name) else f"{file.name}: {told}"
        ) from None
    if table.empty:
        raise DataError(f"{file.name} has no rows: give a file with a row a checkpoint")
    return table


def _parquet(file):
    try:
        table = pd.read_parquet(io.BytesIO(file.content))
    except ImportError:
        raise DataError(
            "Parquet needs pyarrow: pip install pyarrow, or save it as CSV"
        ) from None
    except Exception as error:  # whatever a reader of another project may raise
        raise DataError(f"is no Parquet: {str(error).splitlines()[0]}") from None
    table = table.reset_index(drop=table.index.names == [None])
    return with_lines(table, range(1, len(table) + 1))


def _of_text(text, file, notes):
    start = text.lstrip()[:1]
    if not start:
        raise DataError("the file is empty: give a file with a row a checkpoint")
    if start in "{[" and not text.lstrip().startswith("{'"):
        found = read_json(text, notes)
        if found is not None:
            return found
    table = file.ending in (".csv", ".tsv")
    log = None if table else read_text_log(text, notes)
    if log is not None:
        table, program = log
        table.attrs["program"] = program
        return table
    return _csv(text, notes)


def _csv(text, notes):
    """Rows of a CSV, whatever separates its columns."""
    lines = text.split("\n")
    skipped = 0
    if lines[0].lower().startswith("sep="):  # what Excel puts before a table
        lines, skipped = lines[1:], 1
    while lines and not lines[0].strip():
        lines, skipped = lines[1:], skipped + 1
    while lines and lines[0].startswith("#") and len(lines) > 1:
        if _marked_header(lines):
            lines = [lines[0].lstrip("# "), *lines[1:]]
            break
        lines, skipped = lines[1:], skipped + 1
        notes.append(f"line {skipped} is a comment: left out")
    separator = _separator(lines)
    if separator == " ":
        lines = [" ".join(line.split()) for line in lines]
    reader = csv.reader(lines, delimiter=separator, strict=False)
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise DataError(f"line {reader.line_num + skipped}: {error}") from None
    header = [cell.strip() for cell in rows[0][1]]
    body = [(line + skipped, row) for line, row in rows[1:] if any(map(str.strip, row))]
    if (
        header
        and header[-1]
        and body
        and all(len(row) == len(header) + 1 and not row[-1].strip() for _, row in body)
    ):
        notes.append("a comma ends every row but the header: it is left out")
        body = [(line, row[:-1]) for line, row in body]
    for line, row in body:
        _check_row(line, row, header)
    table = pd.DataFrame(
        [row + [""] * (len(header) - len(row)) for _, row in body],
        columns=_headers(header, body),
        dtype=object,
    )
    return with_lines(table, [line for line, _ in body])


def _separator(lines):
    """What separates the columns: by the header, and the rows that agree with it."""
    first = lines[0] if lines else ""
    sample = [line for line in lines[1:50] if line.strip()]

    def agreeing(separator):
        try:
            return agreement(separator)
        except csv.Error:  # a field of too many letters
            return (False, 0.0, 0)

    def agreement(separator):
        columns = len(next(csv.reader([first], delimiter=separator)))
        same = sum(
            len(next(csv.reader([line], delimiter=separator))) == columns
            for line in sample
        )
        return (columns > 1, same / max(len(sample), 1) > 0.5, columns)

    best = max(SEPARATORS, key=agreeing)
    if first.count(best):
        return best
    if len(first.split()) > 1 and all(
        len(line.split()) == len(first.split()) for line in sample
    ):
        return " "
    raise DataError(
        "neither a table with a header (CSV), nor JSON, nor a known text log (nanoGPT, "
        "llm.c, Megatron, torchtitan): write a table with the columns run, num_params, "
        "tokens_seen, loss"
    )


def _marked_header(lines):
    """Whether the first line is a header with a # before it."""
    return any(
        lines[0].count(mark) and lines[0].count(mark) == lines[1].count(mark)
        for mark in SEPARATORS
    )


def _check_row(line, row, header):
    if len(row) > len(header) and any(cell.strip() for cell in row[len(header) :]):
        raise DataError(
            f"line {line} has {len(row)} fields, the header {len(header)}: quote "
            "values that hold commas, or mend the line"
        )
    if len(row) < len(header):
        raise DataError(
            f"line {line} has {len(row)} fields, the header {len(header)}: is the file "
            "cut? Mend or delete the line"
        )
    if [cell.strip() for cell in row] == header:
        raise DataError(
            f"line {line} repeats the header: two tables in one file? Give each its "
            "own file, or delete the line"
        )


def _headers(header, body):
    """Names of columns: numbers for blank ones, or an error for one that is twice."""
    named = [name for name in header if name]
    twice = {name for name in named if named.count(name) > 1}
    if twice:
        raise DataError(f"two columns are called {min(twice)!r}: name them differently")
    return [name or f"(column {i + 1})" for i, name in enumerate(header)]

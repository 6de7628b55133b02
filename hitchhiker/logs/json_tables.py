"""JSON as a table of runs: lines, lists, columns, the state of a trainer."""

import json

import pandas as pd

from ..runs.checks import DataError
from .lines import with_lines

HISTORY = "log_history"  # where the trainer of transformers keeps its rows
MOST_KEYS_NAMED = 8
LEVEL = "rows were looked for in"


def read_json(text, notes):
    """Rows of JSON; None where the text only begins like it."""
    try:
        return _of_value(_loads(text), notes)
    except json.JSONDecodeError as error:
        first = text.lstrip().split("\n", 1)[0].strip()
        if text.lstrip().startswith("["):
            try:  # a list, or a text log whose lines begin with [rank0]
                json.loads(first.rstrip(",") + "]" * (first.count("[") == 1))
            except json.JSONDecodeError:
                if not first.startswith(("[{", "[\n")) and first != "[":
                    return None
            raise DataError(_where(error)) from None
    records, lines = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = _loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"line {number} is no JSON: {error.msg}") from None
        if not isinstance(record, dict):
            raise DataError(
                f"line {number} is {str(record)[:60]!r}, not an object such as "
                '{"run": "a", "loss": 3.1}'
            )
        records.append(record)
        lines.append(number)
    return _records(records, lines, "each line", notes)


def _loads(text):
    """A JSON value, or an error where Python's own reader gives up."""
    try:
        return json.loads(text, object_pairs_hook=_unrepeated)
    except RecursionError:
        raise DataError("is JSON nested too deeply: write one object a line") from None
    except (json.JSONDecodeError, DataError):
        raise
    except ValueError:  # an integer of thousands of digits
        raise DataError("holds an integer of too many digits: mend it") from None


def _where(error):
    return f"is no JSON: {error.msg} in line {error.lineno}: is the file cut?"


def _unrepeated(pairs):
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"an object has the key {twice!r} twice: keep one")
    return record


def _of_value(value, notes):
    """Table of a JSON value: records, columns, or records one level down."""
    if isinstance(value, list):
        return _list(value, "the list", notes)
    if HISTORY in value:
        return _list(value[HISTORY], HISTORY, notes)
    parts = list(value.values())
    if parts and all(isinstance(part, (list, dict)) and part for part in parts):
        columns = _columns(value)
        if columns is not None:
            return columns
    lists = {k: v for k, v in value.items() if _is_records(v)}
    if len(lists) == 1:
        (key, rows), *_ = lists.items()
        notes.append(f"rows read from {key!r}")
        return _list(rows, repr(key), notes)
    if lists and len(lists) == len(value):
        notes.append(f"{len(lists)} keys read as runs: {_some(lists)}")
        rows = [{"run": k, **row} for k, part in lists.items() for row in part]
        return _records(rows, range(1, len(rows) + 1), "the lists", notes)
    if not any(isinstance(part, (list, dict)) for part in parts):
        return _records([value], [1], "the object", notes)
    flat = {k: v for k, v in value.items() if not isinstance(v, (list, dict))}
    if "loss" in value or "loss" in flat:
        return _records([value], [1], "the object", notes)
    raise DataError(
        "rows were looked for at the top level and under log_history, there are the "
        f"keys {_some(value)}: write one object a checkpoint, a line each, with run, "
        "num_params, tokens_seen and loss"
    )


def _is_records(value):
    return isinstance(value, list) and value and isinstance(value[0], dict)


def _list(rows, name, notes):
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise DataError(
                f"entry {number} of {name} is {str(row)[:60]!r}, not an object such as "
                '{"run": "a", "loss": 3.1}'
            )
    return _records(rows, range(1, len(rows) + 1), name, notes)


def _columns(value):
    """Table of an object of columns (lists, or objects by row), or None."""
    if all(isinstance(part, dict) for part in value.values()):
        first = list(next(iter(value.values())))
        if any(list(part) != first for part in value.values()):
            return None
        value = {name: list(part.values()) for name, part in value.items()}
    if not all(isinstance(part, list) for part in value.values()):
        return None
    if any(isinstance(cell, (list, dict)) for part in value.values() for cell in part):
        return None
    lengths = {name: len(part) for name, part in value.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(
            "the columns differ in length ("
            + ", ".join(f"{name} {n}" for name, n in list(lengths.items())[:4])
            + "): is a value missing?"
        )
    table = pd.DataFrame({k: pd.Series(v, dtype=object) for k, v in value.items()})
    return with_lines(table, range(1, len(table) + 1))


def _records(records, lines, level, notes):
    """Table of records; what they nest is named, and opened one level."""
    if not records:
        raise DataError(f"{level} holds no rows: give one object a checkpoint")
    nested = {
        k: v
        for record in records
        for k, v in record.items()
        if isinstance(v, (dict, list))
    }
    flat = []
    for record in records:
        row = {}
        for key, value in record.items():
            if isinstance(value, dict):
                row |= {f"{key}.{k}": v for k, v in value.items()}
            else:
                row[key] = value
        flat.append({k: v for k, v in row.items() if not isinstance(v, (dict, list))})
    if "loss" in nested:
        raise DataError(
            f"loss of {level} holds {str(nested['loss'])[:40]}, not a number: write "
            "one object a checkpoint"
        )
    if nested:
        notes.append(f"{LEVEL} {level}; opened or left out there: {_some(nested)}")
    table = pd.DataFrame(flat, dtype=object)
    return with_lines(table, lines)


def _some(names):
    names = [str(name) for name in names]
    more = ", ..." if len(names) > MOST_KEYS_NAMED else ""
    return ", ".join(names[:MOST_KEYS_NAMED]) + more

"""Where in a file a row stands, for messages."""

import numpy as np

FILE_COLUMN, LINE_COLUMN = "file", "line"  # columns that say where a row was read
MOST_LINES_NAMED = 5


def with_lines(table, lines):
    """The table with its lines; columns of theirs that have our names are renamed."""
    table = table.rename(
        columns={
            name: f"{name} (column)"
            for name in (FILE_COLUMN, LINE_COLUMN)
            if name in table
        }
    )
    table = table.rename(columns=str)
    table[LINE_COLUMN] = np.asarray(lines, dtype=int)
    return table


def number_of_rows(where):
    """How many rows (n,) are meant, in words."""
    number = int(where.sum())
    return f"{number:,} row{'s' if number != 1 else ''}"


def first_line(table, row):
    """Name the row of an index label by its line, where the table knows it."""
    return lines(table, table.index == row)


def lines(table, where):
    """Name the rows (n,) of a table by their lines and files.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"line": [2, 3, 4], "file": "runs.csv"})
    >>> lines(table, table["line"] > 2)
    'lines 3, 4 of runs.csv'
    """
    some = table[where]
    if LINE_COLUMN not in table:
        labels, word = [str(label) for label in some.index], "row"
    else:
        labels, word = [str(int(line)) for line in some[LINE_COLUMN]], "line"
    shown = ", ".join(labels[:MOST_LINES_NAMED])
    shown += ", ..." if len(labels) > MOST_LINES_NAMED else ""
    text = f"{word}{'s' if len(labels) > 1 else ''} {shown}"
    files = some[FILE_COLUMN].unique() if FILE_COLUMN in table else []
    if len(files) == 1:
        text += f" of {files[0]}"
    elif len(files) > 1:
        text += f" of {files[0]} and {len(files) - 1} more files"
    return text

"""Where in a file a row stands, for messages."""

import numpy as np

FILE_COLUMN, LINE_COLUMN = "file", "line"  # columns that say where a row was read


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

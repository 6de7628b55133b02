"""Names of runs, and rows in words: as the lines of a file where a table knows them."""

from itertools import islice

import numpy as np
import pandas as pd

SHOWN = 5  # rows or runs that a message names before it says ", ..."


def run_names(runs):
    """Name of the training run of each row: ``run``, else ``model``, else the row.

    Examples
    --------
    >>> list(run_names(pd.DataFrame({"loss": [3.0, 2.9]})))
    [0, 1]
    """
    for column in ("run", "model"):
        if column in runs:
            return runs[column]
    return pd.Series(range(len(runs)), index=runs.index)


def rows_named(runs, mask):
    """The rows of a table where a mask (n_rows,) holds, in words.

    Rows are lines of the file where the table has a column ``line``, of one of several
    files where it has ``file``, else the labels of the index.

    Examples
    --------
    >>> runs = pd.DataFrame({"loss": [3.0, -1.0, -2.0]})
    >>> rows_named(runs, runs["loss"] < 0)
    '2 rows (1, 2)'
    >>> rows_named(runs.assign(line=[2, 3, 4]), runs["loss"] < -1)
    'line 4'
    """
    at = np.flatnonzero(np.asarray(mask, dtype=bool))
    count = f"{len(at)} row{'s' if len(at) > 1 else ''}"
    if "line" not in runs:
        return f"{count} ({listed(runs.index[at])})"
    if len(at) == 1:
        return row_named(runs, at[0])
    lines = (row_named(runs, row).removeprefix("line ") for row in at)
    return f"{count} (lines {listed(lines)})"


def row_named(runs, row):
    """One row of a table, by its position, in words.

    Examples
    --------
    >>> runs = pd.DataFrame({"loss": [3.0, 2.9], "line": [2, 3], "file": "a.csv"})
    >>> row_named(runs, 1), row_named(runs[["loss"]], 1)
    ('line 3 of a.csv', 'row 1')
    """
    if "line" not in runs:
        return f"row {runs.index[row]}"
    line = f"line {runs['line'].iloc[row]:.0f}"
    return f"{line} of {runs['file'].iloc[row]}" if "file" in runs else line


def listed(names):
    """The first of some names, joined by commas.

    Examples
    --------
    >>> listed(["a", "b"])
    'a, b'
    """
    names = list(islice(names, SHOWN + 1))
    return ", ".join(map(str, names[:SHOWN])) + (", ..." if len(names) > SHOWN else "")

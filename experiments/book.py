"""What chapters need besides the package: numbers for the prose, tables, commands."""

import os
import re
from pathlib import Path

from hitchhiker.runs.data import read_table, tables_folder


def note(**values):
    """Keep numbers under names, so that the text of a chapter can quote them.

    In the book a sentence says ``{glue:text}`name:.1f```; a copied notebook runs
    without the book's tools, and this function then does nothing.  Six significant
    digits are kept, so that a stored number does not change with the machine.

    Parameters
    ----------
    **values : float, int or str

    Examples
    --------
    >>> note(families=12)
    """
    try:
        from IPython import get_ipython
        from myst_nb import glue
    except ImportError:
        return
    if get_ipython() is None:
        return
    for name, value in values.items():
        plain = value if isinstance(value, str) else float(f"{float(value):.6g}")
        glue(name, plain, display=False)


def paper_number(claim, words):
    """The number that the paper states for a claim, before these words.

    Parameters
    ----------
    claim : str
        ``id`` of a row of ``data/claims.csv``.
    words : str
        What follows the number in its ``paper_value``.

    Examples
    --------
    >>> paper_number("detect", "% of cases")
    58.0
    """
    text = read_table("claims").set_index("id").loc[claim, "paper_value"]
    return float(re.search(rf"([\d.]+)\s*{re.escape(words)}", text)[1])


def save_table(table, name):
    """Offer the table behind a figure for download, as CSV.

    In the book the file is ``downloads/tables/<name>.csv``, which the text links to;
    elsewhere, where HITCHHIKER_TABLES is not set, nothing is written.

    Examples
    --------
    >>> import pandas as pd
    >>> save_table(pd.DataFrame({"are": [0.03]}), "example")
    """
    folder = os.environ.get("HITCHHIKER_TABLES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        table.to_csv(Path(folder) / f"{name}.csv", index=False, float_format="%.6g")


def percent(value):
    """Print a share as per cent for a table, with a space that no line breaks at.

    Two digits, and no fraction from ten per cent on.

    Examples
    --------
    >>> [percent(share).replace("\N{NO-BREAK SPACE}", " ") for share in (0.043, 1.24)]
    ['4.3 %', '124 %']
    """
    digits = ".0f" if value >= 0.1 else ".2g"
    return f"{100 * value:{digits}}\N{NO-BREAK SPACE}%"


def show_table(table, formats, name):
    """A table as the reader sees it: formatted, and without its index.

    Parameters
    ----------
    table : DataFrame
    formats : dict
        By column, as for ``table.style.format``.
    name : str
        Of the table in its page, so that it is the same at every build.

    Returns
    -------
    Styler
    """
    styled = table.style.hide(axis="index").format(formats)
    return styled.set_uuid(name).set_table_attributes('class="dataframe"')


def shell(line):
    """Print a command line and what it answers.

    Names of CSV files are those of ``data/examples``.

    Examples
    --------
    >>> shell("hitchhiker --help")  # doctest: +ELLIPSIS
    $ hitchhiker --help
    Usage: ...
    """
    from click.testing import CliRunner

    from hitchhiker.cli import main

    examples = tables_folder() / "examples"
    words = [
        str(examples / word) if word.endswith(".csv") else word
        for word in line.split()[1:]
    ]
    print("$", line)
    print(CliRunner().invoke(main, words).output)

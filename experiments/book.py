"""What chapters need besides the package: numbers for the prose, tables to download."""

import os
from pathlib import Path


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

"""What is known of runs beyond the raw files: the blocks of ``data/facts.toml``."""

import tomllib

from . import DATA

BLOCKS = tomllib.loads((DATA / "facts.toml").read_text(encoding="utf-8"))
SOURCES = tuple(BLOCKS)
TEXTS = ("corrected", "note", "citation")  # joined where several blocks have one


def run_row(source: str, *blocks: str, words: dict | None = None, **columns) -> dict:
    """Row of the table of runs: facts of the source, what the raw file tells, blocks.

    The later one decides; texts of several are joined by "; ".

    Parameters
    ----------
    source : str
        Its block in ``data/facts.toml`` holds for all its runs.
    *blocks : str
        Blocks of the source that hold for this run, in order; the block named after
        the run, if there is one, comes last.
    words : dict, optional
        What stands for the ``{words}`` in texts.
    **columns
        ``run`` and whatever else the raw file tells, by names of `RUN_FACTS`;
        ``model`` is the run's name if no one says otherwise.

    Returns
    -------
    dict
        By names of `RUN_FACTS`; a name left out is unknown.

    Examples
    --------
    >>> run_row("opt", run="opt-13b")["num_params"]
    13000000000
    """
    facts = BLOCKS[source]
    row = {"source": source, "model": columns["run"]}
    named = [facts[name] for name in blocks]
    for block in (facts, columns, *named, facts.get(columns["run"], {})):
        for column, value in block.items():
            if column in TEXTS and column in row:
                row[column] += f"; {value}"
            elif not isinstance(value, dict):
                row[column] = value
    if words:
        texts = {name: row[name].format(**words) for name in TEXTS if name in row}
        row |= texts
    return row

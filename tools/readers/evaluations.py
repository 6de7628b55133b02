"""Downstream evaluations, one table a source.

Scores are fractions between 0 and 1.  Families of subtasks (MMLU, BLiMP) come as
the mean of their members.  CrowS-Pairs is left out: it has no better direction.
Tasks keep the names of their source, whose protocols differ.
"""

import importlib
from pathlib import Path

import pandas as pd

from .rawfiles import SourceError

# source -> module of this folder with ``read_evaluations(folder)``
READERS = {
    "llm360": "llm360",
    "moduleformer": "moduleformer",
    "olmo": "olmo",
    "overtrain": "overtrain",
    "pythia": "pythia_evaluations",
}
EVALUATION_COLUMNS = (
    "run",
    "step",
    "tokens_seen",  # empty: not known
    "task",
    # accuracy, accuracy-normalised (by length), f1; score: the source does not say
    "metric",
    "value",  # fraction
    "stderr",  # fraction
    "shots",  # worked examples in the prompt
)
KEY = ["run", "step", "tokens_seen", "task", "metric", "shots"]


def gather(folder: Path, runs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Evaluations by source, checked and sorted.

    Parameters
    ----------
    folder : Path
        Raw files of all sources.
    runs : DataFrame
        Our table of runs.  Only its sources are read, and an evaluation of a run
        that is not in it is refused.

    Returns
    -------
    dict
        Source -> table with the columns `EVALUATION_COLUMNS`; values and standard
        errors with five significant digits.

    Raises
    ------
    SourceError
        If a run is unknown, a row occurs twice or a value is no fraction.
    """
    tables = {}
    for source, name in READERS.items():
        own = runs[runs["source"] == source]
        if len(own):
            table = importlib.import_module(f"tools.readers.{name}").read_evaluations(
                folder
            )
            _check(source, table, own)
            tables[source] = _rounded(table)
    return tables


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    table = table.astype(object)
    for column in ("value", "stderr"):
        table[column] = [float(f"{value:.5g}") for value in table[column]]
    for column in ("step", "tokens_seen", "shots"):
        table[column] = table[column].astype(float).round().astype("Int64")
    order = ["run", "task", "metric", "shots", "tokens_seen", "step"]
    return table.sort_values(order, ignore_index=True)


def evaluation_frame(
    run, task, metric, *, value, shots=None, stderr=None, **axis
) -> pd.DataFrame:
    """Rows of evaluations, one a checkpoint and task.

    Parameters
    ----------
    run, task, metric : str or sequence of str
        One for all rows or one a row.
    value : sequence of float
        Scores as fractions.
    shots : int or sequence, optional
        Worked examples in the prompt; left out where unknown.
    stderr : sequence of float, optional
        Standard errors as fractions.
    **axis
        ``step`` and ``tokens_seen``, sequences of float; left out where unknown.

    Returns
    -------
    DataFrame
        Columns `EVALUATION_COLUMNS`, without rows whose value is missing.
    """
    frame = pd.DataFrame({"value": pd.Series(value, dtype=float).to_numpy()})
    frame["run"], frame["task"], frame["metric"] = run, task, metric
    given = {"shots": shots, "stderr": stderr, "step": None, "tokens_seen": None} | axis
    for name, values in given.items():
        if values is None:
            values = float("nan")
        elif not isinstance(values, int | float):
            values = pd.Series(values).to_numpy(dtype=float)
        frame[name] = pd.Series(values, index=frame.index, dtype=float)
    return frame.loc[frame["value"].notna(), list(EVALUATION_COLUMNS)]


def _check(name: str, part: pd.DataFrame, runs: pd.DataFrame) -> None:
    unknown = part.loc[~part["run"].isin(runs["run"]), "run"].unique()
    if len(unknown):
        raise SourceError(f"{name}: evaluations of unknown runs, such as {unknown[0]}.")
    twice = part.duplicated(KEY)
    if twice.any():
        raise SourceError(
            f"{name}: {part.loc[twice, 'run'].iloc[0]} has evaluations twice."
        )
    if not part["value"].between(0, 1).all():
        raise SourceError(f"{name}: scores that are no fractions.")

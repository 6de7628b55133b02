"""Read the tables that people have: tracker exports, JSON lines, other names and units.

Everything that is dropped or turned into another unit is said in a note; nothing is
guessed that could be wrong.
"""

import re
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd

from .checks import DataError, check_runs
from .columns import SUFFIXES, as_numbers, melt, rename

LOSS_UNITS = {  # from a loss and bytes per token to nats per token
    "nats": lambda loss, _: loss,
    "perplexity": lambda loss, _: np.log(loss),
    "bits": lambda loss, _: loss * np.log(2),
    "bits-per-byte": lambda loss, bytes_per_token: loss * np.log(2) * bytes_per_token,
}
# A size in the name of a run: 7b, 1.3B, 350m.
SIZE_IN_NAME = re.compile(
    r"(?<![\w.])(\d+(?:\.\d+)?)\s*([mb])(?![a-z0-9])", re.IGNORECASE
)


def read_export(
    path,
    *,
    columns=None,
    params_unit=1.0,
    tokens_unit=1.0,
    batch_tokens=None,
    loss_unit="nats",
    bytes_per_token=None,
    sizes=None,
):
    """Read a file of runs as a tracker or a script wrote it.

    Parameters
    ----------
    path : str or Path
        CSV, or JSON lines (``.jsonl``, ``.ndjson``). Either one row a checkpoint, or a
        wide table with a step or token column and one column of losses a run.
    columns : dict, optional
        Our name by the file's, such as ``{"val/ppl": "loss"}``; usual names are known.
    params_unit, tokens_unit : float
        What one unit of the columns is: 1e6 for millions, 1e9 for billions.
    batch_tokens : float or dict, optional
        Tokens of a step, where the file counts steps, for all runs or by run; a column
        ``batch_tokens`` serves runs whose batch changes on the way.
    loss_unit : str
        "nats", "perplexity", "bits" (a token) or "bits-per-byte", which needs
        ``bytes_per_token``.
    sizes : dict, optional
        Parameters by run, where the file has none; else the run's name is asked (7b,
        350M).

    Returns
    -------
    runs : DataFrame
        ``run, num_params`` (parameters) ``, tokens_seen`` (tokens) ``, loss`` (nats per
        token), and what else the file holds.
    notes : list of str
        What was renamed, converted or left out.

    Raises
    ------
    DataError
        If something needed is missing or cannot be read; the message names the column
        or row and the fix.

    Examples
    --------
    >>> from hitchhiker.runs.data import tables_folder
    >>> runs, notes = read_export(tables_folder() / "examples" / "my_family.csv")
    >>> len(runs) > 10, notes
    (True, [])
    """
    if loss_unit not in LOSS_UNITS:
        raise DataError(f"loss unit {loss_unit!r}: known are {', '.join(LOSS_UNITS)}")
    if loss_unit == "bits-per-byte" and not bytes_per_token:
        raise DataError("bits per byte become nats per token only with bytes_per_token")
    table, notes = _read(Path(path)), []
    table = rename(table, columns or {}, notes)
    if "loss" not in table:
        table = melt(table, notes)
    table = as_numbers(table)
    table = _without_gaps(table, notes)
    table = _with_tokens(table, batch_tokens, notes)
    table = _with_sizes(table, sizes, notes)
    table = table.assign(
        num_params=table["num_params"] * params_unit,
        tokens_seen=table["tokens_seen"] * tokens_unit,
    )
    if loss_unit != "nats":
        table["loss"] = LOSS_UNITS[loss_unit](table["loss"], bytes_per_token)
        notes.append(f"losses turned from {loss_unit} into nats per token")
    table = _without_repeats(table, notes)
    try:
        return check_runs(table.reset_index(drop=True)), notes
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _read(path):
    if not path.is_file():
        raise DataError(f"no file {path}")
    try:
        if path.suffix in (".jsonl", ".ndjson", ".json"):
            text = path.read_text(encoding="utf-8")
            return pd.read_json(StringIO(text), lines=not text.lstrip().startswith("["))
        table = pd.read_csv(path, sep="\t" if path.suffix == ".tsv" else ",")
        if next(iter(table)).count(";") > 1:  # where a comma is a decimal point
            table = pd.read_csv(path, sep=";", decimal=",")
        return table
    except (ValueError, UnicodeDecodeError) as error:
        kind = "JSON lines" if path.suffix.startswith((".j", ".n")) else "CSV"
        raise DataError(f"{path} is no {kind}: {str(error).splitlines()[0]}") from None


def _without_gaps(table, notes):
    gaps = table["loss"].isna()
    if gaps.any():
        rows = ", ".join(map(str, table.index[gaps][:5]))
        more = ", ..." if gaps.sum() > 5 else ""
        notes.append(f"{gaps.sum()} rows without a loss left out ({rows}{more})")
    return table[~gaps]


def _with_tokens(table, batch_tokens, notes):
    if "tokens_seen" in table:
        return table
    if "step" not in table:
        raise DataError("neither tokens_seen nor step among the columns: name one")
    if "run" not in table:
        raise DataError("steps need a run column: name it, such as my_column=run")
    if "batch_tokens" in table:
        notes.append("tokens counted from steps and the batch of each step")
        return _with_growing_batches(table)
    if not batch_tokens:
        raise DataError(
            "the file counts steps: give batch_tokens (or --batch-tokens), the tokens "
            "of one step"
        )
    if not isinstance(batch_tokens, dict):
        notes.append(f"tokens counted as steps times {batch_tokens:g}")
        return table.assign(tokens_seen=table["step"] * batch_tokens)
    batches = table["run"].map(batch_tokens)
    if batches.isna().any():
        raise DataError(
            f"no batch_tokens for run {table.loc[batches.isna(), 'run'].iloc[0]!r}: "
            "give the tokens of one of its steps"
        )
    notes.append("tokens counted as steps times the batch of each run")
    return table.assign(tokens_seen=table["step"] * batches)


def _with_growing_batches(table):
    """Sum the tokens of each run's steps; of a step repeated by a restart the last."""
    at = ["run", "step"]
    table = table.drop_duplicates(at, keep="last").sort_values(at)
    steps = table.groupby("run")["step"].diff().fillna(table["step"])
    tokens = steps * table["batch_tokens"]
    return table.assign(tokens_seen=tokens.groupby(table["run"]).cumsum())


def _with_sizes(table, sizes, notes):
    if "num_params" in table and not sizes:
        return table
    if "run" not in table:
        raise DataError("no num_params and no run to tell the sizes by: add a column")
    known, read = dict(sizes or {}), {}
    for name in table["run"].unique():
        words = SIZE_IN_NAME.findall(str(name).replace("_", " ").replace("-", " "))
        if name in known:
            continue
        if len(words) != 1:
            raise DataError(
                f"no parameters known for run {str(name)!r}: add a column num_params, "
                f"or give its size, such as {name}=350M"
            )
        read[name] = float(words[0][0]) * SUFFIXES[words[0][1].lower()]
    if read:
        some = ", ".join(f"{name} {n:.3g}" for name, n in list(read.items())[:3])
        notes.append(f"parameters read from names of runs ({some}): check them")
    return table.assign(num_params=table["run"].map(read | known))


def _without_repeats(table, notes):
    """Keep the last of rows of one run at the same tokens: a restart repeats steps."""
    start = table["tokens_seen"] <= 0
    if start.any():
        notes.append(f"{start.sum()} rows before the first step left out")
        table = table[~start]
    if "run" not in table:
        return table
    again = table.duplicated(["run", "num_params", "tokens_seen"], keep="last")
    if again.any():
        names = ", ".join(map(str, table.loc[again, "run"].unique()[:3]))
        notes.append(
            f"{again.sum()} rows repeat tokens already seen ({names}): the last of "
            "each is kept, as after a restart"
        )
    return table[~again].sort_values(["run", "tokens_seen"], kind="stable")

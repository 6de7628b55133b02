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

FAMILIAR = {  # names that trackers and papers use, by ours
    "num_params": (
        "params",
        "parameters",
        "n_params",
        "n_parameters",
        "model_size",
        "size",
        "N",
    ),
    "tokens_seen": (
        "tokens",
        "num_tokens",
        "n_tokens",
        "train_tokens",
        "tokens_trained",
        "D",
    ),
    "loss": (
        "train_loss",
        "val_loss",
        "validation_loss",
        "eval_loss",
        "test_loss",
        "train/loss",
        "val/loss",
        "eval/loss",
        "ppl",
        "perplexity",
        "bpb",
        "lm_loss",
    ),
    "run": ("run_name", "run_id", "name", "experiment", "model", "model_name"),
    "step": (
        "_step",
        "steps",
        "iteration",
        "iter",
        "global_step",
        "trainer/global_step",
    ),
}
COUNTS = ("num_params", "tokens_seen")
NO_LOSS = ("__MIN", "__MAX", "__STEP", " - _step", " - _runtime", " - _timestamp")
UNITS = {
    "nats": lambda loss, _: loss,
    "perplexity": lambda loss, _: np.log(loss),
    "bits": lambda loss, _: loss * np.log(2),
    "bits-per-byte": lambda loss, bytes_per_token: loss * np.log(2) * bytes_per_token,
}
SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}
SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s*([mb])(?![a-z0-9])", re.IGNORECASE)


def count(text):
    """A count as people write it: 7B, 1.4T, 125m, 2e9.

    Examples
    --------
    >>> count("1.4T"), count("125m"), count(2e9)
    (1400000000000.0, 125000000.0, 2000000000.0)

    Raises
    ------
    DataError
        If it cannot be read.
    """
    found = re.fullmatch(
        r"\s*([\d.]+(?:e[+-]?\d+)?)\s*([kmbgt]?)\s*", str(text).lower()
    )
    try:
        return float(found[1]) * SCALES[found[2]]
    except (TypeError, ValueError):
        raise DataError(f"{text!r} is not a count: write 7e9, 7B or 350M") from None


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
    >>> from hitchhiker.data import tables_folder
    >>> runs, notes = read_export(tables_folder() / "examples" / "my_family.csv")
    >>> len(runs) > 10, notes
    (True, [])
    """
    if loss_unit not in UNITS:
        raise DataError(f"loss unit {loss_unit!r}: known are {', '.join(UNITS)}")
    if loss_unit == "bits-per-byte" and not bytes_per_token:
        raise DataError("bits per byte become nats per token only with bytes_per_token")
    table, notes = _read(Path(path)), []
    table = _rename(table, columns or {}, notes)
    if "loss" not in table:
        table = _melt(table, notes)
    table = _numbers(
        table, ("num_params", "tokens_seen", "loss", "step", "batch_tokens")
    )
    table = _without_gaps(table, notes)
    table = _with_tokens(table, batch_tokens, notes)
    table = _with_sizes(table, sizes, notes)
    table = table.assign(
        num_params=table["num_params"] * params_unit,
        tokens_seen=table["tokens_seen"] * tokens_unit,
    )
    if loss_unit != "nats":
        table["loss"] = UNITS[loss_unit](table["loss"], bytes_per_token)
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
        if (
            next(iter(table)).count(";") > 1
        ):  # as spreadsheets write it where a comma is a point
            table = pd.read_csv(path, sep=";", decimal=",")
        return table
    except (ValueError, UnicodeDecodeError) as error:
        kind = "JSON lines" if path.suffix.startswith((".j", ".n")) else "CSV"
        raise DataError(f"{path} is no {kind}: {str(error).splitlines()[0]}") from None


def _rename(table, columns, notes):
    unknown = [name for name in columns if name not in table]
    if unknown:
        raise DataError(
            f"no column {unknown[0]!r} to rename; the file has "
            f"{', '.join(map(str, table))}"
        )
    table = table.rename(columns=columns)
    for ours, theirs in FAMILIAR.items():  # trackers write Step as well as step
        names = {c.lower() if len(c) > 1 else c: c for c in map(str, table)}
        known = [names[name] for name in (ours, *theirs) if name in names]
        if ours not in table and known:
            if ours == "loss" and len(known) > 1:
                raise DataError(
                    f"columns {', '.join(known)} could all be the loss: name one, "
                    f"such as {known[0]}=loss"
                )
            notes.append(f"column {known[0]} read as {ours}")
            table = table.rename(columns={known[0]: ours})
    return table


def _melt(table, notes):
    """One row a checkpoint of a wide table, a column a run."""
    axis = next((name for name in ("tokens_seen", "step") if name in table), None)
    if axis is None:
        raise DataError(
            f"no loss among {', '.join(map(str, table))}: name it, such as "
            "my_column=loss, or give a wide table with a step column"
        )
    bounds = [c for c in table if str(c).endswith(NO_LOSS)]
    kept = [
        c
        for c in table.drop(columns=[axis, *bounds])
        if pd.api.types.is_numeric_dtype(table[c])
    ]
    if not kept:
        raise DataError(f"the wide table has no column of losses beside {axis}")
    notes.append(f"wide table: {len(kept)} columns read as runs")
    long = table.melt(
        id_vars=[axis], value_vars=kept, var_name="run", value_name="loss"
    )
    long["run"] = long["run"].astype(str).str.replace(r"\s+-\s+[^-]*$", "", regex=True)
    return long[long["loss"].notna()]


def _counted(text):
    """The count that a text writes, 160M or 160,000,000, else the text."""
    try:
        return count(str(text).replace(",", ""))
    except DataError:
        return text


def _numbers(table, names):
    for name in (n for n in names if n in table):
        if name in ("num_params", "tokens_seen") and not pd.api.types.is_numeric_dtype(
            table[name]
        ):
            table = table.assign(**{name: table[name].map(_counted)})
        made = pd.to_numeric(table[name], errors="coerce")
        bad = (
            made.isna()
            & table[name].notna()
            & ~table[name]
            .astype(str)
            .str.lower()
            .isin(["nan", "inf", "-inf", "infinity", ""])
        )
        if bad.any():
            row = bad.idxmax()
            raise DataError(
                f"{name} in row {row} is {table[name][row]!r}, not a number"
            )
        table = table.assign(**{name: made.replace([np.inf, -np.inf], np.nan)})
    return table


def _without_gaps(table, notes):
    gaps = table["loss"].isna()
    if gaps.any():
        rows = ", ".join(map(str, table.index[gaps][:5])) + (
            ", ..." if gaps.sum() > 5 else ""
        )
        notes.append(f"{gaps.sum()} rows without a loss left out ({rows})")
    return table[~gaps]


def _with_tokens(table, batch_tokens, notes):
    if "tokens_seen" in table:
        return table
    if "step" not in table:
        raise DataError("neither tokens_seen nor step among the columns: name one")
    if "run" not in table:
        raise DataError("steps need a run column: name it, such as my_column=run")
    if (
        "batch_tokens" in table
    ):  # a batch may change on the way, and restarts repeat steps
        table = table.drop_duplicates(["run", "step"], keep="last").sort_values(
            ["run", "step"]
        )
        done = (
            table.groupby("run")["step"].diff().fillna(table["step"])
            * table["batch_tokens"]
        )
        notes.append("tokens counted from steps and the batch of each step")
        return table.assign(tokens_seen=done.groupby(table["run"]).cumsum())
    if not batch_tokens:
        raise DataError(
            "the file counts steps: give batch_tokens (or --batch-tokens), the tokens of one step"
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


def _with_sizes(table, sizes, notes):
    if "num_params" in table and not sizes:
        return table
    if "run" not in table:
        raise DataError("no num_params and no run to tell the sizes by: add a column")
    known, read = dict(sizes or {}), {}
    for name in table["run"].unique():
        found = SIZE.findall(str(name).replace("_", " ").replace("-", " "))
        if name not in known and len(found) == 1:
            read[name] = float(found[0][0]) * SCALES[found[0][1].lower()]
    lacking = [
        str(n) for n in table["run"].unique() if n not in known and n not in read
    ]
    if lacking:
        raise DataError(
            f"no parameters known for run {lacking[0]!r}: add a column num_params, or "
            f"give its size, such as {lacking[0]}=350M"
        )
    if read:
        told = ", ".join(
            f"{name} {value:.3g}" for name, value in list(read.items())[:3]
        )
        notes.append(f"parameters read from names of runs ({told}): check them")
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
            f"{again.sum()} rows repeat tokens already seen ({names}): the last of each "
            "is kept, as after a restart"
        )
    return table[~again].sort_values(["run", "tokens_seen"], kind="stable")

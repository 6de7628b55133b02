"""Columns as people name and write them: found, made long, turned into numbers."""

import re

import numpy as np
import pandas as pd

from .checks import DataError

USUAL_NAMES = {  # names that trackers and papers use, by ours
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
NUMBERS = ("num_params", "tokens_seen", "loss", "step", "batch_tokens")
# Ends of the names of columns that a tracker writes beside those of losses.
NOT_LOSSES = ("__MIN", "__MAX", "__STEP", " - _step", " - _runtime", " - _timestamp")
NOT_FINITE = ["nan", "inf", "-inf", "infinity", ""]  # written for a missing value
SUFFIXES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}


def parse_count(text):
    """A count as people write it: 7B, 1.4T, 125m, 2e9.

    Examples
    --------
    >>> parse_count("1.4T"), parse_count("125m"), parse_count(2e9)
    (1400000000000.0, 125000000.0, 2000000000.0)

    Raises
    ------
    DataError
        If it cannot be read.
    """
    written = re.fullmatch(
        r"\s*([\d.]+(?:e[+-]?\d+)?)\s*([kmbgt]?)\s*", str(text).lower()
    )
    try:
        return float(written[1]) * SUFFIXES[written[2]]
    except (TypeError, ValueError):
        raise DataError(f"{text!r} is not a count: write 7e9, 7B or 350M") from None


def rename(table, columns, notes):
    """Give the columns our names: those asked for, and those that are usual."""
    unknown = [name for name in columns if name not in table]
    if unknown:
        raise DataError(
            f"no column {unknown[0]!r} to rename; the file has "
            f"{', '.join(map(str, table))}"
        )
    table = table.rename(columns=columns)
    for ours, theirs in USUAL_NAMES.items():  # trackers write Step as well as step
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


def melt(table, notes):
    """One row a checkpoint of a wide table, a column a run."""
    axis = next((name for name in ("tokens_seen", "step") if name in table), None)
    if axis is None:
        raise DataError(
            f"no loss among {', '.join(map(str, table))}: name it, such as "
            "my_column=loss, or give a wide table with a step column"
        )
    bounds = [c for c in table if str(c).endswith(NOT_LOSSES)]
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


def parsed(text):
    """The count that a text writes, 160M or 160,000,000, else the text."""
    try:
        return parse_count(str(text).replace(",", ""))
    except DataError:
        return text


def as_numbers(table):
    """Counts and losses as floats, NaN where nothing finite is written."""
    for name in (n for n in NUMBERS if n in table):
        values = table[name]
        written = name in ("num_params", "tokens_seen")
        if written and not pd.api.types.is_numeric_dtype(values):
            values = values.map(parsed)
        numbers = pd.to_numeric(values, errors="coerce")
        missing = values.astype(str).str.lower().isin(NOT_FINITE)
        bad = numbers.isna() & values.notna() & ~missing
        if bad.any():
            row = bad.idxmax()
            raise DataError(f"{name} in row {row} is {values[row]!r}, not a number")
        table = table.assign(**{name: numbers.replace([np.inf, -np.inf], np.nan)})
    return table

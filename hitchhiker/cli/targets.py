"""The options that say what is to be forecast: one target, several, or a table."""

from pathlib import Path

import click
import numpy as np
import pandas as pd

from ..runs.checks import DataError
from ..runs.words import arrived, shortened
from .options import COUNT

TARGET_COLUMNS = ("num_params", "tokens_seen")


def target_options(command):
    """Give a command the parameters and tokens of its one target."""
    params = click.option(
        "--params", type=COUNT, required=True, help="Parameters of the target: 70B."
    )
    tokens = click.option(
        "--tokens", type=COUNT, required=True, help="Tokens of the target: 1.4T."
    )
    return params(tokens(command))


def targets_options(command):
    """Give a command the options of `targets_of`."""
    options = (
        click.option(
            "--params",
            type=COUNT,
            multiple=True,
            help="Parameters of a target: 70B; repeat it for several.",
        ),
        click.option(
            "--tokens",
            type=COUNT,
            multiple=True,
            help="Its tokens: 1.4T; one for each --params, or one for all.",
        ),
        click.option(
            "--targets",
            type=click.Path(path_type=Path),
            help="A CSV of targets: num_params,tokens_seen; counts such as 7B.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def targets_of(params, tokens, targets):
    """Parameters and tokens of all targets, two arrays (n,).

    Raises
    ------
    DataError
        If there is none, counts do not go together, or the table cannot be read.
    """
    if targets is not None:
        if params or tokens:
            raise DataError("give --targets, or --params and --tokens, not both")
        return _from_file(targets)
    if not params or not tokens:
        raise DataError("give --params and --tokens, such as 7B and 140B, or --targets")
    if len(params) != len(tokens) and 1 not in (len(params), len(tokens)):
        raise DataError(
            f"{len(params)} --params and {len(tokens)} --tokens: give as many of each, "
            "in pairs, or one of either"
        )
    return np.broadcast_arrays(np.array(params), np.array(tokens))


def _from_file(path):
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DataError(
            f"--targets {path}: {shortened([reason], letters=200)}"
        ) from None
    table = table.rename(columns=str.strip)
    missing = [column for column in TARGET_COLUMNS if column not in table]
    if missing:
        raise DataError(
            f"--targets {path} needs a column {', '.join(missing)}; it has "
            f"{shortened(table)}"
        )
    if table.empty:
        raise DataError(f"--targets {path} has no rows")
    return tuple(
        np.array([_count(path, column, *cell) for cell in enumerate(table[column], 2)])
        for column in TARGET_COLUMNS
    )


def _count(path, column, line, text):
    try:
        return COUNT.convert(text, None, None)
    except click.BadParameter:
        raise DataError(
            f"--targets {path}, line {line}: {column} is {arrived(text)}, no count: "
            "write 7e9, 7B or 350M"
        ) from None

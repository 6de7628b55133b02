"""What the commands print and write: text, or the same facts as strict JSON."""

import errno
import hashlib
import io
import json
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import numpy as np

from ..runs.checks import DataError
from ..runs.words import on_terminal
from .writing import make_folder, write

COMMAND = "hitchhiker.command"  # key of a context: the command as typed
COUNT_UNITS = {"num_params": "parameters", "tokens_seen": "tokens", "flops": "FLOPs"}


def facts_of(result, names):
    """Some attributes of a result, by name."""
    return {name: getattr(result, name) for name in names}


def with_origin(facts, targets, files=(), runs=None):
    """Facts with what they come from: version, command, inputs, units, targets.

    Parameters
    ----------
    facts : dict
    targets : list of dict
        What was asked for.
    files : sequence of str or Path
        Files that were read.
    runs : DataFrame, optional
        The table that was read, which may say its unit of loss.
    """
    origin = {
        "version": _version(),
        "command": click.get_current_context().meta.get(COMMAND),
        "inputs": [fact for file in files for fact in _inputs(Path(file))],
        "units": COUNT_UNITS | {"loss": loss_unit(runs) or "as given"},
        "targets": targets,
    }
    return facts | origin


def loss_unit(runs):
    """The unit of loss that a table says, None if it says none."""
    if runs is None or "loss_unit" not in runs:
        return None
    said = runs["loss_unit"].dropna()
    return str(said.iloc[0]) if len(said) else None


def target_list(num_params, tokens_seen):
    """Targets as JSON has them, a dict each."""
    return [
        {"num_params": float(size), "tokens_seen": float(tokens)}
        for size, tokens in zip(num_params, tokens_seen, strict=True)
    ]


def _version():
    try:
        return version("hitchhiker-scaling")
    except PackageNotFoundError:  # run from a folder, not installed
        return None


def _inputs(path):
    """Name, size and fingerprint of a file, or of each file in a folder."""
    try:
        if path.is_dir():
            for file in sorted(path.iterdir()):
                if file.is_file():
                    yield from _inputs(file)
            return
        if not path.is_file():  # standard input or a pipe, which is read but once
            yield {"name": str(path), "bytes": None, "sha256": None}
            return
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        yield {"name": str(path), "bytes": path.stat().st_size, "sha256": digest}
    except OSError:
        yield {"name": str(path), "bytes": None, "sha256": None}


def emit(as_json, text, facts):
    """Print the text, or the facts as JSON."""
    try:
        click.echo(as_text(facts) if as_json else on_terminal(text))
        sys.stdout.flush()
    except OSError as error:
        if error.errno == errno.EPIPE:  # the reader has gone, which is no error
            raise
        # What is left in the buffer would fail again at the end of Python.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise DataError(f"cannot print: {error.strerror}") from None


def as_text(facts):
    """Facts as strict JSON: tables as lists of rows, what is not finite as null."""
    return json.dumps(_plain(facts), indent=1, allow_nan=False)


def _plain(value):
    if hasattr(value, "as_dict"):  # a law
        return _plain(value.as_dict())
    if hasattr(value, "to_dict"):  # a table
        return _plain(value.to_dict("records"))
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value


def as_csv(table):
    """A table as CSV, counts in full."""
    whole = [c for c in ("num_params", "tokens_seen", "flops") if c in table]
    return table.assign(**{c: table[c].map("{:.0f}".format) for c in whole}).to_csv(
        index=False, lineterminator="\n"
    )


def save(folder, name, facts, draw, table=None):
    """Write the numbers, the table and the figure of a result into a folder.

    Parameters
    ----------
    folder : Path
    name : str
        Of the files, before their ending.
    facts : dict
        For the JSON.
    draw : callable
        Takes `hitchhiker.plots` and returns a figure.
    table : DataFrame, optional
        For the CSV.

    Returns
    -------
    list of str
        Names of the files written.
    """
    make_folder(folder)
    files = {f"{name}.json": as_text(facts) + "\n"}
    if table is not None:
        files[f"{name}.csv"] = as_csv(table)
    picture = _drawn(draw)
    if picture:
        files[f"{name}.svg"] = picture
    for file, content in files.items():
        write(folder / file, content)
    return list(files)


def _drawn(draw):
    """A figure as SVG, None where nothing can plot."""
    try:
        import matplotlib

        matplotlib.use("agg")
        from .. import plots
    except ImportError:  # the numbers need no plotting
        click.echo("for the figure: pip install matplotlib seaborn", err=True)
        return None
    figure, picture = draw(plots), io.BytesIO()
    figure.savefig(picture, format="svg", bbox_inches="tight", metadata={"Date": None})
    return picture.getvalue()


def say_written(folder, files):
    """Say on standard error what was written where."""
    click.echo(on_terminal(f"wrote {folder}/: {', '.join(files)}"), err=True)

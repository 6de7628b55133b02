"""What the commands share: options of reading a file of runs, errors in one line."""

import functools
import sys

import click

from ..runs.checks import DataError, run_names
from ..runs.columns import parse_count
from ..runs.trackers import LOSS_UNITS, read_export
from ..runs.words import on_terminal


class Count(click.ParamType):
    """A count of parameters, tokens or FLOPs: 7B, 1.4T, 2e9."""

    name = "count"

    def convert(self, value, param, ctx):
        """Read the count or tell what is wrong with it."""
        try:
            return parse_count(value)
        except DataError as error:
            self.fail(str(error), param, ctx)


COUNT = Count()
READING_OPTIONS = (
    click.option(
        "--map",
        "names",
        multiple=True,
        metavar="THEIRS=OURS",
        help="A column of the file and our name for it; may be repeated.",
    ),
    click.option(
        "--size",
        "sizes",
        multiple=True,
        metavar="RUN=7B",
        help="Parameters of a run, where the file has none; may be repeated.",
    ),
    click.option(
        "--params-unit", type=COUNT, default="1", help="1M: sizes in millions."
    ),
    click.option(
        "--tokens-unit", type=COUNT, default="1", help="1B: tokens in billions."
    ),
    click.option(
        "--batch-tokens",
        multiple=True,
        metavar="[RUN=]4M",
        help="Tokens of one step, of all runs or of one; may be repeated.",
    ),
    click.option(
        "--loss-unit",
        type=click.Choice(list(LOSS_UNITS)),
        default="nats",
        show_default=True,
    ),
    click.option(
        "--finished",
        is_flag=True,
        help="All runs in the file were trained to their end.",
    ),
    click.option("--bytes-per-token", type=float, help="For bits per byte."),
)


def reading_options(command):
    """Give a command the options of `read_files`."""
    for option in reversed(READING_OPTIONS):
        command = option(command)
    return command


def exit_on_data_error(command):
    """Turn a `DataError` into one line on standard error and exit status 2."""

    @functools.wraps(command)
    def safe(*args, **options):
        try:
            return command(*args, **options)
        except DataError as error:
            line = " ".join(on_terminal(str(error)).split())
            click.echo(f"hitchhiker: {line}", err=True)
            sys.exit(2)

    return safe


def read_files(files, names, sizes, batch_tokens, finished, **units):
    """Runs of files, and the notes on them, which also go to standard error."""
    parameters = _pairs(sizes, "size")
    runs, notes = read_export(
        files[0],
        columns=_pairs(names, "map"),
        sizes={run: parse_count(value) for run, value in parameters.items()},
        batch_tokens=_batches(batch_tokens),
        **units,
    )
    for note in notes:
        click.echo(on_terminal(f"note: {note}"), err=True)
    if finished:
        runs = runs.assign(is_final=~run_names(runs).duplicated(keep="last"))
    return runs, notes


def _pairs(texts, option):
    for text in texts:
        if "=" not in text:
            raise DataError(f"--{option} {text!r}: write a=b")
    return dict(text.rsplit("=", 1) for text in texts)


def _batches(texts):
    if len(texts) == 1 and "=" not in texts[0]:
        return parse_count(texts[0])
    pairs = _pairs(texts, "batch-tokens")
    return {run: parse_count(value) for run, value in pairs.items()} or None

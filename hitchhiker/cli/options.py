"""What the commands share: options of reading files of runs, errors in one line."""

import functools
import sys
from pathlib import Path

import click

from ..logs.counts import parse_count
from ..logs.reading import read_export
from ..logs.units import LOSS_UNITS
from ..runs.checks import DataError, run_names
from ..runs.words import on_terminal


class Count(click.ParamType):
    """A count of parameters, tokens or FLOPs: 7B, 1.4T, 2e9, 480 x 1024."""

    name = "count"

    def convert(self, value, param, ctx):
        """Read the count or tell what is wrong with it."""
        try:
            return parse_count(value)
        except DataError as error:
            self.fail(str(error), param, ctx)


COUNT = Count()
RUNS_FILE = click.Path(path_type=Path, allow_dash=True)
READING_OPTIONS = (
    click.option(
        "--map",
        "names",
        multiple=True,
        metavar="THEIRS=OURS",
        help="A column of the file and our name for it; may be repeated.",
    ),
    click.option(
        "--loss",
        metavar="NAME",
        help="Which loss, where there are several: a column, metric or subset.",
    ),
    click.option(
        "--loss-unit",
        type=click.Choice(list(LOSS_UNITS)),
        help="By default what the column's name says, else nats a token.",
    ),
    click.option("--bytes-per-token", type=float, help="For bits per byte: 4.2."),
    click.option(
        "--size",
        "sizes",
        multiple=True,
        metavar="RUN=7B",
        help="Parameters of a run, where the file has none; may be repeated.",
    ),
    click.option(
        "--params-unit", type=COUNT, help="1M: sizes of the file in millions."
    ),
    click.option(
        "--tokens-unit", type=COUNT, help="1B: tokens of the file in billions."
    ),
    click.option(
        "--batch-tokens",
        multiple=True,
        metavar="[RUN=]4M",
        help="Tokens of one step, of all runs or of one; may be repeated.",
    ),
    click.option(
        "--sequence-length", type=COUNT, help="Tokens of a sample, in logs of samples."
    ),
    click.option(
        "--tokens-seen",
        multiple=True,
        metavar="[RUN=]300B",
        help="Tokens of all runs or of one, where the file tells none.",
    ),
    click.option(
        "--finished",
        is_flag=True,
        help="All runs in the files were trained to their end.",
    ),
    click.option(
        "--without", multiple=True, metavar="RUN", help="Leave out a run; repeatable."
    ),
    click.option(
        "--each-row-a-run", is_flag=True, help="Every row of the file is its own run."
    ),
    click.option(
        "--force", is_flag=True, help="Go on where the runs are not plausible."
    ),
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


def read_files(files, names, sizes, batch_tokens, tokens_seen, finished, **options):
    """Runs of files, and the notes on them, which also go to standard error."""
    runs, notes = read_export(
        list(files),
        columns=_pairs(names, "map"),
        sizes=_pairs(sizes, "size"),
        batch_tokens=_by_run(batch_tokens, "batch-tokens"),
        tokens_seen=_by_run(tokens_seen, "tokens-seen"),
        **options,
    )
    for note in notes:
        click.echo(on_terminal(f"note: {note}"), err=True)
    if finished:
        runs = runs.assign(is_final=~run_names(runs).duplicated(keep="last"))
    return runs, notes


def _pairs(texts, option):
    """Texts such as a=b as a dict; a name on the left may hold = itself."""
    for text in texts:
        if "=" not in text:
            raise DataError(f"--{option} {text!r}: write a=b")
    pairs = [text.rsplit("=", 1) for text in texts]
    twice = {name for name, _ in pairs if [n for n, _ in pairs].count(name) > 1}
    if twice:
        raise DataError(f"--{option} gives {min(twice)} twice: give it once")
    return dict(pairs)


def _by_run(texts, option):
    """Counts by run, with "" for all others, or None."""
    if not texts:
        return None
    for_all = [text for text in texts if "=" not in text]
    if len(for_all) > 1:
        raise DataError(
            f"--{option} {for_all[1]!r}: one count serves all runs, write a=b for "
            "others, such as RUN=4M"
        )
    by_run = _pairs([text for text in texts if "=" in text], option)
    return by_run | {"": for_all[0]} if for_all else by_run

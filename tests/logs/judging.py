"""Read a case as a person would, and judge what comes of it."""

import re
from dataclasses import dataclass
from inspect import signature
from pathlib import Path

import click
import numpy as np

import hitchhiker
from hitchhiker.cli import options as cli

from .cases import Asks, Either, Near, Right, Warned
from .ladders import TARGET

# right: as expected. asked: a clear error where one is expected. untold: right, but a
# note is missing. unclear: an error that does not say what it should. refused: an error
# of a log that can be read. silent: a wrong table, or none of the warnings expected.
VERDICTS = ("right", "asked", "untold", "unclear", "refused", "silent", "traceback")
LONGEST = 600  # characters of an error


class UnsupportedError(Exception):
    """This version of the package has no such option."""


@dataclass(frozen=True)
class Answer:
    """What a log became: runs and notes, all that is said of it, or an error."""

    runs: object = None
    notes: tuple = ()
    said: str = ""
    difference: float = np.nan
    error: str | None = None
    asked: bool = False


def answer(case, folder):
    """Write the files of a case into a folder and read them."""
    for name, content in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    paths = [folder / name for name in case.read or case.files]
    try:
        return DOINGS[case.call](case, paths)
    except (hitchhiker.DataError, click.UsageError, UnsupportedError) as error:
        message = str(error).replace(f"{folder}/", "")  # words are not of the path
        return Answer(error=message, asked=True)
    except Exception as error:  # a traceback is what we look for
        return Answer(error=f"{type(error).__name__}: {error}")


def judge(case, found):
    """The verdict on an answer, and why."""
    if found.error is not None and not found.asked:
        return "traceback", found.error
    return JUDGES[type(case.expect)](case.expect, found)


def _read(case, paths):
    if case.words:
        runs, notes = read_with_words(paths, case.words)
    else:
        known = signature(hitchhiker.read_export).parameters
        missing = set(case.options) - set(known)
        several = len(paths) > 1 or paths[0].is_dir()
        if missing or (several and "path" in known):
            raise UnsupportedError(f"no option {missing or 'for several files'}")
        paths = paths if len(paths) > 1 else paths[0]
        runs, notes = hitchhiker.read_export(paths, **case.options)
    return Answer(runs, tuple(notes), "\n".join(notes))


def read_with_words(paths, words):
    """Read files with options as typed on the command line."""
    found = []
    read = getattr(cli, "read_files", None)
    if read is None and len(paths) > 1:
        raise UnsupportedError("no option for several files")

    @click.command()
    @click.argument("files", nargs=-1, type=click.Path(path_type=Path))
    @cli.reading_options
    def command(files, **options):
        options.pop("force", None)  # it goes to the forecast
        table = read(files, **options) if read else cli.read_file(files[0], **options)
        found.append(table)

    command.main([*map(str, paths), *words], standalone_mode=False)
    return found[0]


def _forecast(case, paths):
    found = _read(case, paths)
    result = hitchhiker.forecast(found.runs, *TARGET)
    said = "\n".join([*found.notes, *result.warnings, result.summary()])
    return Answer(found.runs, found.notes, said)


def _compare(case, paths):
    tables = [_read(case, [path]) for path in paths]
    result = hitchhiker.compare(*(t.runs for t in tables), *TARGET)
    parts = [t.said for t in tables] + [result.summary()]
    parts += list(getattr(result, "warnings", ()))
    return Answer(said="\n".join(parts), difference=result.difference)


DOINGS = {"read": _read, "forecast": _forecast, "compare": _compare}


def _lacking(words, text):
    return [w for w in words if not re.search(w, text, re.IGNORECASE)]


def _judge_right(expect, found):
    if found.asked:
        return "refused", found.error
    wrong = difference_of(expect, found.runs)
    if wrong:
        return "silent", f"{wrong}; notes: {found.notes}"
    lacking = _lacking(expect.notes, "\n".join(found.notes))
    if lacking:
        return "untold", f"no {lacking} in notes {found.notes}"
    return "right", ""


def difference_of(expect, runs):
    """How a table differs from the one expected, or nothing."""
    wanted, names = expect.runs, hitchhiker.runs.checks.run_names(runs).astype(str)
    if len(runs) != len(wanted):
        return f"{len(runs)} rows, expected {len(wanted)}"
    if expect.named and set(names) != set(wanted["run"]):
        return f"runs {sorted(set(names))}, expected {sorted(set(wanted['run']))}"
    if names.nunique() != wanted["run"].nunique():
        return f"{names.nunique()} runs, expected {wanted['run'].nunique()}"
    by = ["run"] * expect.named + ["num_params", "tokens_seen", "loss"]
    ours = runs.assign(run=names.to_numpy()).sort_values(by)
    wanted = wanted.sort_values(by)
    for column, tolerance in (("num_params", 1e-6), ("tokens_seen", 1e-4)):
        if not np.allclose(ours[column], wanted[column], rtol=tolerance):
            return f"{column} {[*ours[column]][:4]}, expected {[*wanted[column]][:4]}"
    if not np.allclose(ours["loss"], wanted["loss"], rtol=3e-4):
        return f"loss {[*ours['loss']][:4]}, expected {[*wanted['loss']][:4]}"
    units = {str(u) for u in runs.get("loss_unit", ["not said"])}
    if expect.unit and not all(re.search(expect.unit, u) for u in units):
        return f"loss_unit {units}, expected {expect.unit}"
    return ""


def _judge_asks(expect, found):
    if not found.asked:
        return "silent", f"read, with notes {found.notes}, but should ask"
    message = found.error
    lacking = _lacking(expect.words, message)
    if lacking or "\n" in message or len(message) > LONGEST:
        return "unclear", f"no {lacking} in: {message}"
    return "asked", ""


def _judge_warned(expect, found):
    if expect.absent:
        heard = len(_lacking(expect.words, found.said)) < len(expect.words)
        wrong = "refused" if found.asked else "untold"
        return (wrong, found.said) if heard or found.asked else ("right", "")
    if found.asked:
        return _judge_asks(Asks(expect.words), found)
    lacking = _lacking(expect.words, found.said)
    return ("silent", f"no {lacking} in: {found.said}") if lacking else ("right", "")


def _judge_near(expect, found):
    if found.asked:
        return "refused", found.error
    off = abs(found.difference - expect.difference)
    return ("silent", f"differs by {found.difference}") if off > 0.02 else ("right", "")


def _judge_either(expect, found):
    verdicts = [JUDGES[type(choice)](choice, found) for choice in expect.choices]
    return min(verdicts, key=lambda verdict: VERDICTS.index(verdict[0]))


JUDGES = {
    Right: _judge_right,
    Asks: _judge_asks,
    Warned: _judge_warned,
    Near: _judge_near,
    Either: _judge_either,
}

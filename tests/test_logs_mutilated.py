"""Damaged logs: an error in one line, a right forecast, or a word about it."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import given, note, settings
from logs.judging import LONGEST
from logs.ladders import LAW, TARGET
from logs.mutilating import FORMATS, logs, mutilated

from hitchhiker import DataError, forecast, read_export

QUICK = settings.get_profile("quick").max_examples
EXAMPLES = settings.default.max_examples
MANY = settings(
    max_examples=EXAMPLES if EXAMPLES <= QUICK else 4 * EXAMPLES,
)
FEW = settings(max_examples=max(3, EXAMPLES // 3))
HARMLESS = 0.03  # a relative change of the forecast that needs no word


@dataclass(frozen=True)
class Told:
    """A forecast, and all that was said on the way, without its numbers."""

    row: dict
    said: frozenset


def told(folder, log, content):
    """Read a log and forecast from it."""
    path = folder / log.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    runs, notes = read_export(path, **log.options)
    result = forecast(runs, *TARGET)
    words = {re.sub(r"\d[\d.,e+]*", "#", text) for text in (*notes, *result.warnings)}
    return Told(result.table.iloc[0].to_dict(), frozenset(words))


@pytest.mark.parametrize("form", FORMATS)
def test_a_damaged_log_is_no_wrong_number_in_silence(form, tmp_path):
    @MANY
    @given(mutilated(form))
    def check(damaged):
        log, content, done = damaged
        note(f"{done}: {content[:2000]!r}")
        try:
            found = told(tmp_path, log, content)
        except DataError as error:
            message = str(error).replace(f"{tmp_path}/", "")
            assert "\n" not in message
            assert 10 < len(message) < LONGEST, message
            return
        row, truth = found.row, LAW.predict(*TARGET)
        if not row["low_90"] <= truth <= row["high_90"]:
            clean = told(tmp_path, log, log.write(log.table))
            near = abs(row["loss"] / clean.row["loss"] - 1) < HARMLESS
            assert near or found.said - clean.said, (row, truth, found.said)

    check()


@pytest.mark.parametrize("form", FORMATS)
def test_a_clean_log_is_read(form, tmp_path):
    @FEW
    @given(logs(form))
    def check(log):
        row = told(tmp_path, log, log.write(log.table)).row
        assert row["low_90"] < LAW.predict(*TARGET) < row["high_90"]

    check()

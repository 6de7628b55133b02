"""Logs that training programs print: which of their lines hold losses."""

import re
from dataclasses import dataclass

import pandas as pd

from .lines import LINE_COLUMN

TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
NUMBER = r"([-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?|nan|[-+]?inf)"
SAMPLES = "samples_seen"  # column of logs that count sequences


@dataclass(frozen=True)
class Program:
    """A program and the lines it prints: patterns, # a number, and their columns."""

    name: str
    lines: tuple

    def patterns(self):
        """Compiled patterns, each with its columns."""
        for pattern, columns in self.lines:
            written = pattern.replace("#", NUMBER)
            yield re.compile(written, re.IGNORECASE), columns


PROGRAMS = (
    Program(
        "nanoGPT",
        (
            (
                r"step #: train loss #, val loss #",
                ("step", "train_loss", "val_loss"),
            ),
            (r"^iter #: loss #", ("step", "batch_loss")),
        ),
    ),
    Program(
        "llm.c",
        (
            (r"^s:# tel:#", ("step", "val_loss")),
            (r"^s:# trl:#", ("step", "train_loss")),
            (r"^s:# eval:#", ("step", "hellaswag_accuracy")),
        ),
    ),
    Program(
        "Megatron",
        (
            (
                r"iteration\s+#/\s*\d+ \|.*?consumed samples:\s*#.*?"
                r"\blm loss:\s*#",
                ("step", SAMPLES, "train_loss"),
            ),
            (r"iteration\s+#/\s*\d+ \|.*?\blm loss:\s*#", ("step", "train_loss")),
            (
                r"validation loss at iteration # .*?\blm loss value:\s*#",
                ("step", "val_loss"),
            ),
        ),
    ),
    Program(
        "torchtitan",
        (
            (r"validate step:\s*#\s+loss:\s*#", ("step", "val_loss")),
            (r"\bstep:\s*#\s+loss:\s*#", ("step", "train_loss")),
        ),
    ),
    Program(
        "modded-nanogpt",
        (
            (r"\bstep:#/\d+ val_loss:#", ("step", "val_loss")),
            (r"\bstep:#/\d+ (?:train_)?loss:#", ("step", "train_loss")),
        ),
    ),
    Program(
        "LitGPT",
        (
            (
                r"iter # step \d+ \| loss train: #, val: #",
                ("step", "train_loss", "val_loss"),
            ),
            (r"iter # step \d+ \| loss train: #", ("step", "train_loss")),
        ),
    ),
)


def read_text_log(text):
    """Table of a text log and the name of its program, or None for other texts.

    A line that holds several numbers of one step, or several lines, each is a row of
    the columns that it has; the others are missing there.

    Examples
    --------
    >>> table, program = read_text_log("step 100: train loss 3.9, val loss 4.0")
    >>> program, table["val_loss"].tolist()
    ('nanoGPT', ['4.0'])
    """
    lines = TERMINAL_COLOURS.sub("", text).split("\n")
    best, program = [], None
    for candidate in PROGRAMS:
        rows = _rows(lines, list(candidate.patterns()))
        if len(rows) > len(best):
            best, program = rows, candidate.name
    if not best:
        return None
    return pd.DataFrame(best), program


def _rows(lines, patterns):
    rows = []
    for number, line in enumerate(lines, start=1):
        for pattern, columns in patterns:
            found = pattern.search(line)
            if found:
                values = [value.replace(",", "") for value in found.groups()]
                rows.append(
                    dict(zip(columns, values, strict=True)) | {LINE_COLUMN: number}
                )
                break
    return rows

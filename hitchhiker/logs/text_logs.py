"""Logs that training programs print: which of their lines hold losses."""

import re
from dataclasses import dataclass

import pandas as pd

from .counts import parse_count
from .lines import LINE_COLUMN

TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
NUMBER = r"([-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?|nan|[-+]?inf)"
SAMPLES = "samples_seen"  # column of logs that count sequences


@dataclass(frozen=True)
class Program:
    """A program and the lines it prints: patterns, # a number, and their columns.

    A line with a step alone counts for the lines below it, which hold none; a line of
    ``facts`` holds for all rows.
    """

    name: str
    lines: tuple
    facts: tuple = ()

    def patterns(self):
        """Compiled patterns of lines, each with its columns."""
        return [(_compiled(pattern), columns) for pattern, columns in self.lines]


def _compiled(pattern):
    return re.compile(pattern.replace("#", NUMBER), re.IGNORECASE)


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
        (
            (r"tokens per iteration will be: ([\d,]+)", "batch_tokens"),
            (r"number of parameters: ([\d.]+M)", "num_params"),
        ),
    ),
    Program(
        "build-nanogpt",
        (
            (r"^# val #$", ("step", "val_loss")),
            (r"^# train #$", ("step", "train_loss")),
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
                r"\blm[ _]loss:\s*#",
                ("step", SAMPLES, "train_loss"),
            ),
            (r"iteration\s+#/\s*\d+ \|.*?\blm[ _]loss:\s*#", ("step", "train_loss")),
            (
                r"validation loss at iteration # .*?\blm[ _]loss value:\s*#",
                ("step", "val_loss"),
            ),
        ),
    ),
    Program(
        "nanotron",
        ((r"iteration: # / \d+ \|.*?\blm_loss: #", ("step", "train_loss")),),
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
    Program(
        "OLMo",
        (
            (r"\[step=#/", ("step",)),
            (r"\btrain/(?:CrossEntropyLoss|CE loss)=#", ("train_loss",)),
        ),
    ),
    Program(
        "Composer",
        (
            (r"\[batch=#/", ("step",)),
            (r"\bloss/train/total: #", ("train_loss",)),
        ),
    ),
    Program(
        "transformers",
        (
            (r"^\{'loss': '?#'?,.*'epoch': '?#", ("train_loss", "epoch")),
            (r"^\{'eval_loss': '?#'?,.*'epoch': '?#", ("eval_loss", "epoch")),
        ),
    ),
    Program(
        "a program that prints steps and losses",
        (
            (
                r"\b(?:step|iter|iteration)[ :=]+#\b.*?"
                r"\bval(?:id(?:ation)?)?[ _]loss[ :=]+#",
                ("step", "val_loss"),
            ),
            (
                r"\b(?:step|iter|iteration)[ :=]+#\b.*?\b(?:train[ _])?loss[ :=]+#",
                ("step", "train_loss"),
            ),
        ),
    ),
)


def read_text_log(text, notes):
    """Table of a text log and the name of its program, or None for other texts.

    A line that holds several numbers of one step, or several lines, each is a row of
    the columns that it has; the others are missing there.

    Examples
    --------
    >>> table, program = read_text_log("step 100: train loss 3.9, val loss 4.0", [])
    >>> program, table["val_loss"].tolist()
    ('nanoGPT', ['4.0'])
    """
    text = TERMINAL_COLOURS.sub("", text)
    lines = text.split("\n")
    best, program = [], None
    for candidate in PROGRAMS:
        rows = _rows(lines, candidate.patterns())
        if len(rows) > len(best):
            best, program = rows, candidate
    if not best:
        return None
    table = pd.DataFrame(best).dropna(axis=1, how="all")
    for pattern, column in program.facts:
        told = set(_compiled(pattern).findall(text))
        if len(told) == 1:
            value = told.pop()
            notes.append(f"{column} is {parse_count(value):,.0f}, as the log says")
            table = table.assign(**{column: value})
    return table, program.name


def _rows(lines, patterns):
    rows, step = [], None
    for number, line in enumerate(lines, start=1):
        for pattern, columns in patterns:
            found = pattern.search(line)
            if not found:
                continue
            values = [value.replace(",", "") for value in found.groups()]
            row = dict(zip(columns, values, strict=True))
            if columns == ("step",):
                step = row["step"]
            elif "step" in row or "epoch" in row or step is not None:
                rows.append({"step": step} | row | {LINE_COLUMN: number})
            break
    return rows

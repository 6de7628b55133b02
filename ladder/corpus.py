"""The text of the ladder: source code in Python, read as bytes, cut into windows."""

import hashlib
import platform
import sys

import torch
from model import CONTEXT

HELD_OUT_WINDOWS = 1024  # windows that measure the loss
HELD_OUT_BYTE = 26  # a file is held out if its hash starts with a lower byte: 1 in 10
SKIPPED_FOLDERS = {"test", "tests", "idlelib", "site-packages", "dist-packages"}


def is_held_out(path):
    """Say whether a file measures the loss, from a hash of its name."""
    return hashlib.sha256(path.as_posix().encode()).digest()[0] < HELD_OUT_BYTE


def read_corpus(folder):
    """Read every ``*.py`` file of a folder.

    Returns
    -------
    train : uint8 tensor, (n, CONTEXT + 1)
    held_out : uint8 tensor, (HELD_OUT_WINDOWS, CONTEXT + 1)
    facts : dict
        What both come from: Python's version, files, bytes and their hashes.
    """
    windows = {}
    facts = {"python": platform.python_version()}
    paths = [path.relative_to(folder) for path in sorted(folder.rglob("*.py"))]
    paths = [path for path in paths if SKIPPED_FOLDERS.isdisjoint(path.parts)]
    for name in ("train", "held_out"):
        chosen = [path for path in paths if is_held_out(path) == (name == "held_out")]
        text = b"\n".join((folder / path).read_bytes() for path in chosen)
        if len(text) <= HELD_OUT_WINDOWS * CONTEXT:
            sys.exit(
                f"{folder}: {len(text)} bytes of {name} text are too few; see --text"
            )
        facts[f"{name}_files"] = len(chosen)
        facts[f"{name}_bytes"] = len(text)
        facts[f"{name}_sha256"] = hashlib.sha256(text).hexdigest()
        numbers = torch.frombuffer(bytearray(text), dtype=torch.uint8)
        windows[name] = numbers.unfold(0, CONTEXT + 1, CONTEXT)
    last = len(windows["held_out"]) - 1
    spaced = torch.linspace(0, last, HELD_OUT_WINDOWS).long()
    return windows["train"], windows["held_out"][spaced], facts

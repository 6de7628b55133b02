"""Write files whole or not at all, and none over what a person filled in."""

import os
import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path

from ..runs.checks import DataError
from ..runs.words import quoted_length


def write(path, content):
    """Replace a file at once: readers see the old one or the new one.

    Parameters
    ----------
    path : Path
    content : str or bytes
        Text is written as UTF-8, lines end with a line feed.

    Raises
    ------
    DataError
        If the file cannot be written; nothing of it is left then.
    """
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    beside = None
    try:
        if Path(path).exists() and not Path(path).is_file():  # a pipe, a device
            with open(path, "wb") as stream:
                stream.write(data)
            return
        path = Path(path).resolve()  # a link goes on being one
        handle, beside = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, _mode(path))
        os.replace(beside, path)
    except (OSError, RuntimeError) as error:  # of a link that leads to itself
        raise DataError(_refusal(path, error)) from None
    finally:
        if beside:
            with suppress(OSError):
                os.unlink(beside)


def _mode(path):
    """The rights of the file that stands there, else the usual ones."""
    with suppress(OSError):
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _refusal(path, error):
    name = quoted_length(str(path), 200)
    return f"cannot write {name}: {getattr(error, 'strerror', None) or error}"


def make_folder(path):
    """Make a folder and those above it, or an error of one line."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(_refusal(path, error)) from None


def write_beside(path, text, overwrite=False):
    """Write a text that people fill in; one that stands there differently is kept.

    Returns
    -------
    Path
        Where it was written: ``path``, or ``report-2.md`` beside ``report.md``.
    """
    data = text.encode("utf-8", "replace")
    names = (path.with_stem(f"{path.stem}-{k}") if k > 1 else path for k in count(1))
    try:
        for place in names:
            if overwrite or not place.exists():
                break
            if place.read_bytes() == data:
                return place
    except OSError as error:
        raise DataError(_refusal(path, error)) from None
    write(place, data)
    return place

"""Text for people: lists cut short, names made harmless, results that fit a screen."""

import re
import textwrap
import unicodedata

SCREEN_LINES = 28
SCREEN_COLUMNS = 96
MOST_LETTERS = 60  # of a value that an error quotes
# Signs that Markdown, HTML or MyST read as more than a letter; an underscore only
# where it is no part of a word.
MARKUP = re.compile(r"([\\`*\[\]|$#~]|(?<![^\W_])_|_(?![^\W_]))")
HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def shortened(names, most=10, letters=MOST_LETTERS):
    """Names in one line, the first few of many.

    Examples
    --------
    >>> shortened(["a", "b"]), shortened(range(1000), most=3)
    ('a, b', '0, 1, 2 and 997 more')
    """
    names = [quoted_length(" ".join(str(name).split()), letters) for name in names]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def quoted_length(text, most=MOST_LETTERS):
    """A text, its middle left out where it is long."""
    if len(text) <= most:
        return text
    half = (most - 3) // 2
    return f"{text[:half]}...{text[-half:]}"


def arrived(value):
    """What an argument was, in few letters of one line.

    Examples
    --------
    >>> arrived("7B"), arrived([1] * 1000)
    ("'7B'", '[1, 1, 1, 1, 1, 1, 1, 1, 1, ..., 1, 1, 1, 1, 1, 1, 1, 1, 1]')
    """
    if hasattr(value, "shape") and getattr(value, "ndim", 0):
        return f"{type(value).__name__} of shape {value.shape}"
    try:
        text = repr(value)
    except ValueError:  # an int of more digits than Python writes
        text = f"an int of {value.bit_length()} bits"
    return quoted_length(" ".join(text.split()))


def on_terminal(text):
    r"""A text without what commands a terminal; lines and tabs stay.

    Examples
    --------
    >>> on_terminal("run \x1b[31mred")
    'run [31mred'
    """
    return "".join(c for c in text if c in "\n\t" or not _commands(c))


def _commands(letter):
    """Whether a letter is a control: ANSI escapes, NUL, a change of direction."""
    return unicodedata.category(letter) in ("Cc", "Cf", "Cs")


def in_markdown(text):
    r"""A text as Markdown shows it letter by letter, in one line.

    Examples
    --------
    >>> print(in_markdown("# my_run *bold* <b>\n"))
    \# my_run \*bold\* &lt;b&gt;
    """
    line = on_terminal(" ".join(str(text).split()))
    line = re.sub(r"^([-+=])", r"\\\1", MARKUP.sub(r"\\\1", line))
    return "".join(HTML.get(letter, letter) for letter in line)


def on_screen(title, text):
    r"""A title and a text, wrapped and cut to what a screen shows.

    Examples
    --------
    >>> on_screen("Numbers", "1\n2")
    'Numbers\n1\n2'
    """
    lines = [title]
    for line in on_terminal(text).splitlines():
        wrapped = textwrap.wrap(
            line, SCREEN_COLUMNS, subsequent_indent="    ", drop_whitespace=False
        )
        lines += [part.rstrip() for part in wrapped or [""]]
    if len(lines) > SCREEN_LINES:
        more = len(lines) - SCREEN_LINES + 1
        lines = [*lines[: SCREEN_LINES - 1], f"... and {more} more lines"]
    return "\n".join(lines)


def first_rows(table, most=8):
    """The first and last rows of a table as text, no column left out."""
    with_few = table if len(table) <= most else table.iloc[[*range(most - 1), -1]]
    return with_few.to_string(float_format="{:.4g}".format, max_colwidth=30)

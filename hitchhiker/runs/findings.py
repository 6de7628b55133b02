"""What a check of a table finds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One implausible thing about a table.

    Attributes
    ----------
    text : str
        What it is, in which runs or rows, and what to do.
    severe : bool
        Whether numbers from such a table would be wrong.
    """

    text: str
    severe: bool = False

"""Tables as text: the same rows give the same bytes.

Counts are written as integers, losses with eight significant digits, scores with
five, truths as True or False, and what is unknown is empty.
"""

import pandas as pd

from .rawfiles import SourceError

INTEGER_COLUMNS = (
    "num_params",
    "params_non_embedding",
    "seed",
    "unique_tokens",
    "batch_tokens",
    "context",
    "schedule_tokens",
    "step",
    "tokens_seen",
    "n_averaged",
    "shots",
)
BOOLEAN_COLUMNS = ("complete", "digitised")
DIGITS = {"loss": ".8g", "epochs": ".6g"}


def render(table: pd.DataFrame) -> str:
    """Text of a table, as it stands in ``data/``."""
    text = pd.DataFrame({name: _as_text(table[name], name) for name in table.columns})
    return text.to_csv(index=False, lineterminator="\n")


def _as_text(column: pd.Series, name: str) -> list[str]:
    if name in INTEGER_COLUMNS:
        write = _integer_text
    elif name in BOOLEAN_COLUMNS:
        write = _boolean_text
    elif name in DIGITS:
        write = f"{{:{DIGITS[name]}}}".format
    else:
        write = str
    return ["" if pd.isna(value) else write(value) for value in column]


def _integer_text(value) -> str:
    if float(value) != round(float(value)):
        raise SourceError(f"{value} stands where only whole numbers may.")
    return str(round(float(value)))


def _boolean_text(value) -> str:
    if value not in (True, False):
        raise SourceError(f"{value!r} stands where only True or False may.")
    return str(bool(value))

"""Numbers as people write them: 7B, 1.4T, 160,000,000, 0,7B, 5 x 1024 x 12."""

import re

import numpy as np
import pandas as pd

from ..runs.checks import DataError
from ..runs.naming import row_named

UNITS = {  # what stands behind a number, and what it multiplies by
    "": 1.0,
    **dict.fromkeys(("k", "thousand"), 1e3),
    **dict.fromkeys(("m", "mn", "mio", "million", "millions"), 1e6),
    **dict.fromkeys(("b", "g", "bn", "billion", "billions"), 1e9),
    **dict.fromkeys(("t", "tn", "trillion", "trillions"), 1e12),
}
WRITTEN = re.compile(
    r"([\d.,'_ ]*\d\.?(?:e[+-]?\d+)?)\s*([a-z]*)"
    r"(?:\s*(?:tokens?|params|parameters|flops?))?"
)
SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " ") | {"\u2019": "'"})
PRODUCT = re.compile(r"\s*[x\u00d7*]\s*")
EXPONENT = r"(e[+-]?\d+)?"
TWO_WAYS = re.compile(r"[1-9]\d{0,2},\d{3}")  # thousands, or a decimal comma
DOTTED = re.compile(r"\d{1,3}(\.\d{3}){2,}(,\d+)?|\d{1,3}(\.\d{3})+,\d+")
NUMBER_FORMS = (  # of a number, and what to do to write it plainly
    (re.compile(r"(\d+\.?\d*|\.\d+)" + EXPONENT), {}),
    (re.compile(r"\d+(_\d+)+"), {"_": ""}),
    (re.compile(r"\d{1,3}([ ']\d{3})+(\.\d+)?"), {" ": "", "'": ""}),
    (re.compile(r"[1-9]\d{0,2}(,\d{3}){2,}(\.\d+)?"), {",": ""}),
    (re.compile(r"[1-9]\d{0,2}(,\d{3})+\.\d+"), {",": ""}),
    (DOTTED, {".": "", ",": "."}),
    (re.compile(r"\d+,\d+" + EXPONENT), {",": "."}),
)
MISSING = {"", "nan", "none", "null", "n/a", "na", "<na>", "-", "inf", "infinity"}
NOT_FINITE = MISSING | {"-inf", "+inf", "-infinity", "+infinity", "-nan"}
MOST_SHOWN = 60  # characters of a value in a message


def parse_count(text, comma=None):
    """A count as people write it: 7B, 1.4T, 125m, 2e9, 160,000,000, 5 x 1024 x 12.

    Parameters
    ----------
    text : str or number
    comma : "decimal" or "thousands", optional
        What a comma means where one number alone could not tell.

    Returns
    -------
    float

    Raises
    ------
    DataError
        If it cannot be read, or in two ways (1,300B).

    Examples
    --------
    >>> parse_count("1.4T"), parse_count("0,7B"), parse_count("5 x 1024 x 12")
    (1400000000000.0, 700000000.0, 61440.0)
    """
    refusal = f"{str(text)[:MOST_SHOWN]!r} is not a count: write 7e9, 7B or 350M"
    if isinstance(text, (int, float, np.number)) and not isinstance(text, bool):
        if np.isfinite(text) and text >= 0:
            return float(text)
        raise DataError(refusal)
    factors = PRODUCT.split(str(text).strip().lower())
    if len(factors) > 1:
        if any(factor[-1:].isalpha() or not factor for factor in factors):
            raise DataError(f"{refusal}, or a product of plain numbers, 5 x 1024")
        return float(np.prod([parse_count(factor, comma) for factor in factors]))
    written = WRITTEN.fullmatch(factors[0].translate(SPACES))
    if not written or written[2] not in UNITS:
        raise DataError(refusal)
    digits, unit = written[1].strip(), written[2]
    if TWO_WAYS.fullmatch(digits):
        if unit and not comma:
            raise DataError(
                f"{text!r} is {digits.replace(',', '.')}{unit.upper()} or "
                f"{digits.replace(',', '')}{unit.upper()}: write it without a comma"
            )
        digits = digits.replace(",", "." if comma == "decimal" else "")
    for form, changes in NUMBER_FORMS:
        if form.fullmatch(digits):
            number = float(digits.translate(str.maketrans(changes))) * UNITS[unit]
            if np.isfinite(number):
                return number
    raise DataError(refusal)


def counts(table, name):
    """Column ``name`` of counts as floats; its values decide together on commas."""
    values = table[name]
    numbers = pd.to_numeric(values, errors="coerce")
    rest = numbers.isna() & ~missing(values)
    texts = values[rest].astype(str).str.strip()
    if any(DOTTED.fullmatch(text) for text in texts):  # dots between thousands
        values = values.astype(str).str.replace(r"(?<=\d)\.(?=\d{3}\b)", "", regex=True)
        numbers = pd.to_numeric(values, errors="coerce")
    comma = _comma(texts)
    for row, text in values[rest].items():
        try:
            numbers[row] = parse_count(text, comma)
        except DataError as error:
            raise DataError(
                f"{name} in {row_named(table, table.index.get_loc(row))}: {error}"
            ) from None
    return numbers.replace([np.inf, -np.inf], np.nan).astype(float)


def _comma(texts):
    """What a comma means in a column, by the values that leave no choice."""
    decimal = any(re.match(r"0,\d|\d+,(\d{1,2}|\d{4,})(?!\d)(?!,)", t) for t in texts)
    thousands = any(re.match(r"[1-9]\d{0,2}(,\d{3}){2,}", t) for t in texts)
    if decimal != thousands:
        return "decimal" if decimal else "thousands"
    return None


def decimals(table, name, notes):
    """Column ``name`` of numbers as floats; NaN where nothing finite is written."""
    values = table[name]
    numbers = pd.to_numeric(values, errors="coerce")
    bad = numbers.isna() & ~missing(values)
    if bad.any():
        texts = values[bad].astype(str).str.strip()
        commas = texts.str.fullmatch(r"[+-]?\d+,\d+(e[+-]?\d+)?", case=False)
        dots = values.astype(str).str.contains(".", regex=False)
        if not commas.all() or (dots & ~missing(values)).any():
            row = (
                texts.index[~commas.to_numpy(bool)][0]
                if not commas.all()
                else texts.index[0]
            )
            raise DataError(
                f"{name} in {row_named(table, table.index.get_loc(row))} is "
                f"{str(values[row])[:MOST_SHOWN]!r}, not a number"
            )
        numbers[bad] = pd.to_numeric(texts.str.replace(",", "."))
        notes.append(f"commas in {name} read as decimal points")
    return numbers.replace([np.inf, -np.inf], np.nan).astype(float)


def missing(values):
    """Where (n,) nothing finite is written."""
    return values.isna() | values.astype(str).str.strip().str.lower().isin(NOT_FINITE)

"""Checks of arguments at the public doors: the name, what arrived and the fix."""

from collections.abc import Iterable
from numbers import Integral, Real

import numpy as np
import pandas as pd

from .checks import DataError
from .words import arrived, shortened

HIGHEST = 1e300  # above it products overflow


def number(name, value, *, above=None, least=None, most=HIGHEST):
    """One number as a float, or an error.

    Parameters
    ----------
    name : str
        Of the argument.
    value : object
        What arrived.
    above, least, most : float, optional
        What it must exceed, reach, not exceed.

    Examples
    --------
    >>> number("share", 0.5, above=0, most=1)
    0.5
    >>> number("share", "half", above=0, most=1)
    Traceback (most recent call last):
        ...
    hitchhiker.runs.checks.DataError: share must be above 0 and at most 1, got 'half'
    """
    good = isinstance(value, Real) and not isinstance(value, (bool, np.bool))
    try:
        found = float(value) if good else np.nan
    except OverflowError:
        found = np.inf
    inside = (above is None or found > above) and (least is None or found >= least)
    if not inside or not -HIGHEST <= found <= most:
        raise DataError(
            f"{name} must be {_bounds(above, least, most)}, got {arrived(value)}"
        )
    return found


def whole_number(name, value, *, least, most=HIGHEST):
    """One whole number as an int, or an error that names the bound."""
    whole = isinstance(value, Integral) and not isinstance(value, (bool, np.bool))
    if not whole or not least <= value <= most:
        words = ("" if whole else "a whole number, ") + _bounds(None, least, most)
        raise DataError(f"{name} must be {words}, got {arrived(value)}")
    return int(value)


def whole_numbers(name, values, *, least):
    """A list of whole numbers, or an error that names the one that is wrong."""
    if not isinstance(values, Iterable) or isinstance(values, (str, bytes, dict)):
        raise DataError(
            f"{name} must be a list of whole numbers, got {arrived(values)}"
        )
    return [whole_number(f"each of {name}", value, least=least) for value in values]


def _bounds(above, least, most):
    """The bounds of a number in words."""
    if above == 0 and most == HIGHEST:
        return "above zero"
    low = "" if above is None else f"above {above:g}"
    if least is not None:
        low = f"at least {least:g}"
    high = "" if most == HIGHEST else f"at most {most:g}"
    return " and ".join(part for part in (low, high) if part) or "a number"


def one_of(name, value, choices):
    """The value if it is among the choices, or an error that lists them."""
    if isinstance(value, str) and value in list(choices):
        return value
    raise DataError(f"{name} {arrived(value)} is none of {shortened(choices)}")


def flag(name, value):
    """True or False, or an error."""
    if isinstance(value, (bool, np.bool)):
        return bool(value)
    raise DataError(f"{name} must be True or False, got {arrived(value)}")


def instance(name, value, kind, origin):
    """The value if it is of a class, or an error that says where one comes from."""
    if isinstance(value, kind):
        return value
    raise DataError(f"{name} must be a {kind.__name__}, {origin}, got {arrived(value)}")


def table(name, value, columns=()):
    """The value if it is a DataFrame with some columns, or an error."""
    if not isinstance(value, pd.DataFrame):
        raise DataError(f"{name} must be a pandas DataFrame, got {arrived(value)}")
    missing = [column for column in columns if column not in value]
    if missing:
        raise DataError(
            f"{name} needs a column {', '.join(missing)}; it has {shortened(value)}"
        )
    return value


def function(name, value):
    """The value if it can be called, or an error."""
    if callable(value):
        return value
    raise DataError(f"{name} must be a function, got {arrived(value)}")


def text(name, value):
    """The value if it is a text, or an error."""
    if isinstance(value, str):
        return value
    raise DataError(f"{name} must be a text, got {arrived(value)}")


def texts(name, value):
    """A list of texts; one alone is a list of one."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Iterable):
        found = list(value)
        several = not isinstance(value, (dict, pd.DataFrame))
        if several and all(isinstance(v, str) for v in found):
            return found
    raise DataError(f"{name} must be a text or a list of texts, got {arrived(value)}")


def items(name, values):
    """A list of what several things hold, at least one, or an error."""
    if not isinstance(values, Iterable) or isinstance(values, (str, bytes)):
        raise DataError(f"{name} must be a list, got {arrived(values)}")
    found = list(values)
    if not found:
        raise DataError(f"{name} must hold at least one, got {arrived(values)}")
    return found


def numbers(name, values):
    """Numbers of any shape as an array of floats, missing ones among them."""
    try:
        array = np.asarray(values)
        if array.dtype == object and all(map(_is_number, array.flat)):
            array = array.astype(float)
    except (ValueError, OverflowError, TypeError):
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        raise DataError(f"{name} must be numbers, got {arrived(values)}")
    return array.astype(float, copy=False)


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, bool)


def counts(name, values, most=np.inf):
    """Numbers above zero of any shape as an array of floats, or an error."""
    array = numbers(name, values)
    bad = ~((array > 0) & (array <= most))
    if bad.any():
        value = array[bad].flat[0]
        words = "finite" if value > most else "above zero"
        raise DataError(f"{name} must be {words}, got {value:g}")
    return array


def single(name, values):
    """One number as a float, NaN where it is not known."""
    array = numbers(name, values)
    if array.ndim:
        raise DataError(f"{name} must be one number, got {arrived(values)}")
    return float(array)


def not_below_zero(name, values):
    """Numbers from zero on of any shape as an array of floats, missing ones too."""
    array = numbers(name, values)
    if (array < 0).any():
        raise DataError(f"{name} must not be below zero, got {array.min():g}")
    return array


def together(first, second, values, others):
    """Two arrays if their shapes go together, or an error that names both."""
    try:
        np.broadcast(values, others)
    except ValueError:
        raise DataError(
            f"{first} has shape {values.shape}, {second} {others.shape}: give as many "
            "of each, or one"
        ) from None
    return values, others


def targets(num_params, tokens_seen):
    """Targets as two arrays (n,) of finite counts, or an error."""
    both = {"num_params": num_params, "tokens_seen": tokens_seen}
    size, tokens = (numbers(f"target {name}", v) for name, v in both.items())
    for (name, given), array in zip(both.items(), (size, tokens), strict=True):
        if array.ndim > 1 or not array.size:
            raise DataError(
                f"target {name} must be a number or a list of numbers, got "
                f"{arrived(given)}"
            )
        bad = ~((array > 0) & (array <= HIGHEST))  # true of what is missing
        if bad.any():
            value = float(array[bad].flat[0])
            raise DataError(f"target {name} must be above zero and finite, got {value}")
    together("num_params", "tokens_seen", size, tokens)
    return np.broadcast_arrays(np.atleast_1d(size), tokens)


def levels(value, most=None, why=""):
    """Levels of intervals as a tuple of floats, or an error."""
    if isinstance(value, (str, dict, pd.DataFrame)) or not isinstance(value, Iterable):
        raise DataError(
            f"levels must be a list of numbers such as (0.8, 0.9), got {arrived(value)}"
        )
    found = tuple(value)
    if not found:
        raise DataError("levels must hold a number such as 0.8, got ()")
    for level in found:
        if not _is_number(level) or not 0 < level < 1 or (most and level > most):
            bound = f"at most {most}" if most else "below 1"
            raise DataError(
                f"level {arrived(level)} of levels: must be above 0 and {bound}{why}"
            )
    return tuple(map(float, found))

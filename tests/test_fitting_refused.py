"""What `fit` and `fit_many` refuse, and how they name it."""

import numpy as np
import pytest
from surfaces import fit_all, table

from hitchhiker import DataError, fit_many

WRONG_OPTIONS = [
    ({"objective": "huber"}, "'huber' is none of huber-log, huber-scaled, ls-log, ls"),
    ({"objective": None}, "objective None is none of"),
    ({"fixed": {"gamma": 1.0}}, "fixed names 'gamma'; a law has E, A, alpha, B, beta"),
    ({"fixed": {"alpha": -0.1}}, "alpha must be a number from 0 to 1e100, got -0.1"),
    ({"fixed": {"alpha": np.nan}}, "alpha must be a number from 0 to 1e100, got nan"),
    ({"fixed": {"alpha": "0.3"}}, "alpha must be a number from 0 to 1e100, got '0.3'"),
    ({"fixed": {"A": None}}, "fixed A must be a number from 0 to 1e100, got None"),
    (
        {"fixed": ["alpha"]},
        r"must be a dict such as \{'alpha': 0.35\}, got \['alpha'\]",
    ),
    ({"fixed": {"E": 0, "A": 0, "B": 0}}, "fixed E, A and B are all zero"),
]
WRONG_WEIGHTS = [
    (np.ones(3), r"shape \(1, 3\), the table has 40 rows: give one column a row"),
    (1.0, r"weights have shape \(1,\), the table has 40 rows"),
    (np.ones((1, 40)), r"weights have shape \(1, 1, 40\)"),
    (-np.ones(40), "weights must be finite and not below zero"),
    (np.full(40, np.nan), "weights must be finite and not below zero"),
    (np.full(40, np.inf), "weights must be finite and not below zero"),
    (["one"] * 40, "weights must be numbers, got type <U3"),
    (np.full(40, 1e-300), "say how often a row counts: scale them to about one"),
]


@pytest.mark.parametrize(("options", "message"), WRONG_OPTIONS)
def test_wrong_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        fit_all(table(), **options)


@pytest.mark.parametrize(("weights", "message"), WRONG_WEIGHTS)
def test_wrong_weights_are_named(weights, message):
    with pytest.raises(DataError, match=message):
        fit_all(table(), weights=weights)


def test_wrong_problems_are_named():
    runs = table()
    with pytest.raises(DataError, match="no tables to fit: give at least one"):
        fit_many([])
    with pytest.raises(DataError, match="problems must be tables, got NoneType"):
        fit_many(None)
    with pytest.raises(DataError, match="runs must be a pandas DataFrame, got ndarray"):
        fit_all(runs.to_numpy())
    with pytest.raises(ValueError, match="weights go with one shared table"):
        fit_many([runs], weights=[[1] * 40])
    with pytest.raises(DataError, match="weights have rows of different length"):
        fit_many(runs, weights=[[1], [1, 2]])
    with pytest.raises(DataError, match=r"weights have shape \(0, 40\)"):
        fit_many(runs, weights=np.ones((0, 40)))

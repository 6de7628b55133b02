"""The early cut: fit, bootstrap and sensitivity leave out the same, and say so."""

import numpy as np
import pandas as pd
import pytest
from surfaces import numbers, table

from hitchhiker import DataError, bootstrap, fit, interval, load_runs, sensitivity
from hitchhiker.runs.selection import early_cut

AT = (12e9, 300e9)


@pytest.fixture(scope="module")
def pythia():
    """A family with many early checkpoints: what is left out moves its forecast."""
    return load_runs(family="pythia-v1", loss_kind="lambada-last-word")


@pytest.mark.parametrize("early", ["guide", None, 2e10])
def test_fit_bootstrap_and_sensitivity_see_the_same_rows(pythia, early):
    """The first row of `sensitivity` is `fit`, the centre of `bootstrap` as well."""
    estimate = fit(pythia, early=early)
    rows = early_cut(pythia, early)
    assert (estimate.n_rows, estimate.n_early) == (len(rows), len(pythia) - len(rows))
    moves = sensitivity(pythia, *AT, early=early)
    assert moves["forecast"][0] == estimate.predict(*AT)
    assert moves["n_rows"][0] == estimate.n_rows
    fits = bootstrap(pythia, 60, early=early)
    assert fits.n_early == fits[0].n_early == estimate.n_early
    assert fits.table.equals(bootstrap(rows, 60, early=None).table)
    band = interval(fits, *AT, levels=(0.5,)).iloc[0]
    assert band["low_50"] <= estimate.predict(*AT) <= band["high_50"]


def test_the_early_tokens_of_pythia_move_its_forecast(pythia):
    """Else the tests here could not fail."""
    late, every = fit(pythia), fit(pythia, early=None)
    assert late.n_early == 96
    assert abs(late.predict(*AT) / every.predict(*AT) - 1) > 0.01


def test_the_summary_says_what_is_left_out(pythia):
    late, every = fit(pythia), fit(pythia, early=None)
    words = f"{late.n_early} early checkpoints left out (early=None keeps them)"
    assert words in late.summary().splitlines()
    assert "left out" not in every.summary()
    changes = sensitivity(pythia, *AT).set_index("change")
    assert changes.loc["no early cut", "n_rows"] == every.n_rows
    assert changes.loc["no early cut", "forecast"] == every.predict(*AT)
    changes = sensitivity(pythia, *AT, early=None).set_index("change")
    assert changes.loc["with the early cut", "forecast"] == late.predict(*AT)
    assert "no early cut" not in changes.index


@pytest.mark.parametrize("early", ["guide", 3e10])
def test_a_cut_table_is_not_cut_again(pythia, early):
    rows = early_cut(pythia, early)
    again = fit(rows, early=early)
    assert again.n_early == 0
    assert again.law == fit(pythia, early=early).law == fit(rows, early=None).law


def test_rows_and_weights_are_cut_together(pythia):
    """Whatever the labels of the rows; weights of rows left out go with them."""
    shuffled = pythia.sample(frac=1, random_state=0)
    shuffled.index = np.zeros(len(shuffled), dtype=int)
    weights = np.random.default_rng(1).integers(0, 3, len(shuffled))
    seen = weights > 0
    rows = early_cut(shuffled.reset_index(drop=True)[seen])
    estimate = fit(shuffled, weights=weights)
    expected = fit(rows, weights=weights[rows.index], early=None)
    np.testing.assert_allclose(numbers(estimate.law), numbers(expected.law), rtol=1e-9)
    assert estimate.n_early == seen.sum() - len(rows)
    assert estimate.n_rows == len(rows)


def test_a_run_without_name_loses_nothing():
    """Each row is then a run of its own, and no run is lost."""
    assert fit(table().drop(columns="run")).n_early == 0
    assert fit(table()).n_early == 10


def test_a_cut_that_leaves_nothing_is_named(pythia):
    for call in (
        fit,
        bootstrap,
        lambda runs, early: sensitivity(runs, *AT, early=early),
    ):
        with pytest.raises(DataError, match=r"no row is left after early=1e\+15: the"):
            call(pythia, early=1e15)
    with pytest.raises(DataError, match="every weight is zero"):
        fit(pythia, weights=np.zeros(len(pythia)))


@pytest.mark.parametrize("early", ["paper", -1.0, np.nan, [1e9], pd.NA])
def test_a_cut_that_is_none_is_named(pythia, early):
    with pytest.raises(ValueError, match="early cut .*: must be 'guide', a number"):
        fit(pythia, early=early)

"""Statuses: what the data do not determine is said, in words, beside an estimate."""

import numpy as np
import pytest
from surfaces import FIXED_PENALTIES, SURFACES, fit_all, numbers, table

from hitchhiker import ScalingLaw, fit_many
from hitchhiker.fits.identification import STATUSES

LAW = SURFACES["chinchilla"]
EACH = pytest.mark.parametrize("objective", FIXED_PENALTIES)


def tied_tokens():
    """Every run sees 20 tokens per parameter, one checkpoint each."""
    runs = table(n_sizes=12, n_tokens=1)
    runs["tokens_seen"] = 20 * runs["num_params"]
    return runs.assign(loss=LAW.predict(runs["num_params"], runs["tokens_seen"]))


CASES = {
    "one size": (
        lambda: table(n_sizes=1),
        "not_identified",
        "one value of num_params: E, A and alpha cannot be told apart",
    ),
    "two sizes": (
        lambda: table(n_sizes=2),
        "not_identified",
        "two values of num_params: E, A and alpha cannot be told apart",
    ),
    "one token count": (
        lambda: table(n_tokens=1, n_sizes=9),
        "not_identified",
        "one value of tokens_seen: E, B and beta cannot be told apart",
    ),
    "two token counts": (
        lambda: table(n_tokens=2),
        "not_identified",
        "two values of tokens_seen: E, B and beta cannot be told apart",
    ),
    "tied tokens": (
        tied_tokens,
        "not_identified",
        "vary parameters and tokens independently",
    ),
    "one row": (
        lambda: table().iloc[:1],
        "too_few_points",
        "1 checkpoint cannot determine 5 free parameters: add runs, or borrow",
    ),
    "four rows": (
        lambda: table().iloc[[0, 9, 18, 27]],
        "too_few_points",
        "4 checkpoints cannot determine 5 free parameters",
    ),
    "no floor": (
        lambda: table(ScalingLaw(0.0, 480, 0.35, 2100, 0.37)),
        "at_bound",
        "E is at its bound 0: these runs do not show where the loss levels off",
    ),
    "size does nothing": (
        lambda: table(ScalingLaw(2, 0, 0.3, 2100, 0.37)),
        "at_bound",
        "A is at its bound 0: in these runs the loss does not fall with size",
    ),
    "tokens do nothing": (
        lambda: table(ScalingLaw(2, 480, 0.35, 0, 0.3)),
        "at_bound",
        "B is at its bound 0: in these runs the loss does not fall with tokens",
    ),
    "constant loss": (
        lambda: table().assign(loss=3.0),
        "at_bound",
        "A is at its bound 0",
    ),
    "steeper than a law": (
        lambda: table(ScalingLaw(2, 1e60, 7.5, 2100, 0.37)),
        "at_bound",
        "alpha is at a bound: the sizes are too close",
    ),
}


@EACH
@pytest.mark.parametrize("name", CASES)
def test_status_and_warning(name, objective):
    make, status, words = CASES[name]
    found = fit_all(make(), objective=objective)
    assert found.status == status
    assert any(words in warning for warning in found.warnings), found.warnings
    assert np.isfinite(numbers(found.law)).all(), (
        "refuse and carry: the estimate is there"
    )
    assert all(f"warning: {warning}" in found.summary() for warning in found.warnings)


@EACH
@pytest.mark.parametrize(
    "name",
    [
        "one size",
        "two sizes",
        "one token count",
        "two token counts",
        "tied tokens",
        "four rows",
    ],
)
def test_what_is_seen_is_still_fitted(name, objective):
    """An unidentified fit passes through its points: it interpolates well."""
    runs = CASES[name][0]()
    found = fit_all(runs, objective=objective)
    loss = found.predict(runs["num_params"], runs["tokens_seen"])
    np.testing.assert_allclose(loss, runs["loss"], rtol=1e-4)


def test_constant_loss_gives_the_constant():
    found = fit_all(table().assign(loss=3.0))
    assert found.predict(1e12, 1e13) == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("make", "fixed"),
    [
        (lambda: table(n_sizes=1), ("A", "alpha")),
        (lambda: table(n_sizes=2), ("alpha",)),
        (lambda: table(n_sizes=2), ("E",)),
        (lambda: table(n_tokens=1, n_sizes=9), ("B", "beta")),
        (lambda: table(n_tokens=2), ("beta",)),
        (lambda: table().iloc[[0, 9, 18]], ("alpha", "beta")),
        (lambda: table().iloc[[0]], ("A", "alpha", "B", "beta")),
    ],
)
def test_borrowing_identifies(make, fixed):
    """What a warning advises helps: with those parameters borrowed the status is ok."""
    runs = make()
    found = fit_all(runs, fixed={name: getattr(LAW, name) for name in fixed})
    assert (found.status, found.warnings) == ("ok", ())
    assert found.predict(7e10, 1.4e12) == pytest.approx(
        LAW.predict(7e10, 1.4e12), rel=1e-4
    )


def test_borrowing_too_little_does_not_identify():
    """One size with alpha alone borrowed leaves E and A open."""
    found = fit_all(table(n_sizes=1), fixed={"alpha": 0.35})
    assert found.status == "not_identified"
    assert "one value of num_params" in found.warnings[0]


def test_statuses_of_many_problems_are_independent():
    """Each subset of one table has the status it has alone, and its own words."""
    runs = table(n_sizes=4)
    first = [np.arange(len(runs)) < n for n in (4, 8, 16, 32)]
    fits = fit_many(runs, weights=first)
    assert fits.table["status"].tolist() == [
        "too_few_points",
        "not_identified",
        "not_identified",
        "ok",
    ]
    assert fits.table["n_runs"].tolist() == [1, 1, 2, 4]
    alone = [fit_all(runs[mask]) for mask in first]
    assert [f.status for f in fits] == [f.status for f in alone]
    assert [f.warnings[:1] for f in fits] == [f.warnings[:1] for f in alone]


def test_only_known_statuses():
    noisy = fit_many([table(noise=n, seed=s) for n in (0.01, 0.3) for s in range(10)])
    assert set(noisy.table["status"]) <= set(STATUSES)
    assert "ok" in set(noisy.table["status"])


def test_runs_are_counted_by_name():
    """The run column counts runs; without it model, without both each row is one."""
    runs = table(n_sizes=4, n_tokens=5)
    assert fit_all(runs).n_runs == 4
    assert fit_all(runs.rename(columns={"run": "model"})).n_runs == 4
    assert fit_all(runs.drop(columns="run")).n_runs == 20
    halves = runs["run"] + np.where(np.arange(20) % 5 < 2, "a", "b")
    assert fit_all(runs.assign(run=halves)).n_runs == 8

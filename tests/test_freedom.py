"""Degrees of freedom: components, the ridge, tied fits, the rule of the verdict."""

import numpy as np
import pandas as pd
import pytest
from surfaces import SURFACES
from surfaces import table as made_from_a_law

from experiments import freedom, new_law, studies
from hitchhiker import fit


def test_explained():
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(50, 2)) @ rng.normal(size=(2, 5))
    assert freedom.explained(flat, True)[1] == pytest.approx(1)
    round_ = freedom.explained(rng.normal(size=(20_000, 5)), False)
    assert round_ == pytest.approx(np.arange(1, 6) / 5, abs=0.02)


def test_units_decide_the_raw_components():
    values = np.random.default_rng(0).normal(size=(2000, 5)) * [100, 100, 1, 1, 1]
    assert freedom.explained(values, False)[1] > 0.99
    assert freedom.explained(values, True)[1] < 0.5


def laws_at(**columns):
    """A table of laws with the centre of their runs."""
    table = pd.DataFrame(
        {"log_size": np.log(1e9), "log_tokens": np.log(1e11), **columns}
    )
    return new_law.logs(table)


def test_steepness_is_that_of_the_law():
    law, n, d, step = SURFACES["chinchilla"], 1e9, 1e11, 1e-6
    size, tokens = freedom.steepness(
        laws_at(**{k: [v] for k, v in law.as_dict().items()})
    )
    fall = law.predict(n, d) - law.predict(n * (1 + step), d)
    assert np.exp(size[0]) == pytest.approx(fall / step, rel=1e-3)
    fall = law.predict(n, d) - law.predict(n, d * (1 + step))
    assert np.exp(tokens[0]) == pytest.approx(fall / step, rel=1e-3)


def test_unrelated_laws_keep_their_steepness():
    laws = freedom.whole_laws()
    mixed = freedom.unrelated(laws, np.random.default_rng(1))
    again = freedom.steepness(mixed.assign(**laws[["log_size", "log_tokens"]]))
    for before, after in zip(freedom.steepness(laws), again, strict=True):
        assert after == pytest.approx(before)
    assert sorted(mixed["alpha"]) == sorted(laws["alpha"])


def test_the_ridge_is_arithmetic():
    """Exponents fixed beside the true one: ln A moves as the ridge says."""
    runs = made_from_a_law(n_sizes=9, n_tokens=3)
    alphas = np.linspace(0.30, 0.40, 5)
    laws = [fit(runs, fixed={"alpha": a}).law for a in alphas]
    slope = np.polyfit(alphas, [np.log(law.A) for law in laws], 1)[0]
    assert slope == pytest.approx(np.log(runs["num_params"]).mean() - 1 / 0.35, rel=0.1)


def test_ridges():
    table = freedom.ridges(new_law.bootstrap_evidence())
    assert table["slope"].corr(table["expected"]) > 0.85
    assert (table["slope"] - table["expected"]).abs().median() < 0.8


def test_components():
    table = freedom.components(freedom.whole_laws()).set_index(["form", "n"])
    assert table.loc[("raw", 3), "shuffled"] > 0.99
    three = table.loc[("standardised", 3)]
    assert three["shuffled"] < 0.85
    assert three["low"] <= three["ours"] <= three["high"]


def test_tied_takes_the_best_choice():
    runs = made_from_a_law(SURFACES["symmetric"])
    tied = freedom.Tied(tuple({"alpha": e, "beta": e} for e in (0.2, 0.31, 0.5)))
    found = tied(runs, np.array([5e10]), np.array([1e12]))
    assert found["alpha"].item() == found["beta"].item() == 0.31
    assert found["loss"].item() == pytest.approx(
        SURFACES["symmetric"].predict(5e10, 1e12)
    )
    masks = np.array([runs["num_params"] < 5e9, runs["num_params"] < 2e9], dtype=float)
    several = list(tied.many(runs, masks, np.array([5e10]), np.array([1e12])))
    assert [table["alpha"].item() for table in several] == [0.31, 0.31]


def test_line_weighs_sources():
    laws = pd.DataFrame(
        {
            "source": ["a"] * 9 + ["b", "c"],
            "alpha": [0.2] * 9 + [0.4, 0.6],
            "ln A": [4.0] * 9 + [8.0, 12.0],
        }
    )
    assert freedom.line(laws) == pytest.approx([20, 0], abs=1e-9)


def test_tied_evidence():
    table = freedom.tied_evidence()
    assert not table.duplicated([*studies.KEYS, "method", "n_sizes", "share"]).any()
    assert (table["n_sizes"] <= table["n_all"]).all()
    scores = freedom.by_sizes(table).set_index(["share", "method"]).loc[1.0]
    assert scores.loc["exponents of others", "all"] > scores.loc["five free", "all"]
    assert scores.loc["exponents of others", "two"] < scores.loc["five free", "two"]
    assert scores.loc["A tied to alpha", "all"] > 1.5 * scores.loc["five free", "all"]


def made_up(values):
    """Draw zero of laws with given parameters, as `whole_laws` reads them."""
    laws = pd.DataFrame(values, columns=["E", "A", "alpha", "B", "beta"])
    return laws.assign(draw=0, source="s", family="f", loss_kind="k", log_size=20.0)


@pytest.mark.parametrize(
    ("tied", "verdict"), [(True, "holds"), (False, "holds in part")]
)
def test_rule(tied, verdict):
    """Raw, two logarithms always do; standardised, only if A and B follow exponents."""
    alpha, beta, e, a, b = np.random.default_rng(0).uniform(0.2, 0.6, size=(5, 200))
    steep, steep_tokens = (alpha, beta) if tied else (a, b)
    terms = np.exp(20 * steep), np.exp(24 * steep_tokens)
    laws = made_up(np.column_stack([np.exp(e), terms[0], alpha, terms[1], beta]))
    assert freedom.CLAIMS[0].result(freedom.whole_laws(laws))[1] == verdict


def test_fits_without_a_term_are_left_out():
    laws = made_up([[1.0, 0.0, 0.3, 1.0, 0.3], [1.0, 9.0, 0.3, 1.0, 0.3]])
    assert len(freedom.whole_laws(laws)) == 1

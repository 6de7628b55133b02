"""Properties of every estimate, whatever the law: Hypothesis picks the laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from surfaces import FIXED_PENALTIES, fit_all, numbers, table

from hitchhiker import ScalingLaw, absolute_relative_error, evaluate
from hitchhiker.laws import PARAMETERS

# The ranges of published laws: exponents and floors of Chinchilla and after.
LAWS = st.builds(
    ScalingLaw,
    E=st.floats(0.5, 3),
    A=st.floats(50, 5000),
    alpha=st.floats(0.15, 0.6),
    B=st.floats(50, 20000),
    beta=st.floats(0.15, 0.6),
)
NOISY = st.builds(
    lambda law, seed, noise: table(law, noise=noise, seed=seed).drop(columns="run"),
    LAWS,
    st.integers(0, 10**6),
    st.sampled_from([1e-3, 0.01, 0.05]),
)
FACTORS = st.floats(-6, 6).map(lambda power: 10**power)
EACH = st.sampled_from(FIXED_PENALTIES)


def same_law(one, other, rtol=1e-4):
    """Same optimum: objective, and forecasts far outside of what was seen."""
    assert other.objective == pytest.approx(one.objective, rel=1e-6)
    assert other.status == one.status
    for at in ((3e8, 2e10), (1e11, 2e12), (1e12, 1e13)):
        assert other.predict(*at) == pytest.approx(one.predict(*at), rel=rtol)


@given(LAWS)
def test_a_law_without_noise_is_recovered(law):
    for objective in FIXED_PENALTIES:
        found = fit_all(table(law), objective=objective)
        np.testing.assert_allclose(numbers(found.law), numbers(law), rtol=1e-5)
        assert found.status == "ok"


@given(LAWS, st.sampled_from(PARAMETERS), EACH)
def test_a_law_without_noise_is_recovered_around_a_borrowed_parameter(
    law, name, objective
):
    found = fit_all(table(law), objective=objective, fixed={name: getattr(law, name)})
    np.testing.assert_allclose(numbers(found.law), numbers(law), rtol=1e-5)


@given(
    LAWS,
    FACTORS,
    st.floats(-5, 5).map(lambda p: 10**p),
    st.floats(-2, 5).map(lambda p: 10**p),
    EACH,
)
def test_units_of_a_clean_law(law, loss_unit, size_unit, token_unit, objective):
    """Losses times c: E, A, B too.  N times k: A times k^alpha.  D times k: so B."""
    runs = table(law, sizes=(1e9, 1e11))
    units = {"loss": loss_unit, "num_params": size_unit, "tokens_seen": token_unit}
    found = fit_all(
        runs.assign(**{c: runs[c] * k for c, k in units.items()}), objective=objective
    )
    expected = ScalingLaw(
        E=law.E * loss_unit,
        A=law.A * loss_unit * size_unit**law.alpha,
        alpha=law.alpha,
        B=law.B * loss_unit * token_unit**law.beta,
        beta=law.beta,
    )
    np.testing.assert_allclose(numbers(found.law), numbers(expected), rtol=1e-5)
    assert found.status == "ok"


@given(NOISY, FACTORS, st.floats(0.1, 1e5), st.floats(0.1, 1e5), EACH)
def test_units_change_nothing_but_the_units(
    runs, loss_unit, size_unit, token_unit, objective
):
    """The same optimum under noise; an objective on losses goes with c squared."""
    here = fit_all(runs, objective=objective)
    units = {"loss": loss_unit, "num_params": size_unit, "tokens_seen": token_unit}
    there = fit_all(
        runs.assign(**{c: runs[c] * k for c, k in units.items()}), objective=objective
    )
    scale = loss_unit**2 if objective == "ls" else 1.0
    assert there.objective == pytest.approx(here.objective * scale, rel=1e-6)
    assert there.status == here.status
    far = there.predict(1e11 * size_unit, 1e12 * token_unit) / loss_unit
    assert far == pytest.approx(here.predict(1e11, 1e12), rel=1e-3)


@given(NOISY, st.randoms(use_true_random=False), EACH)
def test_the_order_of_rows_does_not_matter(runs, random, objective):
    order = list(range(len(runs)))
    random.shuffle(order)
    same_law(
        fit_all(runs, objective=objective),
        fit_all(runs.iloc[order], objective=objective),
    )


@given(NOISY, EACH, st.integers(0, 100))
def test_weight_two_is_a_row_twice(runs, objective, seed):
    """Weights are counts; a count of zero is a row left out."""
    counts = np.random.default_rng(seed).integers(0, 3, len(runs))
    repeated = runs.loc[runs.index.repeat(counts)].reset_index(drop=True)
    weighed = fit_all(runs, objective=objective, weights=counts)
    same_law(fit_all(repeated, objective=objective), weighed, rtol=1e-3)
    assert weighed.n_rows == (counts > 0).sum()


@given(NOISY, EACH)
def test_all_rows_twice_is_the_same_law(runs, objective):
    """Only the objective doubles: no other number counts how often a row repeats."""
    once = fit_all(runs, objective=objective)
    twice = fit_all(pd.concat([runs, runs], ignore_index=True), objective=objective)
    assert twice.objective == pytest.approx(2 * once.objective, rel=1e-6)
    assert twice.status == once.status
    assert twice.predict(1e11, 1e12) == pytest.approx(
        once.predict(1e11, 1e12), rel=1e-3
    )


@given(NOISY, EACH, st.sampled_from(PARAMETERS))
def test_fixing_a_parameter_at_its_fitted_value_changes_nothing(runs, objective, name):
    free = fit_all(runs, objective=objective)
    again = fit_all(runs, objective=objective, fixed={name: getattr(free.law, name)})
    assert again.objective == pytest.approx(free.objective, rel=1e-5)
    assert again.predict(1e11, 1e12) == pytest.approx(
        free.predict(1e11, 1e12), rel=1e-3
    )


@given(NOISY, EACH, st.floats(0.1, 1.0))
def test_borrowing_never_fits_better(runs, objective, value):
    """A constraint cannot lower a global minimum: a witness against local ones."""
    free = fit_all(runs, objective=objective).objective
    for name in ("alpha", "beta"):
        assert fit_all(
            runs, objective=objective, fixed={name: value}
        ).objective >= free * (1 - 1e-6)


@given(LAWS, FACTORS)
def test_are_does_not_know_the_unit_of_the_loss(law, unit):
    runs = table(law, noise=0.01)
    targets = runs["loss"], law.predict(runs["num_params"], runs["tokens_seen"])
    assert absolute_relative_error(*(t * unit for t in targets)) == pytest.approx(
        absolute_relative_error(*targets), rel=1e-12
    )


@settings(max_examples=8)
@given(NOISY, FACTORS)
def test_evaluation_does_not_know_the_unit_of_the_loss(runs, unit):
    here, there = (
        evaluate(t, ["fit", "best_seen", "most_trained"], sizes=[3, 4], force=True)
        for t in (runs, runs.assign(loss=runs["loss"] * unit))
    )
    np.testing.assert_allclose(there["are"], here["are"], rtol=1e-3, atol=1e-6)
    assert there["status"].tolist() == here["status"].tolist()

"""The equation: closed forms, limits, the compute-optimal point, tables, refusals."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar
from surfaces import SURFACES

from hitchhiker import Laws, ScalingLaw, training_flops
from hitchhiker.laws import PARAMETERS

LAWS = pytest.mark.parametrize("law", SURFACES.values(), ids=SURFACES)


@LAWS
def test_predict_is_the_closed_form(law):
    n, d = 3e8, 2e10
    assert law.predict(n, d) == pytest.approx(
        law.E + law.A / n**law.alpha + law.B / d**law.beta, rel=1e-14
    )


def test_predict_keeps_shapes():
    law = SURFACES["chinchilla"]
    assert isinstance(law.predict(1e9, 2e10), float)
    assert law.predict([1e9, 2e9], 2e10).shape == (2,)
    assert law.predict([], []).shape == (0,)


@LAWS
def test_limits(law):
    """Without end in N and D the loss is E; in one alone, the other's cost stays."""
    assert law.predict(np.inf, np.inf) == law.E
    assert law.predict(np.inf, 2e10) == pytest.approx(law.E + law.B / 2e10**law.beta)
    assert law.predict(3e8, np.inf) == pytest.approx(law.E + law.A / 3e8**law.alpha)


@LAWS
def test_falls_with_size_and_tokens(law):
    counts = np.geomspace(1e6, 1e13, 50)
    assert (np.diff(law.predict(counts, 1e10)) < 0).all()
    assert (np.diff(law.predict(1e9, counts)) < 0).all()
    assert (law.predict(counts, counts) > law.E).all()


@LAWS
def test_doubling_size_divides_its_cost(law):
    cost = law.predict(2e9, np.inf) - law.E
    assert cost / (law.predict(1e9, np.inf) - law.E) == pytest.approx(2**-law.alpha)


@LAWS
@pytest.mark.parametrize("flops", [1e18, 5.76e23, 1e27])
def test_compute_optimal_is_the_least_loss_on_the_budget(law, flops):
    """Against a numeric search along 6 N D = C, in loss and in place."""
    num_params, tokens = law.compute_optimal(flops)
    assert 6 * num_params * tokens == pytest.approx(flops, rel=1e-12)

    def loss(log_params):
        return law.predict(np.exp(log_params), flops / 6 / np.exp(log_params))

    best = minimize_scalar(
        loss, bounds=(np.log(1e5), np.log(1e15)), options={"xatol": 1e-10}
    )
    assert law.predict(num_params, tokens) <= best.fun * (1 + 1e-12)
    assert num_params == pytest.approx(np.exp(best.x), rel=1e-5)


def test_compute_optimal_of_a_symmetric_law_is_the_square_root():
    num_params, tokens = SURFACES["symmetric"].compute_optimal([6e18, 6e20])
    np.testing.assert_allclose(num_params, [1e9, 1e10])
    np.testing.assert_allclose(tokens, num_params)


@LAWS
def test_compute_optimal_grows_as_the_stated_power(law):
    num_params, _ = law.compute_optimal(np.array([1e20, 1e22]))
    assert np.log(num_params[1] / num_params[0]) / np.log(100) == pytest.approx(
        law.beta / (law.alpha + law.beta)
    )


def test_law_holds_plain_floats():
    law = ScalingLaw(*np.float32([1, 2, 0.5, 3, 0.25]))
    assert law.as_dict() == {"E": 1.0, "A": 2.0, "alpha": 0.5, "B": 3.0, "beta": 0.25}
    assert all(type(v) is float for v in law.as_dict().values())
    assert law == ScalingLaw(1, 2, 0.5, 3, 0.25)


@pytest.mark.parametrize(
    ("n", "d", "name"),
    [
        (0, 1e9, "num_params"),
        (-1, 1e9, "num_params"),
        (np.nan, 1e9, "num_params"),
        (1e9, 0, "tokens_seen"),
        ([1e9, 1e9], [1e9, -2], "tokens_seen"),
    ],
)
def test_predict_refuses_counts_not_above_zero(n, d, name):
    with pytest.raises(ValueError, match=f"{name} must be above zero, got"):
        SURFACES["chinchilla"].predict(n, d)


@pytest.mark.parametrize("name", ["A", "B", "alpha", "beta"])
def test_no_compute_optimum_without_both_terms(name):
    law = ScalingLaw(**SURFACES["chinchilla"].as_dict() | {name: 0.0})
    with pytest.raises(ValueError, match="no compute-optimal size exists"):
        law.compute_optimal(1e21)


@pytest.mark.parametrize("flops", [0, -1e20, np.nan, [1e20, 0]])
def test_compute_optimal_refuses_a_budget_not_above_zero(flops):
    with pytest.raises(ValueError, match="flops must be above zero, got"):
        SURFACES["chinchilla"].compute_optimal(flops)


def test_training_flops_is_six_n_d():
    assert training_flops(1e9, 2e10) == 1.2e20
    np.testing.assert_array_equal(
        training_flops([1e9, 2e9], [2e10, 1e10]), [1.2e20, 1.2e20]
    )


def test_training_flops_does_not_overflow_integers():
    """70B parameters on 1.4T tokens is beyond 64-bit integers."""
    params, tokens = np.array([70_000_000_000]), np.array([1_400_000_000_000])
    np.testing.assert_allclose(training_flops(params, tokens), 5.88e23)
    np.testing.assert_allclose(
        training_flops(params.astype("int64"), pd.Series(tokens)), 5.88e23
    )
    small = np.array([2_000_000_000], dtype="int32")
    np.testing.assert_allclose(training_flops(small, small), 2.4e19)


@pytest.fixture
def laws():
    return Laws.from_table(pd.DataFrame([law.as_dict() for law in SURFACES.values()]))


def test_a_table_of_laws_predicts_as_its_laws_do(laws):
    """Bit for bit, at several points (n_laws, n_points) and at one (n_laws,)."""
    size, tokens = np.geomspace(1e8, 1e11, 7), np.geomspace(1e9, 1e13, 7)
    expected = [law.predict(size, tokens) for law in SURFACES.values()]
    np.testing.assert_array_equal(laws.predict(size, tokens), expected)
    one = [law.predict(1e9, 2e10) for law in SURFACES.values()]
    np.testing.assert_array_equal(laws.predict(1e9, 2e10), one)
    assert laws.predict(1e9, tokens).shape == (3, 7)
    assert laws[:0].predict(size, tokens).shape == (0, 7)


def test_the_terms_are_what_the_floor_leaves(laws):
    counts = np.array([1e9, 1e10])
    for law, row in zip(laws, laws.terms(counts, counts)[0], strict=True):
        np.testing.assert_array_equal(row, law.terms(counts, counts)[0])
        np.testing.assert_allclose(row, law.predict(counts, np.inf) - law.E)


def test_a_table_of_laws_is_a_sequence(laws):
    assert len(laws) == 3
    assert list(laws) == list(SURFACES.values())
    assert laws[-1] == laws[2] == SURFACES["asymmetric"]
    assert list(laws[[True, False, True]]) == [laws[0], laws[2]]
    assert list(laws[np.array([2, 0])]) == [laws[2], laws[0]]
    with pytest.raises(IndexError):
        laws[3]
    assert list(laws.table) == list(PARAMETERS)
    assert list(Laws.from_table(laws.table)) == list(laws)


def test_a_table_of_laws_knows_its_optima(laws):
    """One budget, an optimum a law; NaN for a law without one."""
    flat = Laws.from_table(pd.concat([laws.table, laws.table.assign(A=0.0)]))
    num_params, tokens = flat.compute_optimal(1e21)
    expected = np.array([law.compute_optimal(1e21) for law in laws]).T
    np.testing.assert_allclose([num_params[:3], tokens[:3]], expected, rtol=1e-14)
    assert np.isnan(num_params[3:]).all()
    with pytest.raises(ValueError, match="flops must be above zero, got 0"):
        laws.compute_optimal(0)


def test_a_failed_law_predicts_no_number():
    assert np.isnan(Laws(*[[np.nan]] * 5).predict(1e9, 1e10)).all()


def test_a_table_of_laws_refuses_what_it_cannot_hold(laws):
    with pytest.raises(ValueError, match="needs a column alpha, beta"):
        Laws.from_table(laws.table[["E", "A", "B"]])
    with pytest.raises(ValueError, match=r"A has shape \(2,\), E has 1 values"):
        Laws([1], [1, 2], [1], [1], [1])
    with pytest.raises(ValueError, match="tokens_seen must be above zero, got -1"):
        laws.predict(1e9, [1e9, -1])

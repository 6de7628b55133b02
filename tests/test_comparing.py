"""Compare two recipes at a target."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import stdtr, stdtrit
from test_forecasting import ladder

from hitchhiker import DataError, ScalingLaw, compare, load_runs
from hitchhiker.forecasts.comparing import DIFFERENCE_DF, paired

LAW = ScalingLaw(1.8, 480.0, 0.35, 2000.0, 0.37)


def test_a_clear_difference_is_told_and_the_order_turns_it():
    good, bad = ladder(LAW), ladder(LAW, seed=1).assign(loss=lambda t: 1.05 * t["loss"])
    made, turned = compare(good, bad, 1e10, 2e10), compare(bad, good, 1e10, 2e10)
    assert made.probability > 0.95
    assert made.difference == pytest.approx(-0.048, abs=0.01)
    assert turned.probability == pytest.approx(1 - made.probability, abs=1e-6)
    assert made.low_80 < made.difference < made.high_80
    assert "no further run" in made.advice
    assert "first recipe is better" in made.summary()


def test_equal_recipes_are_a_coin():
    made = compare(ladder(LAW), ladder(LAW), 1e10, 2e10)
    assert made.probability == pytest.approx(0.5, abs=0.01)
    assert made.minimum_detectable_difference > 0


def test_what_a_design_can_tell_is_what_makes_the_choice_sure():
    """A difference just above it reaches a chance of 90 %, one just below does not."""
    told = compare(ladder(LAW), ladder(LAW), 1e10, 2e10).minimum_detectable_difference
    for factor, sure in ((1.1, True), (0.9, False)):
        worse = ladder(LAW).assign(loss=lambda t, f=factor: (1 + f * told) * t["loss"])
        assert (compare(ladder(LAW), worse, 1e10, 2e10).probability > 0.9) == sure


def test_too_far_a_target_leaves_every_difference_open():
    worse = ladder(LAW).assign(loss=lambda t: 1.5 * t["loss"])
    made = compare(ladder(LAW), worse, 1e12, 2e10, force=True)
    assert made.minimum_detectable_difference == np.inf
    assert made.probability < 0.9
    assert "no difference, however large" in made.summary()


def test_large_whole_numbers_of_parameters_do_not_overflow():
    whole = ladder(LAW, sizes=(10**8, 14 * 10**8)).astype({"num_params": "int64"})
    made = compare(
        whole, whole.assign(loss=1.006 * whole["loss"]), 7 * 10**9, 2 * 10**10
    )
    assert "train both at 3.1e+09 parameters" in made.advice


def test_without_pairs_the_forecasts_are_compared_and_tell_less():
    good = ladder(LAW, sizes=(1e8, 3e8, 1e9))
    bad = ladder(LAW, sizes=(1.5e8, 4.5e8, 1.5e9)).assign(
        loss=lambda t: 1.05 * t["loss"]
    )
    apart, matched = compare(good, bad, 1e10, 2e10), compare(good, good, 1e10, 2e10)
    assert apart.pairs.empty
    assert apart.minimum_detectable_difference > matched.minimum_detectable_difference
    assert "pairs tell most" in apart.advice or apart.probability > 0.9


def test_pairs_are_runs_of_one_size_and_length():
    one, other = ladder(LAW), ladder(LAW, sizes=(1e8, 1.05e9))
    assert paired(one, other)["num_params"].tolist() == [1e8, 1e9]


def test_two_kinds_of_loss_are_not_compared():
    one, other = ladder(LAW).assign(loss_kind="a"), ladder(LAW).assign(loss_kind="b")
    with pytest.raises(DataError, match="one text"):
        compare(one, other, 1e10, 2e10)


def test_real_pairs_are_told_rightly_more_often_than_not():
    right = []
    kind = "validation-c4-val"
    runs = {
        c: load_runs(family=f"overtrain-{c}", loss_kind=kind)
        for c in ("c4", "redpajama", "refinedweb")
    }
    for first, second in (
        ("c4", "redpajama"),
        ("c4", "refinedweb"),
        ("redpajama", "refinedweb"),
    ):
        sides = runs[first], runs[second]
        end = [t.loc[t["num_params"].idxmax()] for t in sides]
        small = [t[t["num_params"] < 1e9] for t in sides]
        made = compare(*small, end[0]["num_params"], end[0]["tokens_seen"])
        right.append((made.probability > 0.5) == (end[0]["loss"] < end[1]["loss"]))
    assert sum(right) >= 2


@pytest.mark.parametrize("value", [-3.0, -0.2, 0.0, 1.7])
def test_the_t_distribution_is_that_of_scipy_stats(value):
    """`scipy.special` gives it without the slow import."""
    known = stats.t(DIFFERENCE_DF)
    assert stdtr(DIFFERENCE_DF, value) == pytest.approx(known.cdf(value), rel=1e-12)
    level = float(known.cdf(value))
    assert stdtrit(DIFFERENCE_DF, level) == pytest.approx(value, rel=1e-9, abs=1e-12)

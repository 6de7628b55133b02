"""Plan the small runs that forecast a large one."""

import numpy as np
import pandas as pd
import pytest
from test_forecasting import ladder

from hitchhiker import DataError, ScalingLaw, forecast, load_prior, plan
from hitchhiker.forecasts.planning import expected_sd

LAW = ScalingLaw(1.8, 480.0, 0.35, 2000.0, 0.37)


def test_a_plan_spends_its_budget_and_starts_small():
    made = plan(7e9, 1.4e11, 0.05)
    ladder_ = made.ladder
    assert ladder_["share"].iloc[-1] == pytest.approx(0.05)
    assert ladder_["flops"].sum() == pytest.approx(0.05 * 6 * 7e9 * 1.4e11)
    assert ladder_["num_params"].is_monotonic_increasing
    assert ladder_["error"].is_monotonic_decreasing
    assert (ladder_["high_80"] > ladder_["error"]).all()


def test_more_budget_promises_less_error():
    errors = [plan(7e9, 1.4e11, b).ladder["error"].iloc[-1] for b in (0.002, 0.02, 0.2)]
    assert errors == sorted(errors, reverse=True)


def test_flops_and_shares_are_the_same_budget():
    flops = 0.05 * 6 * 7e9 * 1.4e11
    one, other = plan(7e9, 1.4e11, flops), plan(7e9, 1.4e11, 0.05)
    pd.testing.assert_frame_equal(one.ladder, other.ladder)


def test_a_plan_names_its_alternatives():
    ways = list(plan(7e9, 1.4e11, 0.05).alternatives["way"])
    assert ways[:2] == ["half the budget", "twice the budget"]
    assert "30 % of the target itself" in ways
    assert "half the budget" in plan(7e9, 1.4e11, 0.05).summary()


@pytest.mark.parametrize("budget", [0, -1, 1e30, 1e-12])
def test_budgets_that_buy_nothing_are_named(budget):
    with pytest.raises(DataError, match="budget"):
        plan(7e9, 1.4e11, budget)


def test_a_promise_is_about_what_a_forecast_then_says():
    """On runs of the prior's own law the interval is as wide as was promised."""
    sizes, target = [1e8, 4e8, 1.6e9], (1e10, 2e10)
    made = forecast(ladder(LAW, sizes=sizes, noise=0.008), *target).table.iloc[0]
    width = np.log(made["high_80"] / made["loss"]) / load_prior().half_widths[0.8]
    assert expected_sd(sizes, [2e10] * 3, target) == pytest.approx(width, rel=0.35)

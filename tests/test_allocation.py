"""Choose size and tokens for a budget."""

import pytest

from hitchhiker import ScalingLaw, allocation

LAW = ScalingLaw(1.8, 480.0, 0.35, 2000.0, 0.37)


def test_the_optimum_lies_between_the_ends_of_its_range():
    table = allocation(LAW, 1e22, price=0.01).set_index("choice")
    low, high = table.loc["smallest within 1 %"], table.loc["largest within 1 %"]
    best = table.loc["optimum"]
    assert low["num_params"] < best["num_params"] < high["num_params"]
    for end in (low, high):
        assert end["loss"] == pytest.approx(1.01 * best["loss"], rel=1e-3)
        assert end["flops"] == pytest.approx(1e22)


def test_use_makes_the_model_smaller_and_longer_trained():
    table = allocation(LAW, 1e22, inference_tokens=1e13)
    best, cheap = table.iloc[0], table.iloc[-1]
    assert cheap["num_params"] < best["num_params"]
    assert cheap["tokens_seen"] > best["tokens_seen"]
    assert cheap["loss"] == pytest.approx(best["loss"], rel=1e-6)
    total = [r["flops"] + 2 * r["num_params"] * 1e13 for r in (best, cheap)]
    assert total[1] < total[0]

"""Plan, compare, watch, report."""

import numpy as np
import pandas as pd
import pytest
from test_forecasting import ladder

from hitchhiker import (
    DataError,
    ScalingLaw,
    allocation,
    compare,
    forecast,
    load_runs,
    plan,
    report,
    watch,
)
from hitchhiker.forecasts.comparing import paired
from hitchhiker.forecasts.planning import promised_spread

LAW = ScalingLaw(1.8, 480.0, 0.35, 2000.0, 0.37)

# plan


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


def test_a_plan_names_its_rivals():
    ways = list(plan(7e9, 1.4e11, 0.05).rivals["way"])
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
    from hitchhiker import load_prior

    width = np.log(made["high_80"] / made["loss"]) / load_prior().reach[0.8]
    assert promised_spread(sizes, [2e10] * 3, target) == pytest.approx(width, rel=0.35)


# allocation


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


# compare


def test_a_clear_difference_is_told_and_the_order_turns_it():
    good, bad = ladder(LAW), ladder(LAW, seed=1).assign(loss=lambda t: 1.05 * t["loss"])
    made, turned = compare(good, bad, 1e10, 2e10), compare(bad, good, 1e10, 2e10)
    assert made.chance > 0.95
    assert made.difference == pytest.approx(-0.048, abs=0.01)
    assert turned.chance == pytest.approx(1 - made.chance, abs=1e-6)
    assert made.low_80 < made.difference < made.high_80
    assert "no further run" in made.advice
    assert "first recipe is better" in made.summary()


def test_equal_recipes_are_a_coin():
    made = compare(ladder(LAW), ladder(LAW), 1e10, 2e10)
    assert made.chance == pytest.approx(0.5, abs=0.01)
    assert made.smallest > 0


def test_what_a_design_can_tell_is_what_makes_the_choice_sure():
    """A difference just above it reaches a chance of 90 %, one just below does not."""
    told = compare(ladder(LAW), ladder(LAW), 1e10, 2e10).smallest
    for factor, sure in ((1.1, True), (0.9, False)):
        worse = ladder(LAW).assign(loss=lambda t, f=factor: (1 + f * told) * t["loss"])
        assert (compare(ladder(LAW), worse, 1e10, 2e10).chance > 0.9) == sure


def test_too_far_a_target_leaves_every_difference_open():
    worse = ladder(LAW).assign(loss=lambda t: 1.5 * t["loss"])
    made = compare(ladder(LAW), worse, 1e12, 2e10)
    assert made.smallest == np.inf
    assert made.chance < 0.9
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
    assert apart.smallest > matched.smallest
    assert "pairs tell most" in apart.advice or apart.chance > 0.9


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
        right.append((made.chance > 0.5) == (end[0]["loss"] < end[1]["loss"]))
    assert sum(right) >= 2


# watch


def smooth_run(n=30, end=2e10, size=1e10, bump=0.0):
    tokens = np.geomspace(end / 40, end / 2, n)
    loss = LAW.predict(size, tokens) * np.exp(bump * (np.arange(n) >= 3 * n // 4))
    return pd.DataFrame(
        {"run": "big", "num_params": size, "tokens_seen": tokens, "loss": loss}
    )


def test_a_healthy_run_stays_in_its_band():
    runs = pd.concat([ladder(LAW), smooth_run()], ignore_index=True)
    seen = watch(runs, "big", 2e10)
    assert seen.left is None
    assert "inside the bands" in seen.summary()
    assert seen.forecasts["tokens_seen"].is_monotonic_increasing
    assert seen.band["tokens_seen"].iloc[-1] == pytest.approx(2e10)
    end = seen.forecasts.iloc[-1]
    assert end["low_90"] < LAW.predict(1e10, 2e10) < end["high_90"]


def test_a_run_that_leaves_its_band_is_named_with_its_tokens():
    own = smooth_run(bump=0.25)
    seen = watch(pd.concat([ladder(LAW), own], ignore_index=True), "big", 2e10)
    broken = own["tokens_seen"][3 * len(own) // 4]
    assert seen.left == pytest.approx(broken, rel=0.01)
    assert seen.made_at < broken
    assert "left the band" in seen.summary()


def test_a_step_of_five_per_cent_is_a_departure_and_a_fall_or_a_bad_start_is_none():
    healthy, small = smooth_run(), ladder(LAW)
    late = healthy["tokens_seen"] > 6e9
    early = healthy["tokens_seen"] < 1e9  # a twentieth of the run
    for change, where, alarm in (
        (1.05, late, True),
        (0.95, late, False),
        (1.3, early, False),
    ):
        own = healthy.assign(loss=healthy["loss"] * np.where(where, change, 1.0))
        seen = watch(pd.concat([small, own], ignore_index=True), "big", 2e10)
        assert (seen.left is not None) == alarm, change


def test_a_real_run_that_went_well_raises_no_alarm():
    """Its first checkpoints stray; they once raised an alarm in nearly every healthy run."""
    runs = load_runs("gpt3", loss_kind="validation")
    seen = watch(runs[runs["run"] != "gpt3-350m"], "gpt3-175b", 3e11)
    assert seen.left is None
    steps = np.diff(np.log(seen.forecasts["tokens_seen"]))
    assert steps.max() < 4 * np.median(steps)


def test_a_run_that_has_hardly_begun_says_so_and_no_schedule_is_blamed():
    own = smooth_run(n=8, end=1e9).assign(schedule="cosine", schedule_tokens=2e10)
    small = ladder(LAW).assign(schedule="cosine", schedule_tokens=2e10)
    seen = watch(pd.concat([small, own], ignore_index=True), "big", 2e10)
    assert "hardly begun" in seen.warnings[0]
    assert not any("stopped before" in w for w in seen.warnings)


def test_beside_finished_runs_intervals_are_wider():
    own, small = smooth_run(), ladder(LAW)
    both = pd.concat([small, own], ignore_index=True)
    raw = forecast(
        pd.concat([small, own.assign(is_final=False)]), 1e10, 2e10
    ).table.iloc[0]
    now = watch(both, "big", 2e10).forecasts.iloc[-1]
    wide, narrow = (np.log(t["high_80"] / t["loss"]) for t in (now, raw))
    assert 1.3 < wide / narrow < 1.5
    alone = forecast(
        own[own["tokens_seen"] >= 2e9].assign(is_final=False), 1e10, 2e10
    ).table
    seen = watch(own, "big", 2e10).forecasts.iloc[-1]
    assert seen["high_80"] == pytest.approx(alone["high_80"].iloc[0])


def test_a_run_can_be_watched_alone():
    assert len(watch(smooth_run(), "big", 2e10).forecasts) > 5


@pytest.mark.parametrize(
    ("run", "end", "words"),
    [
        ("none", 2e10, "no run 'none'"),
        ("big", 1e9, "has seen"),
        ("r1e+08", 1e12, None),
    ],
)
def test_what_cannot_be_watched_is_named(run, end, words):
    runs = pd.concat([ladder(LAW), smooth_run()], ignore_index=True)
    if words:
        with pytest.raises(DataError, match=words):
            watch(runs, run, end)
    else:
        assert watch(runs, run, end).left is None


def test_too_short_a_run_is_named():
    with pytest.raises(DataError, match="at least 4"):
        watch(smooth_run(n=3), "big", 2e10)


# report


def test_a_report_fills_what_it_knows_and_leaves_blanks():
    runs = ladder(LAW)
    text = report(
        runs, forecast(runs, 1e10, 2e10), notes=["3 rows left out"], title="Mine"
    )
    for heading in (
        "# Mine",
        "## Question",
        "## Runs",
        "## Validation",
        "## Use",
        "## Release",
    ):
        assert heading in text
    assert "3 rows left out" in text
    assert "held out" in text
    assert "____" in text
    assert "nan" not in text.lower().replace("finance", "")


def test_one_size_cannot_be_validated():
    runs = ladder(LAW, sizes=[1e8])
    assert "nothing can be held out" in report(runs, forecast(runs, 1e10, 2e10))

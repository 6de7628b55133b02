"""Forecasts from a prior about laws and a family's own runs."""

import numpy as np
import pandas as pd
import pytest

from hitchhiker import DataError, ScalingLaw, forecast, load_runs

TARGET = (1e10, 2e10)


def ladder(
    law=None, sizes=(1e8, 3e8, 1e9), tokens=2e10, noise=0.004, seed=0, checkpoints=8
):
    law = law or ScalingLaw(1.8, 480.0, 0.35, 2000.0, 0.37)
    rng = np.random.default_rng(seed)
    rows = [
        (f"r{n:g}", n, d, law.predict(n, d) * np.exp(noise * rng.standard_normal()))
        for n in sizes
        for d in np.geomspace(tokens / 9, tokens, checkpoints)
    ]
    return pd.DataFrame(rows, columns=["run", "num_params", "tokens_seen", "loss"])


def test_noise_free_runs_of_a_usual_law_are_forecast_well():
    law = ScalingLaw(1.8, 480.0, 0.35, 2000.0, 0.37)
    made = forecast(ladder(law, noise=0.0), *TARGET)
    assert made.table["loss"][0] == pytest.approx(law.predict(*TARGET), rel=0.02)
    assert made.table["low_80"][0] < law.predict(*TARGET) < made.table["high_80"][0]
    assert list(made.table) == [
        "num_params",
        "tokens_seen",
        "loss",
        "low_80",
        "high_80",
        "low_90",
        "high_90",
    ]


@pytest.mark.parametrize("unit", [1 / np.log(2), 0.22, 7.0])
def test_another_unit_of_loss_gives_the_same_forecast(unit):
    runs = ladder()
    one, other = (
        forecast(runs.assign(loss=f * runs["loss"], loss_unit="some"), *TARGET).table
        for f in (1, unit)
    )
    for column in ("loss", "low_80", "high_90"):
        assert other[column][0] == pytest.approx(unit * one[column][0], rel=1e-4)


def test_order_of_rows_does_not_matter():
    runs = ladder(seed=3)
    shuffled = forecast(runs.sample(frac=1, random_state=0), *TARGET).table["loss"][0]
    assert shuffled == pytest.approx(forecast(runs, *TARGET).table["loss"][0], rel=1e-6)


def test_many_checkpoints_are_not_many_runs():
    few, many = (
        forecast(ladder(checkpoints=n, noise=0), *TARGET).table for n in (8, 400)
    )
    width = [t["high_80"][0] / t["low_80"][0] - 1 for t in (few, many)]
    assert width[1] == pytest.approx(width[0], rel=0.1)


def test_more_sizes_narrow_the_interval():
    widths = []
    for sizes in ([1e8], [1e8, 3e8], [1e8, 3e8, 1e9], [1e8, 3e8, 1e9, 3e9]):
        made = forecast(ladder(sizes=sizes), *TARGET).table
        widths.append(made["high_80"][0] / made["low_80"][0])
        assert (
            made["low_90"][0] < made["low_80"][0] < made["loss"][0] < made["high_80"][0]
        )
        assert made["high_80"][0] < made["high_90"][0]
    assert widths == sorted(widths, reverse=True)


def test_one_row_gives_a_wide_forecast_and_says_what_is_assumed():
    made = forecast(ladder(sizes=[1e8], checkpoints=1), *TARGET)
    assert made.table["high_80"][0] / made.table["low_80"][0] > 1.15
    assert "one size" in " ".join(made.warnings)
    assert made.n_rows == made.n_runs == 1


@pytest.mark.parametrize(
    ("sizes", "tokens", "target"),
    [
        ([1e6, 4e6, 16e6], 1e8, (1e9, 2e13)),
        ([1e11, 1e12], 1e13, (1e13, 2e13)),
        ([1e6], 1e8, (1e12, 2e13)),
    ],
)
def test_families_far_from_any_it_learned_from(sizes, tokens, target):
    made = forecast(ladder(sizes=sizes, tokens=tokens), *target)
    row = made.table.iloc[0]
    assert np.isfinite(row).all()
    assert 0 < row["low_90"] < row["loss"] < row["high_90"]


def test_runs_that_contradict_the_prior_widen_it():
    odd = ScalingLaw(0.02, 3000.0, 0.4, 0.02, 0.3)
    sizes = (1e8, 3e8, 1e9, 3e9)
    usual, made = (
        forecast(ladder(sizes=sizes), *TARGET),
        forecast(ladder(odd, sizes), *TARGET),
    )
    assert "unlike those" in " ".join(made.warnings)
    assert "unlike those" not in " ".join(usual.warnings)
    ratio = [t["high_80"][0] / t["low_80"][0] for t in (usual.table, made.table)]
    assert ratio[1] > ratio[0]


def test_wild_checkpoints_are_named():
    made = forecast(ladder(noise=0.2), *TARGET)
    assert "stray" in " ".join(made.warnings)


def test_far_targets_are_named():
    told = " ".join(forecast(ladder(), 1e12, 1e13).warnings)
    assert "1000 times the largest size" in told
    assert "500 times the tokens" in told


def test_advice_narrows_and_names_its_cost():
    advice = forecast(ladder(), *TARGET).advice
    assert 1 <= len(advice) <= 3
    assert all("FLOPs" in a and "narrower" in a for a in advice)


def test_a_shipped_study_is_forecast_by_a_prior_that_lacks_it():
    runs = load_runs("opt")
    small = runs[runs["num_params"] < 1e11]
    assert "opt" not in forecast(small, 175e9, 3e11).sources
    assert "opt" in forecast(small.drop(columns="source"), 175e9, 3e11).sources


def test_several_targets_and_other_levels():
    made = forecast(ladder(), [1e10, 2e10], 2e10, levels=(0.5,)).table
    assert len(made) == 2
    assert (made["low_50"] < made["loss"]).all()
    assert made["loss"][1] < made["loss"][0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_params": 7}, "billions"),
        ({"num_params": -1e9}, "above zero"),
        ({"tokens_seen": np.nan}, "above zero"),
        ({"levels": (0.99,)}, "0.99"),
    ],
)
def test_bad_targets_are_named(change, words):
    given = {"num_params": 1e10, "tokens_seen": 2e10} | change
    with pytest.raises(DataError, match=words):
        forecast(ladder(), **given)


def test_bad_tables_are_named():
    with pytest.raises(DataError, match="missing in 24 rows"):
        forecast(ladder().assign(loss=np.nan), *TARGET)


def test_summary_tells_all():
    text = forecast(ladder(sizes=[1e8]), *TARGET).summary()
    assert "80 %" in text
    assert "\nwarning: all runs have one size" in text
    assert "most plausible law" in text


def test_it_says_how_many_early_rows_it_left_out():
    runs = ladder(tokens=2e10, checkpoints=30)
    late = runs[runs["tokens_seen"] > 0.5 * 2e10]
    made, short = forecast(runs, *TARGET), forecast(late, *TARGET)
    assert made.n_early == 0  # ladders start at a ninth of their tokens
    assert "early" not in made.summary()
    early = pd.concat([runs.assign(tokens_seen=runs["tokens_seen"] / 1e3), runs])
    again = forecast(early, *TARGET)
    assert (again.n_early, again.n_rows) == (len(runs), len(runs))
    assert f"{len(runs)} early checkpoints left out" in again.summary()
    pd.testing.assert_frame_equal(again.table, made.table)
    assert short.n_rows == len(late)


def test_without_an_early_cut_all_rows_count():
    runs = ladder(tokens=2e11, checkpoints=8)
    begun = runs.assign(tokens_seen=runs["tokens_seen"] / 50)
    both = pd.concat([begun, runs])
    kept = forecast(both, *TARGET, early=None)
    assert (kept.n_early, kept.n_rows) == (0, len(both))
    cut = forecast(both, *TARGET, early=5e10)
    assert cut.n_early == (both["tokens_seen"] <= 5e10).sum() > 0
    with pytest.raises(
        DataError, match="no row is left after the first 1e\\+12 tokens"
    ):
        forecast(both, *TARGET, early=1e12)

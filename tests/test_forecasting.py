"""Forecasts from a prior about laws and a family's own runs."""

import numpy as np
import pandas as pd
import pytest
from surfaces import SURFACES, table

from hitchhiker import DataError, ScalingLaw, forecast, load_prior, load_runs
from hitchhiker.forecasts.forecasting import ODD, rows_of
from hitchhiker.forecasts.posterior import (
    LEVELLESS,
    PER_RUN,
    Rows,
    draw,
    energy,
    log_loss,
    posterior,
    slopes,
    thin,
    whiten,
)

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


@pytest.fixture(scope="module")
def prior():
    return load_prior()


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
        forecast(runs.assign(loss=f * runs["loss"]), *TARGET).table for f in (1, unit)
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


def test_runs_that_contradict_the_belief_widen_it():
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


def test_a_shipped_study_is_forecast_by_a_belief_that_lacks_it():
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
    assert "\n! all runs have one size" in text
    assert "most plausible law" in text


# The numbers underneath.


def test_thinning_keeps_the_ends():
    tokens = np.geomspace(1e9, 1e11, 100)
    keep = thin(tokens, np.repeat(0, 100))
    assert len(keep) == PER_RUN
    assert {0, 99} <= set(keep)


def test_whitened_noise_is_white():
    runs = np.array([0, 0, 0, 1, 1])
    ones = np.ones(5)
    rows = Rows(ones, ones, ones, runs, np.array([2.0, 1.5, 1, 1.2, 1]))
    run, row = 0.03, 0.01
    covariance = np.diag((row * rows.spread) ** 2) + run**2 * (runs[:, None] == runs)
    white = whiten(rows, np.linalg.cholesky(covariance), run, row)
    np.testing.assert_allclose(white @ white.T, np.eye(5), atol=1e-10)


def test_slopes_are_differences(prior):
    theta = np.insert(prior.mean, 0, 0.3)
    rows = rows_of(ladder())
    for k in range(5):
        step = np.zeros(5)
        step[k] = 1e-6
        ends = [log_loss(theta + s * step, rows.size, rows.tokens) for s in (1, -1)]
        np.testing.assert_allclose(
            slopes(theta, rows.size, rows.tokens)[:, k],
            (ends[0] - ends[1]) / 2e-6,
            atol=1e-6,
        )


@pytest.mark.parametrize("name", sorted(SURFACES))
def test_the_mode_is_a_minimum(name, prior):
    rows = rows_of(table(SURFACES[name], noise=0.01))
    found = posterior(rows, prior, rounds=30)
    noise = found.run_noise, found.row_noise
    precision = np.linalg.inv(prior.covariance)
    least = energy(found.mode, rows, prior, precision, noise)[0]
    rng = np.random.default_rng(0)
    for size in (1e-3, 1e-2, 0.1):
        for step in size * rng.standard_normal((20, 5)):
            assert (
                energy(found.mode + step, rows, prior, precision, noise)[0]
                > least - 1e-5
            )


def test_draws_agree_with_a_chain(prior):
    """Importance sampling against a random walk, on a family that leaves its law open."""
    rows = rows_of(ladder(sizes=[1e8, 3e8], seed=5))
    found = posterior(rows, prior)
    noise, precision = (
        (found.run_noise, found.row_noise),
        np.linalg.inv(prior.covariance),
    )
    laws, weights = draw(found, rows, prior, n=4000)
    rng, theta, kept = np.random.default_rng(1), found.mode, []
    now, root = (
        energy(theta, rows, prior, precision, noise)[0],
        np.linalg.cholesky(found.covariance),
    )
    for _ in range(12000):
        new = theta + root @ rng.standard_normal(5)
        value = energy(new, rows, prior, precision, noise)[0]
        if np.log(rng.random()) < now - value:
            theta, now = new, value
        kept.append(theta)
    chain = np.array(kept[1000:]) @ LEVELLESS.T
    drawn = laws @ LEVELLESS.T
    middle = weights @ drawn
    np.testing.assert_allclose(
        middle, chain.mean(axis=0), atol=0.3 * chain.std(axis=0).max()
    )
    spread = np.sqrt(weights @ (drawn - middle) ** 2)
    np.testing.assert_allclose(spread, chain.std(axis=0), rtol=0.25)


def test_a_surprise_is_counted_in_deviations(prior):
    rows = rows_of(ladder())
    assert posterior(rows, prior).surprise < ODD

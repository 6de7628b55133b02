"""Dense logs are averaged, spikes do not count, and what strays is named."""

import time

import numpy as np
import pandas as pd
import pytest

from hitchhiker import ScalingLaw, compare, forecast, load_runs, selection, watch
from hitchhiker.forecasts.averaging import DENSE_ROWS, points
from hitchhiker.forecasts.observations import observations

pytestmark = pytest.mark.slow  # logs of thousands of rows

LAW = ScalingLaw(1.8172, 482.01, 0.3478, 2085.43, 0.3658)
TARGET = (1.3e9, 2.6e10)
SIZES = (5e7, 1e8, 2e8, 3.5e8, 6e8)


def logs(n_rows, noise=0.0, seed=0, sizes=SIZES):
    """Five runs of 26B tokens, logged every so many steps."""
    rng = np.random.default_rng(seed)
    tokens = TARGET[1] * np.arange(1, n_rows + 1) / n_rows
    runs = pd.DataFrame(
        {
            "run": np.repeat([f"run-{k}" for k in range(len(sizes))], n_rows),
            "num_params": np.repeat(sizes, n_rows),
            "tokens_seen": np.tile(tokens, len(sizes)),
            "is_final": np.tile(tokens == TARGET[1], len(sizes)),
        }
    )
    loss = LAW.predict(runs["num_params"], runs["tokens_seen"])
    loss = loss * np.exp(noise * rng.standard_normal(len(runs)))
    return runs.assign(loss=loss, line=np.arange(2, len(runs) + 2))


def loss_of(runs, **options):
    return forecast(runs, *TARGET, **options).table["loss"][0]


def multiplied(runs, rows, factor):
    loss = runs["loss"].to_numpy().copy()
    loss[rows] *= factor
    return runs.assign(loss=loss)


@pytest.mark.parametrize("seed", range(3))
def test_noise_of_steps_is_averaged_away(seed):
    runs = logs(20_000, 0.02, seed)
    made = forecast(runs, *TARGET)
    assert made.table["loss"][0] == pytest.approx(LAW.predict(*TARGET), rel=0.01)
    assert (made.n_points, made.n_rows) == (40, len(runs) - made.n_early)
    assert made.most_rows > 100
    said = f"each of 40 points is the robust mean of up to {made.most_rows} checkpoints"
    assert said in made.summary()


@pytest.mark.parametrize("n_rows", [300, 1000, 3000])
@pytest.mark.parametrize("noise", [0.004, 0.02])
def test_single_spikes_move_nothing(n_rows, noise):
    runs = logs(n_rows, noise, seed=n_rows)
    rng = np.random.default_rng(0)
    clean = loss_of(runs)
    last = [(k + 1) * n_rows - 1 for k in range(len(SIZES))]
    for row in (*last, *rng.integers(0, len(runs), 10)):
        spiked = multiplied(runs, [row], rng.uniform(1.5, 5))
        assert loss_of(spiked) == pytest.approx(clean, rel=1e-3)


@pytest.mark.parametrize("n_rows", [300, 3000])
def test_half_of_the_rows_are_no_spikes(n_rows):
    runs = logs(n_rows, 0.01)
    some = np.random.default_rng(0).random(len(runs)) < 0.5
    made = forecast(multiplied(runs, some, 1.5), *TARGET)
    told = " ".join(made.warnings)
    assert made.table["loss"][0] > 1.05 * loss_of(runs) or "stray" in told


@pytest.mark.parametrize("n_rows", [100, 1000, 20_000])
def test_means_do_not_bend_the_curve(n_rows):
    """Without noise they lie on the law, and on a loss that falls at the end."""
    runs = logs(n_rows, sizes=SIZES[:1])
    share = runs["tokens_seen"] / TARGET[1]
    decayed = runs["loss"] * (1 - 0.05 * np.clip((share - 0.8) / 0.2, 0, 1))
    for loss in (runs["loss"], decayed):
        log_loss = np.log(loss.to_numpy())
        rows = np.flatnonzero(share >= 0.1)
        kept = points(
            runs["tokens_seen"].to_numpy()[rows],
            log_loss[rows],
            np.zeros(len(rows), int),
        )
        np.testing.assert_allclose(kept.log_loss, log_loss[rows][kept.row], atol=0.002)


def test_an_end_that_decays_under_noise_is_met():
    runs = logs(20_000, sizes=SIZES[:1])
    share = runs["tokens_seen"] / TARGET[1]
    log_loss = np.log(runs["loss"] * (1 - 0.05 * np.clip((share - 0.8) / 0.2, 0, 1)))
    noisy = log_loss + np.random.default_rng(0).normal(0, 0.02, len(runs))
    late = share.to_numpy() >= 0.1
    tokens = runs["tokens_seen"].to_numpy()[late]
    kept = points(tokens, noisy.to_numpy()[late], np.zeros(late.sum(), int))
    truth = log_loss.to_numpy()[late][kept.row]
    np.testing.assert_allclose(kept.log_loss, truth, atol=0.005)


def test_short_runs_count_as_they_are():
    for n_rows in (1, 8, DENSE_ROWS - 1):
        runs = logs(n_rows, 0.004).iloc[::-1]
        log_loss = np.log(runs["loss"].to_numpy())
        found = observations(runs)
        np.testing.assert_array_equal(found.log_loss, log_loss[found.points.row])
        assert (found.points.n_rows == 1).all()


def test_order_of_rows_does_not_matter():
    runs = logs(500, 0.02)
    shuffled = runs.sample(frac=1, random_state=0)
    assert loss_of(shuffled) == pytest.approx(loss_of(runs), rel=1e-9)


def test_rows_are_those_of_the_table_where_seeds_are_merged():
    runs = logs(100, 0.01, sizes=SIZES[:2])
    twin = runs.assign(run=runs["run"] + "b", loss=1.01 * runs["loss"])
    both = pd.concat([runs, twin], ignore_index=True)
    found = observations(both)
    np.testing.assert_array_equal(found.log_tokens, observations(runs).log_tokens)
    tokens = both["tokens_seen"].to_numpy()[found.points.row]
    np.testing.assert_allclose(np.log(tokens / 2e10), found.log_tokens)


def test_it_is_fast():
    runs = logs(20_000, 0.02)
    took = []
    for _ in range(3):
        start = time.perf_counter()
        observations(runs)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.4


def test_watch_and_compare_take_dense_logs():
    runs = logs(2000, 0.02)
    running = runs[(runs["run"] != "run-4") | (runs["tokens_seen"] < 1.3e10)]
    seen = watch(running, "run-4", TARGET[1])
    truth = LAW.predict(SIZES[-1], TARGET[1])
    assert seen.forecasts["loss"].iloc[-1] == pytest.approx(truth, rel=0.03)
    worse = logs(2000, 0.02, seed=1).assign(loss=lambda t: 1.05 * t["loss"])
    made = compare(runs, worse, *TARGET)
    assert made.probability > 0.8


def run_that(change, n_rows, which=4):
    """Runs of which one went wrong from some share of its tokens on."""
    runs = logs(n_rows, 0.004)
    share = runs["tokens_seen"] / TARGET[1]
    wrong = runs["run"] == f"run-{which}"
    return runs.assign(loss=runs["loss"] * np.where(wrong, change(share), 1.0))


def diverged(share):
    return 1 + 0.6 * np.clip((share - 0.5) / 0.5, 0, 1)


@pytest.mark.parametrize("n_rows", [8, 40, 500])
@pytest.mark.parametrize("which", [2, 4])
def test_a_diverged_run_is_named_with_its_effect(n_rows, which):
    runs = run_that(diverged, n_rows, which)
    made = forecast(runs, *TARGET)
    (told,) = (w for w in made.warnings if "the law of the others" in w)
    name = f"run-{which}"
    assert told.startswith(f"run {name} strays up to ")
    assert told.endswith(f"(--without {name})")
    without = forecast(runs, *TARGET, without=name).table["loss"][0]
    now = made.table["loss"][0]
    assert f"without it {without:.4g} instead of {now:.4g}" in told
    truth = LAW.predict(*TARGET)
    assert abs(without / truth - 1) < abs(now / truth - 1)


def test_a_stray_row_of_few_is_named_by_line():
    runs = multiplied(logs(8, 0.002), [8 * 3 + 6], 1.6)
    made = forecast(runs, *TARGET)
    (told,) = (w for w in made.warnings if "the law of the others" in w)
    assert told.startswith("line 32 of run run-3 strays 6")
    assert "above the law of the others: without it" in told


def test_a_spike_among_neighbours_is_named_and_does_not_count():
    clean = logs(400, 0.004)
    spiked = multiplied(clean, [400 * 5 - 1], 1.8)
    made = forecast(spiked, *TARGET)
    (told,) = (w for w in made.warnings if "spikes" in w)
    assert told.startswith("line 2001 of run run-4 spikes, up to 1.8")
    assert made.table["loss"][0] == pytest.approx(loss_of(clean), rel=0.005)
    kept = float(told.rsplit(" ", 1)[1])
    assert kept > 1.05 * made.table["loss"][0]


@pytest.mark.parametrize("noise", [0.0, 0.004, 0.02])
@pytest.mark.parametrize("n_rows", [1, 8, 40, 500])
def test_nothing_is_said_of_runs_that_belong(n_rows, noise):
    told = forecast(logs(n_rows, noise), *TARGET).warnings
    assert not [w for w in told if "stray" in w or "spike" in w]


def test_shipped_families_hardly_stray(capsys):
    runs = load_runs().dropna(subset=["tokens_seen"])
    named = []
    for names, family in runs.groupby(["source", "family", "loss_kind"]):
        if family["num_params"].nunique() < 2:
            continue
        seen, held = selection.hold_out(family.reset_index(drop=True))
        end = held.loc[held["tokens_seen"].idxmax()]
        made = forecast(seen, end["num_params"], end["tokens_seen"])
        odd = [w for w in made.warnings if "of the others" in w or "spikes" in w]
        named.append((names, odd))
    count = sum(bool(odd) for _, odd in named)
    with capsys.disabled():
        print(f"\n{count} of {len(named)} shipped families have a stray run or row")
    assert len(named) > 70
    assert count <= 12

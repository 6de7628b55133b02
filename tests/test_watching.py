"""Watch a run in progress."""

import numpy as np
import pandas as pd
import pytest
from test_forecasting import ladder

from hitchhiker import DataError, ScalingLaw, forecast, load_runs, watch

LAW = ScalingLaw(1.8, 480.0, 0.35, 2000.0, 0.37)


def smooth_run(n=30, end=2e10, size=1e10, bump=0.0):
    tokens = np.geomspace(end / 40, end / 2, n)
    loss = LAW.predict(size, tokens) * np.exp(bump * (np.arange(n) >= 3 * n // 4))
    return pd.DataFrame(
        {"run": "big", "num_params": size, "tokens_seen": tokens, "loss": loss}
    )


def test_a_healthy_run_stays_in_its_band():
    runs = pd.concat([ladder(LAW), smooth_run()], ignore_index=True)
    seen = watch(runs, "big", 2e10)
    assert seen.departed_at is None
    assert "inside the bands" in seen.summary()
    assert seen.forecasts["tokens_seen"].is_monotonic_increasing
    assert seen.band["tokens_seen"].iloc[-1] == pytest.approx(2e10)
    end = seen.forecasts.iloc[-1]
    assert end["low_90"] < LAW.predict(1e10, 2e10) < end["high_90"]


def test_a_run_that_leaves_its_band_is_named_with_its_tokens():
    own = smooth_run(bump=0.25)
    seen = watch(pd.concat([ladder(LAW), own], ignore_index=True), "big", 2e10)
    broken = own["tokens_seen"][3 * len(own) // 4]
    assert seen.departed_at == pytest.approx(broken, rel=0.01)
    assert seen.band_made_at < broken
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
        assert (seen.departed_at is not None) == alarm, change


def test_a_real_run_that_went_well_raises_no_alarm():
    """Its first checkpoints stray, which once raised alarms in healthy runs."""
    runs = load_runs("gpt3", loss_kind="validation")
    seen = watch(runs[runs["run"] != "gpt3-350m"], "gpt3-175b", 3e11)
    assert seen.departed_at is None
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
        assert watch(runs, run, end).departed_at is None


def test_too_short_a_run_is_named():
    with pytest.raises(DataError, match="at least 4"):
        watch(smooth_run(n=3), "big", 2e10)

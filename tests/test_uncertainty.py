"""Intervals: seeded, clustered by run, and right as often as they claim."""

import subprocess
import sys

import numpy as np
import pytest
from surfaces import SURFACES, table

from experiments import interval_coverage
from hitchhiker import (
    allocation_interval,
    bootstrap,
    fit,
    interval,
    load_runs,
    sensitivity,
)
from hitchhiker.fits import uncertainty
from hitchhiker.fits.identification import effective_rows

LAW = SURFACES["chinchilla"]


def test_resampling_is_seeded_and_of_whole_runs():
    runs = table(noise=0.01, n_sizes=6)
    one, again = bootstrap(runs, 40, seed=1), bootstrap(runs, 40, seed=1)
    assert one.table.equals(again.table)
    assert set(one.table["n_rows"] % 6) == {0}  # two of eight checkpoints are early
    assert one.table["n_runs"].max() <= 6


@pytest.mark.slow
def test_chunks_and_workers_change_nothing(monkeypatch):
    """Nor does the bar, which counts resamples as they are done."""
    runs = table(noise=0.01)
    one = bootstrap(runs, 30)
    monkeypatch.setattr(uncertainty, "RESAMPLES_TOGETHER", 8)
    for other in (bootstrap(runs, 30), bootstrap(runs, 30, n_jobs=2, progress=True)):
        assert one.table.equals(other.table)
        assert other[29] == one[29]


@pytest.mark.parametrize(
    ("name", "options"), [("joblib", {"n_jobs": 2}), ("tqdm", {"progress": True})]
)
def test_what_is_not_installed_is_named(monkeypatch, name, options):
    """Both are optional: only the option that needs one says so."""
    monkeypatch.setitem(sys.modules, name, None)
    assert len(bootstrap(table(), 3)) == 3
    with pytest.raises(ImportError, match=f"needs {name}: python -m pip install"):
        bootstrap(table(), 3, **options)


def test_no_resample_is_no_bootstrap():
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        bootstrap(table(), 0)


def separate_runs(seed, n_runs=60, noise=0.01):
    """Finished runs with independent noise: what a bootstrap over runs assumes."""
    rng = np.random.default_rng(seed)
    runs = table(noise=noise, seed=seed, n_sizes=10, n_tokens=n_runs // 10)
    return runs.assign(run=np.arange(len(runs))), rng


@pytest.fixture(scope="module")
def cover():
    """Share of 80 % intervals that held the truth, by number of runs and kind."""
    shares = interval_coverage.coverage()
    return shares.pivot(index="runs", columns="interval", values="covered")


@pytest.mark.slow
def test_eighty_percent_cover_about_eighty(cover):
    """A bootstrap over runs does so from six runs on, 300 families a number of runs."""
    assert cover["bootstrap over runs"].between(0.75, 0.85).all(), cover
    assert list(cover.index) == [6, 12, 24]


def test_the_covariance_covers_with_many_runs(cover):
    """The quick alternative needs more runs; with few it is somewhat too narrow."""
    quick = cover["covariance"]
    assert 0.75 <= quick[24] <= 0.85
    assert quick.between(0.68, 0.85).all()


def test_rows_taken_for_runs_are_overconfident(cover):
    """The wrong noise model: an offset common to a run, rows drawn one by one."""
    assert cover["bootstrap over rows"].between(0.4, 0.7).all(), cover


def test_coverage_counts_what_the_bootstrap_gives():
    """The batch behind the coverage is `bootstrap`, for many families at once."""
    families = [interval_coverage.runs_with_offsets(12, seed) for seed in range(2)]
    at = (3e10, 6e11)
    unit = families[0]["run"].to_numpy()
    batch = interval_coverage.resampled_forecasts(families, unit, at, 50)
    fits = bootstrap(families[0], 50, objective="ls-log", early=None)
    alone = fits.laws.predict(*at)
    np.testing.assert_allclose(batch[0], alone, rtol=1e-4)


@pytest.mark.slow
def test_independent_rows_cover_too():
    """Finished runs with independent noise, by `bootstrap` and `interval`."""
    truth, inside = LAW.predict(3e10, 6e11), []
    for seed in range(100):
        fits = bootstrap(separate_runs(seed)[0], 100, objective="ls-log", seed=seed)
        row = interval(fits, 3e10, 6e11).iloc[0]
        inside.append(row["low_80"] <= truth <= row["high_80"])
    assert 0.72 <= np.mean(inside) <= 0.88  # two standard errors of a hundred


def test_checkpoints_resampled_as_if_independent_are_overconfident():
    """With an offset common to each run, whole runs must be drawn, not checkpoints."""
    runs = table(noise=0.002, n_sizes=8, seed=3)
    offset = np.repeat(np.random.default_rng(0).normal(0, 0.02, 8), 8)
    runs["loss"] *= np.exp(offset)
    by_run = interval(bootstrap(runs, 200, objective="ls-log"), 3e10, 6e11).iloc[0]
    alone = runs.assign(run=np.arange(len(runs)))
    by_row = interval(bootstrap(alone, 200, objective="ls-log"), 3e10, 6e11).iloc[0]
    assert by_run["high_80"] - by_run["low_80"] > 1.3 * (
        by_row["high_80"] - by_row["low_80"]
    )


def test_covariance_agrees_with_the_bootstrap():
    runs = load_runs("chinchilla").nsmallest(240, "loss")
    quick = np.sqrt(fit(runs, objective="ls-log").covariance[2, 2])
    slow = bootstrap(runs, 300, objective="ls-log").table["alpha"].std()
    assert quick == pytest.approx(slow, rel=0.35)


def test_effective_rows_lie_between_runs_and_rows():
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(10), 20)
    assert effective_rows(rng.normal(size=200), codes) > 120
    assert effective_rows(np.repeat(rng.normal(size=10), 20), codes) == pytest.approx(
        10
    )


def test_allocation_brackets_the_optimum():
    fits = bootstrap(separate_runs(0)[0], 100, objective="ls-log")
    table_ = allocation_interval(fits, 1e22).set_index("quantity")
    size, _ = LAW.compute_optimal(1e22)
    row = table_.loc["num_params"]
    assert (
        row["low_90"] < row["low_80"] < row["median"] < row["high_80"] < row["high_90"]
    )
    assert row["low_90"] / 2 < size < row["high_90"] * 2


def test_sensitivity_tells_every_change():
    runs = table(noise=0.01)
    moves = sensitivity(runs, 1e11, 1e12)
    assert moves["moved"].iloc[0] == 0
    assert sum(moves["change"].str.startswith("without size")) == 5
    assert sum(moves["change"].str.startswith("objective")) == 3


MEMORY = """
import resource
import numpy as np, pandas as pd
from hitchhiker import ScalingLaw, bootstrap
rng = np.random.default_rng(0)
law = ScalingLaw(1.8, 480, 0.35, 2100, 0.37)
runs = pd.DataFrame({"run": np.repeat(np.arange(20), 250),
                     "num_params": np.repeat(np.geomspace(1e8, 1e10, 20), 250),
                     "tokens_seen": np.tile(np.geomspace(5e9, 3e11, 250), 20)})
runs["loss"] = law.predict(runs.num_params, runs.tokens_seen)
runs["loss"] *= np.exp(rng.normal(0, 0.01, 5000))
assert len(bootstrap(runs, 1000, objective="ls-log")) == 1000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="maximum size is counted otherwise")
@pytest.mark.slow
def test_a_large_bootstrap_stays_small():
    """A thousand of 5,000 rows, a chunk; the benchmark has ten such chunks."""
    command = [sys.executable, "-c", MEMORY]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (
        int(printed) < 600_000
    )  # kilobytes, of which 150,000 are numpy, scipy and pandas

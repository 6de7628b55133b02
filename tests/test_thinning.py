"""Figures of long tables stay small and quick, and say what they leave out."""

import io
import re
import time

import numpy as np
import pandas as pd
import pytest

from hitchhiker import forecast, plots
from hitchhiker.runs.thinning import spread, thinned

MOST_BYTES = 500_000
MOST_SECONDS = 15  # three times what is promised, as a test may share its processor


def long_table(n_runs, n_rows):
    """Runs of distinct sizes on one law, with noise."""
    rng = np.random.default_rng(0)
    size = np.repeat(np.geomspace(2e7, 2e9, n_runs), n_rows)
    tokens = np.tile(np.geomspace(1e9, 4e10, n_rows), n_runs)
    loss = 1.8 + 480 * size**-0.35 + 2000 * tokens**-0.37
    names = np.repeat([f"run-{k}" for k in range(n_runs)], n_rows)
    return pd.DataFrame(
        {
            "run": names,
            "num_params": size,
            "tokens_seen": tokens,
            "loss": loss * np.exp(rng.normal(0, 0.005, len(loss))),
            "line": np.arange(len(loss)) + 2,
            "file": "log.csv",
        }
    )


@pytest.fixture(scope="module")
def made():
    return forecast(long_table(5, 20), 1e10, 2e11)


@pytest.mark.parametrize(("n_runs", "n_rows"), [(10, 100_000), (10_000, 10)])
def test_a_figure_of_a_long_table_is_small(made, n_runs, n_rows):
    runs = long_table(n_runs, n_rows)
    start, picture = time.perf_counter(), io.BytesIO()
    figure = plots.forecast_figure(runs, made)
    figure.savefig(picture, format="svg", bbox_inches="tight")
    assert time.perf_counter() - start < MOST_SECONDS
    text = picture.getvalue().decode()
    assert len(text) < MOST_BYTES
    assert re.search(rf"[\d,]+ of {len(runs):,} checkpoints drawn", text)
    assert ("sizes in colour" in text) == (n_runs > 12)


def test_a_short_table_is_drawn_whole():
    runs = long_table(3, 10)
    assert thinned(runs, 30) is runs


def test_every_run_keeps_its_end():
    runs = long_table(7, 300)
    few = thinned(runs, 100)
    assert 70 <= len(few) <= 100
    assert few["run"].nunique() == 7
    ends = runs.groupby("run")["tokens_seen"].max()
    pd.testing.assert_series_equal(few.groupby("run")["tokens_seen"].max(), ends)


def test_of_many_runs_some_are_kept():
    few = thinned(long_table(1000, 5), 100)
    assert len(few) <= 100
    assert (few.groupby("run").size() == 5).all()


def test_the_order_of_rows_does_not_matter():
    runs = long_table(7, 300)
    mixed = runs.sample(frac=1, random_state=0)
    assert set(thinned(mixed, 100)["line"]) == set(thinned(runs, 100)["line"])


def test_spread_keeps_both_ends():
    some = spread(pd.Series(range(100)), 5)
    assert len(some) == 5
    assert (some.iloc[0], some.iloc[-1]) == (0, 99)

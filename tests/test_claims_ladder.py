"""The ladder of this project: what was forecast before, what seeds and checkpoints did."""

import subprocess

import numpy as np
import pandas as pd
import pytest

from hitchhiker.claims import ladder
from hitchhiker.data import read_table
from tools.book import ROOT


@pytest.fixture(scope="module")
def draws():
    return ladder.draw_evidence()


@pytest.fixture(scope="module")
def checked():
    return ladder.check()


def git(*arguments):
    found = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.splitlines() if found.returncode == 0 else []


def test_the_forecast_is_older_than_the_runs_it_forecasts():
    """In the history: when the forecast came, no row of the largest size was there, and it never changed."""
    commits = git("log", "--format=%H", "--diff-filter=AM", "--", "data/ladder/forecast.csv")
    if not commits or git("rev-parse", "--is-shallow-repository") != ["false"]:
        pytest.skip("no history here")
    assert len(commits) == 1, "the forecast was changed after it was written"
    then = "\n".join(git("show", f"{commits[0]}:data/ladder/losses.csv"))
    assert "ladder-w64-" in then
    assert "ladder-w84-" not in then
    assert read_table("ladder/losses")["model"].eq("ladder-w84").sum() == 3 * (5 + 15)


def test_the_small_runs_are_those_the_forecast_saw():
    told = read_table("ladder/forecast").drop_duplicates("n_sizes").set_index("n_sizes")["n_runs"]
    runs = ladder.ends()
    sizes = sorted(runs["num_params"].unique())
    assert {n: runs["num_params"].isin(sizes[:n]).sum() for n in told.index} == told.to_dict()


def test_the_forecast_is_what_the_recipe_gives_without_the_ladder(checked):
    """By the belief of today that has not seen the ladder: nearly that of the day it was made."""
    runs = ladder.ends()
    target = runs["num_params"].max()
    own = checked[(checked["method"] == "forecast") & (checked["n_sizes"] == 6)]
    made = ladder.METHODS["forecast"](runs[runs["num_params"] < target],
                                      np.full(len(own), target), own["tokens_seen"])  # fmt: skip
    np.testing.assert_allclose(made["loss"], own["loss"], rtol=0.005)


def test_spread_over_seeds_is_pooled_with_its_degrees_of_freedom():
    made = pd.DataFrame({"num_params": [1, 1, 2], "n_seeds": [3, 5, 2], "spread": [0.1, 0.2, 0.3]})
    pooled = ladder.pooled_spread(made)
    assert pooled[1] == pytest.approx(np.sqrt((2 * 0.01 + 4 * 0.04) / 6))
    assert pooled[2] == pytest.approx(0.3)


def test_draws_choose_seeds_and_count_what_was_spent(draws):
    assert set(draws["kind"]) == {"ladder", "one size", "equal FLOPs"}
    assert (
        draws.groupby(["kind", "largest", "n_sizes", "n_seeds", "method"]).size().max()
        <= ladder.DRAWS
    )
    shares = (
        draws[draws["kind"] == "ladder"].groupby(["n_sizes", "n_seeds"])["flops_share"].first()
    )
    np.testing.assert_allclose(shares.xs(3, level=1), 3 * shares.xs(1, level=1))
    assert shares.xs(1, level=1).is_monotonic_increasing
    pairs = draws[draws["kind"] != "ladder"].groupby(["kind", "n_sizes"])["flops_share"].first()
    ratio = np.sort(pairs["equal FLOPs"]) / np.sort(pairs["one size"])
    assert ((ratio > 0.7) & (ratio < 1.1)).all()
    assert np.isfinite(draws["error"]).all()


def test_the_cost_of_a_seed_is_its_trunk_and_its_decays():
    record = read_table("ladder/losses").query("model == 'ladder-w16' and seed == 0")
    steps = record.groupby("run")["step"].max()
    trunk = steps.filter(like="constant").item()
    decays = sum(
        step - (step - int(0.2 * step)) for step in steps.drop(steps.filter(like="constant").index)
    )
    per_step = record["flops"].iloc[0] / record["step"].iloc[0]
    assert ladder.spent().iloc[0] == pytest.approx(per_step * (trunk + decays), rel=0.001)


def test_seeds_explain_a_share(draws):
    parts = ladder.seed_share(draws)
    assert parts["share"].between(0, 1).all()
    assert set(parts["n_sizes"]) == {2, 3, 4, 5, 6}

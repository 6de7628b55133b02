"""How far losses lie apart that differ in one thing: pairs, gaps and their order."""

import numpy as np
import pandas as pd
import pytest

from experiments import budget, replicates
from hitchhiker.runs.data import load_runs


def series(loss, at=(1.0, 8.0, 10.0)):
    return pd.DataFrame({"at": at, "loss": loss})


def test_gap_is_the_are_of_shared_checkpoints_at_the_end():
    first, second = series([9.0, 2.2, 1.9]), series([1.0, 2.0, 2.0])
    found = replicates.gap(first, second)
    assert found["gap"] == pytest.approx(0.075)
    assert found["signed"] == pytest.approx(0.025)


def test_gap_reads_between_checkpoints_only_where_none_is_shared():
    second = series([3.0, 2.0, 1.0], at=(0.0, 9.0, 11.0))
    assert replicates.gap(series([5.0, 3.0, 1.5]), second)["gap"] == pytest.approx(
        np.mean([abs(3.0 / (3 - 8 / 9) - 1), 0.0])
    )
    short, long = series([2.0], at=(1.0,)), series([1.6], at=(30.0,))
    assert replicates.gap(short, long)["signed"] == pytest.approx(0.25)


@pytest.fixture(scope="module")
def gaps():
    return replicates.gap_evidence()


def test_every_comparison_has_pairs_of_the_runs_it_names(gaps):
    assert set(gaps["comparison"]) == set(replicates.COMPARISONS) - {
        "forecast from all smaller sizes"
    }
    known = set(load_runs()["run"])
    twins = gaps[~gaps["partner"].str.startswith("law of")]
    assert set(twins["run"]) | set(twins["partner"]) <= known
    assert (twins["run"] != twins["partner"]).all()
    assert not twins["run"].str.contains("v1-2.8b").any()  # stands for the wrong corpus
    assert (gaps["gap"] >= gaps["signed"].abs() - 1e-12).all()


def test_noise_and_effects_are_as_the_text_says(gaps):
    middle = gaps.groupby("comparison")["gap"].median()
    assert middle["2 to 4 epochs, not 1"] < middle["deduplicated or not"]
    assert middle["trained again, loss on last words"] > (
        10 * middle["same weights, evaluated again"]
    )
    ours = budget.floor_evidence().query("method == 'our fit'")["are"].median()
    effects = [
        name for name, (side, _) in replicates.COMPARISONS.items() if side == "effect"
    ]
    as_large = (middle[effects] < 1.05 * ours).sum()
    assert as_large >= 2, "forecasts miss by as much as recipes differ"

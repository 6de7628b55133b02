"""Numbers over studies: weights, shares and quantiles."""

import numpy as np
import pandas as pd
import pytest

from experiments.studies import (
    over_studies,
    share_over_studies,
    study_weights,
    weighted_quantiles,
)


def table(**columns):
    """Nine rows of one study and one of another."""
    rows = {"source": ["a"] * 9 + ["b"], "are": [0.1] * 9 + [0.5]}
    return pd.DataFrame(rows | columns)


def test_every_study_weighs_the_same():
    assert over_studies(table(), "are") == pytest.approx(0.3)
    assert share_over_studies(table(), table()["are"] < 0.2) == pytest.approx(0.5)


def test_the_median_over_studies_bears_one_that_is_off_by_a_factor():
    rows = pd.DataFrame({"source": ["a", "b", "c"], "are": [0.1, 0.2, 50.0]})
    assert over_studies(rows, "are", over="median") == 0.2


def test_families_of_a_study_weigh_the_same_and_share_with_their_rows():
    rows = table(family=["c"] * 8 + ["d"] + ["e"], loss_kind="train")
    weights = study_weights(rows)
    assert weights == pytest.approx([1 / 16] * 8 + [1 / 2, 1])
    assert study_weights(rows, ["source"]) == pytest.approx([1 / 9] * 9 + [1])


def test_quantiles_agree_with_repeated_values():
    rng = np.random.default_rng(0)
    values, counts = rng.normal(size=40), rng.integers(1, 5, 40)
    levels = [0.1, 0.5, 0.9]
    repeated = np.repeat(values, counts)
    expected = np.quantile(repeated, levels, method="inverted_cdf")
    assert weighted_quantiles(values, counts, levels).tolist() == expected.tolist()
    middle = np.quantile(repeated, levels, method="averaged_inverted_cdf")
    found = weighted_quantiles(values, counts, levels, midpoint=True)
    assert found == pytest.approx(middle)


def test_a_tie_is_the_lower_value_or_the_midpoint():
    values, weights = [3.0, 1.0], [1.0, 1.0]
    assert weighted_quantiles(values, weights, 0.5) == 1.0
    assert weighted_quantiles(values, weights, 0.5, midpoint=True) == 2.0

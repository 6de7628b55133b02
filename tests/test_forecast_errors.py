"""The table of expected errors: what it holds, how it weighs, how it is looked up."""

import numpy as np
import pandas as pd
import pytest

from experiments import forecast_errors
from hitchhiker.runs.data import read_table


def test_shipped_table_of_errors_is_what_the_code_computes():
    shipped, fresh = (
        read_table(forecast_errors.ERROR_TABLE.removesuffix(".csv")),
        forecast_errors.error_table(),
    )
    assert list(shipped) == list(fresh), "run: python -m experiments.forecast_errors"
    assert len(shipped) == len(fresh)
    for column in fresh:
        if column in ("way", "method"):
            assert (shipped[column] == fresh[column]).all(), column
        else:
            np.testing.assert_allclose(
                shipped[column].astype(float),
                fresh[column].astype(float),
                rtol=0.02,
                atol=5e-4,
            )


def test_table_of_errors_can_be_looked_up():
    table = forecast_errors.error_table()
    by_cost = table["flops_share_low"].notna()
    assert set(table.loc[by_cost, "way"]) == set(forecast_errors.WAYS_TO_SPEND)
    assert (by_cost == table["n_sizes"].isna()).all()
    assert (table["low"] <= table["middle"]).all()
    assert (table["middle"] <= table["high"]).all()
    keys = ["way", "flops_share_low", "n_sizes", "scale_up_low"]
    assert not table.duplicated(keys).any()
    assert set(table.loc[~by_cost, "n_sizes"]) == set(forecast_errors.SIZE_COUNTS)


def made_cells(**facts):
    cell = {
        "source": "a",
        "family": "f",
        "loss_kind": "k",
        "way": forecast_errors.ONE_RUN,
        "n_sizes": 1,
        "method": "forecast",
        "scale_up": 3.0,
        "flops_share": 0.05,
        "are": 0.04,
    }
    return pd.DataFrame([cell | facts])


def test_each_study_weighs_the_same():
    crowd = [made_cells(source="a", family=str(i), are=0.01) for i in range(9)]
    alone = [made_cells(source="b", are=0.05), made_cells(source="c", are=0.09)]
    table = forecast_errors.error_table(pd.concat(crowd + alone, ignore_index=True))
    assert table["middle"].tolist() == pytest.approx([0.05, 0.05])
    assert table["n_studies"].tolist() == [3, 3]
    assert table["n_families"].tolist() == [11, 11]


def test_envelope_leaves_out_what_few_studies_tell():
    cheap = [made_cells(source=s, are=0.03) for s in "abcd"]
    rare = [
        made_cells(source=s, are=0.01, way=forecast_errors.FOUR_OR_MORE, n_sizes=5)
        for s in "ab"
    ]
    table = forecast_errors.error_table(pd.concat(cheap + rare, ignore_index=True))
    assert forecast_errors.envelope(table)["way"].tolist() == [forecast_errors.ONE_RUN]


def test_two_ways_are_compared_in_the_same_families():
    one = [made_cells(source=s, are=0.04) for s in "abc"]
    two = [
        made_cells(source=s, are=0.02, way=forecast_errors.TWO_OR_THREE) for s in "ab"
    ]
    dear = made_cells(
        source="c", are=9.0, way=forecast_errors.TWO_OR_THREE, flops_share=0.5
    )
    cells = pd.concat([*one, *two, dear], ignore_index=True)
    ratio, studies = forecast_errors.against(
        cells, forecast_errors.TWO_OR_THREE, forecast_errors.ONE_RUN, 0.03, 0.1
    )
    assert ratio == pytest.approx(0.5)
    assert studies == 2


def test_an_envelope_has_an_answer_from_a_hundredth_to_the_whole_target():
    best = forecast_errors.envelope(forecast_errors.error_table()).set_index(
        "flops_share_low"
    )
    assert {0.01, 0.03, 0.1, 0.3, 1.0} <= set(best.index)
    assert best.loc[0.1, "way"] == forecast_errors.TWO_OR_THREE
    assert best.loc[0.3, "way"] == forecast_errors.FINISHED_SHAPE
    assert best.loc[0.3, "middle"] < best.loc[0.03, "middle"]

"""What error is worth having: rules on made-up tables, orders that the text states."""

import numpy as np
import pandas as pd
import pytest

from experiments import budget
from hitchhiker.runs.data import load_runs
from hitchhiker.runs.selection import last_checkpoints

FLOOR, USEFUL = budget.CLAIMS


def errors(paper, ours, apart):
    """Errors of two studies by estimator, and how far two seeds lie apart."""
    rows = [("the paper's fit", paper), ("our fit", ours), (budget.SEEDS, [apart])]
    return pd.DataFrame(
        [
            {"source": source, "method": name, "are": are}
            for name, values in rows
            for source, are in zip("ab", values, strict=False)
        ]
    )


@pytest.mark.parametrize(
    ("paper", "ours", "apart", "verdict"),
    [
        ((0.02, 0.04), (0.05, 0.05), 0.02, "holds"),
        ((0.02, 0.04), (0.05, 0.05), 0.01, "holds in part"),
        ((0.01, 0.02), (0.05, 0.05), 0.04, "holds in part"),
        ((0.01, 0.02), (0.10, 0.05), 0.07, "does not hold"),
    ],
)
def test_rule_of_floor(paper, ours, apart, verdict):
    table = errors(paper, ours, apart)
    assert FLOOR.result(table)[1] == verdict
    assert len(FLOOR.by_family(table)) == 4, "seeds are no family"


def chance(right, how=budget.ALIKE):
    return [
        {
            "how": how,
            "source": source,
            "band": "10 to 20 %",
            "least": 0.0,
            "right": value,
        }
        for source, value in zip("ab", right, strict=True)
    ]


@pytest.mark.parametrize(
    ("alike", "verdict"),
    [
        ((0.5, 1.0), "holds"),
        ((0.6, 0.8), "holds in part"),
        ((0.5, 0.7), "does not hold"),
    ],
)
def test_rule_of_useful(alike, verdict):
    table = pd.DataFrame(chance(alike) + chance((0.5, 0.5), budget.APART))
    value, judged = USEFUL.result(table)
    assert judged == verdict
    assert "50 % made differently" in value
    apart = budget.judge_useful(table, USEFUL.limits, budget.APART)
    assert apart[1] == "does not hold"
    assert USEFUL.by_family(table)["value"].tolist() == list(alike)


def test_orders_are_counted_by_band_and_difference():
    both = pd.DataFrame(
        {
            "how": "x",
            "source": "a",
            "pair": ["p", "p", "q", "q"],
            "forecast_x": [1.0, 3.0, 1.0, np.nan],
            "forecast_y": [2.0, 2.0, 1.1, 2.0],
            "target_loss_x": [1.0, 1.0, 1.0, 1.0],
            "target_loss_y": [1.5, 1.5, 1.01, 1.5],
            "are_x": [0.12, 0.15, 0.15, np.nan],
            "are_y": [0.12, 0.19, 0.11, 0.11],
        }
    )
    table = budget._by_band(both).set_index(["least", "band"])
    row = table.loc[(0.0, "10 to 20 %")]
    assert (row["right"], row["comparisons"], row["pairs"]) == (
        pytest.approx(2 / 3),
        3,
        2,
    )
    assert table.loc[(0.02, "10 to 20 %"), "right"] == 0.5
    assert set(table.index.get_level_values("band")) == {"10 to 20 %", "any"}


@pytest.fixture(scope="module")
def chances():
    return budget.chance_evidence()


def test_floor_evidence_has_both_estimators_of_every_family():
    table = budget.floor_evidence()
    assert table.groupby("method").size().nunique() == 1


def test_the_order_of_small_runs_beats_forecasts_and_likeness_helps(chances):
    picks = {
        how: {band: budget.right_picks(chances, how, band)[0] for band in bands}
        for how, bands in chances.groupby("how")["band"].unique().items()
    }
    alike, apart, none = (
        picks[how] for how in (budget.ALIKE, budget.APART, budget.NO_LAW)
    )
    assert all(none[band] > max(alike[band], apart[band]) for band in none)
    assert alike["any"] > apart["any"]
    assert alike["below 2 %"] > alike["20 to 50 %"]
    clear = budget.right_picks(chances, budget.NO_LAW, "any", 0.02)[0]
    assert clear > none["any"]


def test_more_compute_is_a_smaller_error_and_studies_differ_more():
    prices = budget.price_evidence()
    study = prices.groupby(["price", "source"])["are"].median()
    middle = study.groupby("price").median()
    assert set(middle.index) == set(budget.PRICES)
    assert middle["below 1 %"] > middle["10 to 30 %"] > middle["above 100 %"]
    assert study["10 to 30 %"].max() / study["10 to 30 %"].min() > (
        middle["below 1 %"] / middle["above 100 %"]
    )


def test_pile_t5_is_missed_by_more_than_its_largest_size_gains():
    runs = load_runs("t5_pile", loss_kind="validation-span-filling")
    ends = last_checkpoints(runs).sort_values("num_params")["loss"].to_numpy()
    found = budget.floor_evidence().query("source == 't5_pile' and method == 'our fit'")
    assert found["are"].min() > ends[-2] / ends[-1] - 1

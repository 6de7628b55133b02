"""What the landing page's panel says."""

import json
import re

import numpy as np
import pytest

from experiments import forecast_errors, forecast_grids, index


@pytest.fixture(scope="module")
def table():
    return index.panel_table()


def test_rows_are_medians_of_the_grid(table):
    grid = forecast_grids.window_grid().query("method == 'forecast'")
    grid = grid[
        (grid["n_sizes"] == 2) & (grid["scale_up"] > 5) & (grid["scale_up"] <= 15)
    ]
    row = table[
        (table["sizes"] == "2")
        & (table["scale"] == "5 to 15 times")
        & (table["share"] == "all of it")
    ].iloc[0]
    assert row["n_studies"] == grid["source"].nunique()
    assert row["middle"] == pytest.approx(forecast_errors.error_spread(grid)["middle"])
    assert row["cost"] == pytest.approx(grid["flops_share"].median())


def test_nearer_targets_and_more_sizes_are_surer(table):
    whole = table[table["share"] == "all of it"].pivot(
        index="sizes", columns="scale", values="middle"
    )
    for sizes in ("1", "2"):
        assert whole.loc[sizes, "2 to 5 times"] < whole.loc[sizes, "more than 50 times"]
    assert whole.loc["2", "more than 50 times"] < whole.loc["1", "more than 50 times"]
    assert (table["low"] <= table["middle"]).all()
    assert (table["middle"] <= table["high"]).all()


def test_the_page_holds_what_python_says(table):
    html = index.panel_html(table)
    rows = json.loads(re.search(r"data\">(.*?)</script>", html)[1])
    assert len(rows) == len(table)
    row = table.iloc[len(table) // 2]
    assert rows[f"{row['sizes']}|{row['scale']}|{row['share']}"][:4] == index.sentence(
        row
    )
    assert np.isfinite([r[4] for r in rows.values()]).all()

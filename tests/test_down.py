"""Forecasts of the smallest size: the numbers, the rule of the verdict."""

import numpy as np
import pandas as pd
import pytest
from surfaces import SURFACES
from surfaces import table as made_from_a_law

from experiments import down, studies
from hitchhiker import absolute_relative_error, fit, load_runs, selection
from hitchhiker.evaluation.methods import METHODS


def test_downwards_is_a_fit_of_the_larger_sizes():
    """Scored by hand: every size but the smallest, which is the target."""
    runs = load_runs("opt")
    aim = selection.target(selection.smallest(runs, 1))
    larger = selection.early_cut(selection.largest(runs, 5))
    by_hand = fit(larger).predict(aim["num_params"], aim["tokens_seen"])
    row = down.downwards(runs, {"our fit": METHODS["fit"]}).iloc[0]
    assert row["are"] == pytest.approx(
        absolute_relative_error(aim["loss"], by_hand), rel=1e-6
    )
    assert row["scale_up"] == pytest.approx(1.3e9 / 125e6)
    assert row["n_sizes"] == 5


def test_an_exact_law_is_forecast_downwards():
    row = down.downwards(made_from_a_law(), {"our fit": METHODS["fit"]}).iloc[0]
    assert row["are"] < 1e-6
    assert row["alpha"] == pytest.approx(SURFACES["chinchilla"].alpha, rel=1e-4)


def test_share_evidence():
    table = down.share_evidence()
    assert not table.duplicated([*studies.KEYS, "share", "method"]).any()
    assert set(table["method"]) == {*down.DOWN_METHODS, "most_trained"}
    assert sorted(table["share"].unique()) == list(down.LARGER_SHARES)
    close = down.within(down.at_share())
    assert close[down.KNOWN_ALPHA] > close["our fit"] > close["most_trained"]


def test_only_forecasts_downwards_explode():
    table = down.reach_evidence()
    free = table[table["method"] != down.KNOWN_ALPHA]
    assert free.loc[free["way"] == "up", "are"].max() < down.EXPLODED
    exploded = free[(free["way"] == "down") & (free["are"] > down.EXPLODED)]
    assert exploded["are"].max() > 1e3
    known = table[(table["way"] == "down") & (table["method"] == down.KNOWN_ALPHA)]
    assert known["are"].max() < 1.2
    ours = exploded[exploded["method"] == "our fit"]
    assert (ours["status"] == "ok").sum() >= 3


def test_within_weighs_sources():
    table = pd.DataFrame(
        {"source": ["a", "a", "b"], "method": "m", "are": [0.05, 0.10, 0.2]}
    )
    assert down.within(table) == {"m": 0.5}
    assert down.exploded(table.assign(are=[0.6, 0.1, 0.7])) == {"m": 0.75}
    assert down.within(table.assign(are=np.nan)) == {"m": 0.0}


@pytest.mark.parametrize(
    ("within", "verdict"),
    [((7, 8), "holds"), ((6, 8), "holds in part"), ((3, 2), "does not hold")],
)
def test_rule(within, verdict):
    """Of ten studies so many are forecast within the error, by estimator."""
    rows = [
        {"source": f"s{i}", "method": method, "are": 0.05 if i < count else 0.5}
        for method, count in zip(studies.ESTIMATORS, within, strict=True)
        for i in range(10)
    ]
    assert down.CLAIMS[0].result(pd.DataFrame(rows))[1] == verdict


def test_the_ladder_decides_this_verdict():
    """What the chapter says."""
    rows, limits = down.at_share(), down.CLAIMS[0].limits
    others = rows[rows["source"] != "ladder"]
    every, without = (down.within(t)["the paper's fit"] for t in (rows, others))
    assert without < limits["holds"] < every

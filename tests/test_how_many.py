"""How many: the rule on made-up tables, sizes left out, pairs at equal FLOPs."""

import pandas as pd
import pytest

from experiments import how_many
from experiments.studies import KEYS, over_studies


def windows(source, ares, n_sizes, **columns):
    """Scores of one estimator from windows of one family."""
    names = {"source": source, "family": source, "loss_kind": "train"}
    return pd.DataFrame({"are": ares}).assign(n_sizes=n_sizes, **names, **columns)


@pytest.mark.parametrize(
    ("five", "verdict"),
    [
        ({"a": [0.05] * 4, "b": [0.05] * 4}, "holds"),
        ({"a": [0.05] * 4, "b": [0.25] * 4}, "holds in part"),
        ({"a": [0.25] * 4, "b": [0.25] * 4}, "does not hold"),
    ],
)
def test_count_rule(five, verdict):
    parts = []
    for method, ares in five.items():
        for n_sizes, values in ((3, [0.2] * 4), (5, ares)):
            parts.append(windows("s", values, n_sizes, method=method, end=range(4)))
    parts.append(
        windows("other", [0.01], 3, method="a", end=9)
    )  # no five sizes to compare with
    assert how_many.CLAIMS[0].result(pd.concat(parts))[1] == verdict


def test_count_evidence_has_one_row_a_largest_size():
    table = how_many.count_evidence()
    assert not table.duplicated([*KEYS, "method", "n_sizes", "end"]).any()
    assert set(table["n_sizes"]) == {3, 5}
    assert (table["end"] >= 5).all()


def test_three_sizes_are_about_as_good_as_five_and_five_are_safe():
    shares = how_many.count_shares(how_many.count_evidence())
    assert shares["S"].between(1 / 3, 2 / 3).all()
    assert (shares["Q"] > 3 / 4).all()


def test_moves():
    table = how_many.moves()
    assert (table["n_sizes"] == table["n_sizes_all"] - 1).all()
    ours = table[table["method"] == "our fit"]
    inner = ~ours["rank"].isin([0, 1])
    assert over_studies(ours[~inner], "moved") > 3 * over_studies(ours[inner], "moved")


def test_equal_flops():
    table = how_many.equal_flops()
    assert (table["scale_up_first"] > table["scale_up_second"]).all()
    assert table["cost"].between(0.5, 1.25).all()
    one = table[table["comparison"] == "several small or one large"]
    assert (one["n_sizes_second"] == 1).all()
    assert (one["n_sizes_first"] >= 3).all()
    assert not one.duplicated([*KEYS, "scale_up_second"]).any()


def test_same_largest():
    """Every largest size has all five counts."""
    table = how_many.same_largest()
    counts = table.groupby([*KEYS, "method", "scale_up"])["n_sizes"].apply(list)
    assert counts.map(lambda n: n == [1, 2, 3, 4, 5]).all()

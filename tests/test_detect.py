"""Dropping sizes: what each way to drop one gives, planted faults, the rule."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from surfaces import table as made_from_a_law

from experiments import detect, studies

FAMILY = {"source": "s", "family": "f", "loss_kind": "k"}
DEFAULTS = {**FAMILY, "method": "our fit", "step": 1}


def ways(left_out, are, **names):
    """A table as of `each_way`, small to large, with what the grouping needs."""
    size = [f"size-{i}" for i in range(len(are))]
    facts = pd.DataFrame({"size": size, "left_out": left_out, "are": are})
    return facts.assign(**{**DEFAULTS, **names}, are_all=0.5, are_median=0.4)


@pytest.mark.parametrize(("index", "rank"), [(0, 0.0), (1, 1.0), (2, 0.5)])
def test_rank(index, rank):
    assert detect.rank_of([0.1, 0.3, 0.2], index) == rank


def test_equal_ways_share_a_rank():
    assert detect.rank_of([0.2, 0.2, 0.2], 1) == 0.5


def test_outcomes_follow_the_largest_error():
    row = detect.outcomes(ways([0.1, 0.9, 0.2, 0.3], [0.1, 0.2, 0.3, 0.4])).iloc[0]
    assert row["flagged"] == "size-1"
    assert row["rank"] == pytest.approx(1 / 3)
    assert (row["flagged_are"], row["best"], row["worst"], row["kept"]) == (
        0.2,
        0.1,
        0.4,
        0.5,
    )


def test_a_planted_fault_is_seen_without_noise():
    """On exact data the bad size stands out; dropping it restores the law."""
    runs = made_from_a_law(n_sizes=6)
    aim = runs[runs["num_params"] == runs["num_params"].max()]
    train = runs.drop(aim.index).reset_index(drop=True)
    names = sorted(train["num_params"].unique())
    raised = train["loss"] * np.where(train["num_params"] == names[2], 1.05, 1.0)
    table = detect.each_way(train.assign(loss=raised), aim, names)
    assert table["inside"].idxmax() == 2
    assert table["left_out"].idxmax() == 2
    assert table["are"].idxmin() == 2
    assert table["are"][2] < 1e-6


def test_drop_evidence():
    """One size less a step, never fewer than three left, the flagged one gone."""
    table = detect.drop_evidence()
    keys = [*studies.KEYS, "method"]
    for _, own in table.groupby(keys, sort=False):
        steps = [set(s["size"]) for _, s in own.groupby("step", sort=False)]
        assert all(len(a) - len(b) == 1 and b < a for a, b in pairwise(steps))
        assert len(steps[-1]) >= 4
    paths = detect.outcomes(table)
    for _, own in paths.groupby(keys, sort=False):
        mine = table.merge(own[keys].iloc[:1], on=keys)
        for flagged, step in zip(own["flagged"], own["step"], strict=True):
            assert flagged not in set(mine.loc[mine["step"] > step, "size"])
    first = paths[paths["step"] == 1]
    assert first.groupby("method").size().nunique() == 1
    assert (first["best"] <= first["flagged_are"]).all()
    assert (first["flagged_are"] <= first["worst"]).all()


def test_planted_evidence():
    table = detect.planted_evidence()
    assert set(table["level"]) == set(detect.FAULTS)
    assert table.groupby([*studies.KEYS, "level"])["bad"].nunique().between(4, 6).all()
    hits = detect.hits(table).set_index("level")
    assert hits["chance"].nunique() == 1
    largest = hits.loc[0.10]
    assert largest["inside"] > largest["left_out"] > largest["chance"]
    at = table[table["level"] == 0.05]
    assert studies.over_studies(at, "are_left_out") > studies.over_studies(at, "kept")


@pytest.mark.parametrize(
    ("rank", "verdict"),
    [(0.55, "holds"), (0.4, "holds"), (0.3, "holds in part"), (0.25, "does not hold")],
)
def test_rule(rank, verdict):
    """Our fit decides, the paper's is told."""
    rows = [("our fit", rank), ("the paper's fit", 0.0)]
    table = pd.DataFrame(rows, columns=["method", "rank"]).assign(**FAMILY)
    value, judged = detect.CLAIMS[0].result(table)
    assert judged == verdict
    assert f"our fit: R = {rank:.2f}" in value
    assert detect.CLAIMS[0].by_family(table)["value"].tolist() == [rank]


def test_dropping_the_flagged_size_is_no_better_than_dropping_any():
    """What the chapter says, of both estimators."""
    for _, rows in detect.first_outcomes().groupby("method"):
        assert studies.over_studies(rows, "rank", "mean") > 0.45

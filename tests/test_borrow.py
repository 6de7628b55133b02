"""Borrowed parameters: the drop, the tables of the chapter, the rule of the verdict."""

import numpy as np
import pandas as pd
import pytest

from experiments import borrow, studies
from hitchhiker import load_runs


def test_one_run_evidence():
    """A row for every smaller size and method."""
    table = borrow.one_run_evidence()
    assert not table.duplicated([*studies.KEYS, "method", "num_params"]).any()
    assert set(table["method"]) == {"borrowed", "best_seen"}
    assert (table["scale_up"] > 1).all()
    assert set(table["arch"]) == {"decoder", "encoder-decoder", "hybrid"}
    assert (
        table.loc[table["family"] == "pile-t5", "unit"] == "nats per target token"
    ).all()
    opt = table[(table["family"] == "opt") & (table["method"] == "borrowed")]
    assert opt["are"].is_monotonic_decreasing, "nearer sizes lend better"


def test_the_second_largest_size_comes_last():
    table = borrow.one_run_evidence()
    for _, own in table.groupby([*studies.KEYS, "method"]):
        assert own["num_params"].is_monotonic_increasing


def test_by_scale_up():
    scores = pd.DataFrame(
        {
            "method": "m",
            "source": "s",
            "scale_up": [2.0, 2.5, 50.0],
            "are": [0.1, 0.3, 0.4],
        }
    )
    row = borrow.by_scale_up(scores).iloc[0]
    assert row["up to 3x"] == pytest.approx(0.2)
    assert row["30 to 100x"] == pytest.approx(0.4)
    assert np.isnan(row["above"])


def test_units_explain_opt_and_pile_t5():
    scores = borrow.unit_evidence().query("method == 'borrowed'").groupby("unit")
    opt, t5 = borrow.key_numbers(scores.get_group("as the paper read it"))
    assert opt == pytest.approx(list(borrow.REPORTED.values()), abs=0.05)
    assert t5 > 2
    opt, t5 = borrow.key_numbers(scores.get_group("nats"))
    assert (opt < 0.1).all()
    assert borrow.key_numbers(scores.get_group("bits"))[1] < t5 < 0.1


def test_olmo_has_no_text_in_common():
    kinds = load_runs("olmo", family="olmo").groupby("model")["loss_kind"].agg(set)
    assert not kinds["olmo-1b"] & kinds["olmo-7b"]
    table = borrow.olmo_evidence().query("method == 'borrowed'")
    are = table.set_index(["set", "lists"])["are"]
    everything, read = are["all sets logged", "all"], are["sets the paper read", "all"]
    assert 2 * everything < 2 * read < are["sets of the same name", "v2-small"]


def test_mean_of_kinds_takes_what_was_logged_by_then():
    runs = pd.DataFrame(
        {
            "run": "r",
            "model": "m",
            "num_params": 1e9,
            "loss_kind": ["a", "a", "b"],
            "tokens_seen": [1e9, 3e9, 3e9],
            "loss": [4.0, 2.0, 3.0],
        }
    )
    assert borrow.mean_of_kinds(runs)["loss"].tolist() == [4.0, 2.5]


LIMITS = borrow.CLAIMS[0].limits


def made_up(opt=(0.37, 0.25, 0.15), t5=0.5, rest=0.05):
    """Scores of OPT, Pile-T5 and one more family, as the rule reads them."""
    sizes = [6.7e9, 13e9, 30e9]
    rows = [("opt", "validation", n, are) for n, are in zip(sizes, opt, strict=True)]
    rows += [("t5_pile", "validation-span-filling", n, t5) for n in (2.5e8, 2.8e9)]
    rows += [("else", "train", 1e8, 0.9), ("else", "train", 1e9, rest)]
    table = pd.DataFrame(rows, columns=["source", "loss_kind", "num_params", "are"])
    return table.assign(family=table["source"], method="borrowed")


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ({}, "holds"),
        ({"opt": (0.07, 0.06, 0.04)}, "holds in part"),
        ({"opt": (0.07, 0.06, 0.04), "t5": 0.08}, "holds in part"),
        ({"opt": (0.07, 0.06, 0.04), "t5": 0.08, "rest": 0.2}, "does not hold"),
    ],
)
def test_judge(numbers, verdict):
    assert borrow.judge(made_up(**numbers), LIMITS)[-1] == verdict


def test_the_ladder_decides_the_third_part():
    """Without it the claim would hold in part."""
    one_run = borrow.one_run_evidence()
    assert borrow.judge(one_run, LIMITS)[-1] == "does not hold"
    tame = one_run[one_run["source"] != "ladder"]
    assert borrow.judge(tame, LIMITS)[-1] == "holds in part"
    assert borrow.elsewhere(one_run).idxmax() == "ladder"


def test_our_errors_are_smaller_than_reported():
    opt, t5 = borrow.key_numbers(borrow.one_run_evidence())
    assert (opt < list(borrow.REPORTED.values())).all()
    assert t5 < LIMITS["are"]

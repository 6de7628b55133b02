"""What a cell shows: sizes and their labels, shares, the early cut, the protocol."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from test_evaluation import ladder

from hitchhiker import (
    DataError,
    absolute_relative_error,
    evaluate,
    fit,
    load_runs,
    selection,
)
from hitchhiker.evaluation.methods import paper


def test_the_share_is_of_own_tokens_or_of_the_longest_run():
    """Half the tokens: each run gives half its own, or the short one all it has."""
    runs = ladder().query("not (run == 'r1e+08' and tokens_seen > 5e10)")
    guide, paper_row = (
        evaluate(runs, "fit", share=0.5, protocol=p).iloc[0] for p in ("guide", "paper")
    )
    others = 6 * (1e8 * 10 ** (2 / 3) + 1e8 * 10 ** (4 / 3)) * 5e10
    assert guide["flops"] == pytest.approx(6 * 1e8 * 2e10 + others)
    assert paper_row["flops"] == pytest.approx(6 * 1e8 * 5e10 + others)
    assert guide["share"] == paper_row["share"] == 0.5


def test_the_early_cut_is_the_guides_or_ones_own():
    rows = [
        evaluate(ladder(), ["best_seen"], early=e)["n_rows"][0]
        for e in ("guide", None, 0.0, 10e9, 60e9)
    ]
    assert rows == [12, 15, 15, 12, 6]


def test_the_protocol_of_the_paper():
    """Ten billion tokens off every run, the share that of the longest run selected."""
    runs = ladder().query("not (run == 'r1e+08' and tokens_seen > 5e9)")
    mixed = evaluate(runs, ["fit", "paper"], protocol={"paper": "paper"})
    assert mixed["protocol"].tolist() == ["guide", "paper"]
    assert mixed["n_runs_dropped"].tolist() == [0, 1]
    asked = evaluate(runs, "best_seen", protocol="paper", early=0.0).iloc[0]
    assert (asked["protocol"], asked["n_runs_dropped"]) == ("paper", 0)


@pytest.mark.parametrize("protocol", ["guide", "paper"])
def test_the_protocol_is_asked_for_and_not_guessed_from_the_method(protocol):
    """A wrapped method sees the same rows as the bare one, and scores the same."""
    wrapped = {
        "bare": paper,
        "by name": "paper",
        "lambda": lambda *args: paper(*args),
        "partial": partial(paper),
    }
    table = evaluate(
        load_runs("opt"), wrapped, sizes=3, share=[0.5, 1.0], protocol=protocol
    )
    assert (table["protocol"] == protocol).all()
    for column in ("n_rows", "are"):
        assert (table.groupby("share")[column].nunique() == 1).all()
    other = {"guide": "paper", "paper": "guide"}[protocol]
    rows = evaluate(load_runs("opt"), "paper", sizes=3, protocol=other)["n_rows"]
    assert rows[0] != table["n_rows"].max()


def test_protocols_that_nobody_can_follow_are_named():
    with pytest.raises(ValueError, match="unknown protocol 'papers' of fit"):
        evaluate(ladder(), "fit", protocol="papers")
    with pytest.raises(ValueError, match="protocol of 'paper': the methods are fit"):
        evaluate(ladder(), "fit", protocol={"paper": "paper"})
    with pytest.raises(ValueError, match="unknown protocol 'guid' of fit"):
        evaluate(ladder(), ["fit", "best_seen"], protocol={"fit": "guid"})


def test_sizes_by_number_by_array_and_by_function():
    runs = ladder(5)
    for sizes in ([2, 4], (2, 4), range(2, 5, 2), np.array([2, 4])):
        assert evaluate(runs, "best_seen", sizes=sizes)["n_sizes"].tolist() == [2, 4]
    row = evaluate(runs, "best_seen", sizes=lambda t: selection.largest(t, 2)).iloc[0]
    assert (row["n_sizes"], row["n_runs"]) == (2, 2)
    assert evaluate(runs, "best_seen", sizes=0)["failed"].all()


def test_rows_carry_the_label_of_their_cell():
    """A dict names the choices; without one they are named by what they are."""
    runs = ladder(5)
    choices = selection.windows(selection.hold_out(runs)[0], counts=[2, 3])
    labelled = evaluate(runs, ["fit", "best_seen"], sizes=choices, share=[0.5, 1.0])
    keys = ["cell", "share", "method"]
    assert not labelled.duplicated(keys).any()
    shuffled = dict(reversed(choices.items()))
    again = evaluate(runs, ["best_seen", "fit"], sizes=shuffled, share=[1.0, 0.5])
    pd.testing.assert_frame_equal(
        labelled.sort_values(keys, ignore_index=True),
        again.sort_values(keys, ignore_index=True),
    )
    alone = evaluate(runs, "fit", sizes=partial(selection.window, k=3, end=4)).iloc[0]
    row = labelled.query("cell == '3 of 4' and share == 1 and method == 'fit'").iloc[0]
    assert row["are"] == pytest.approx(alone["are"], rel=1e-9)
    mixed = [None, 2, selection.last_checkpoints, lambda t: t]
    assert evaluate(runs, "best_seen", sizes=mixed)["cell"].tolist() == [
        "all",
        "2 smallest",
        "last_checkpoints",
        "choice 4",
    ]
    most = {"few": 2, "all": None}
    assert evaluate(runs, "fit", sizes=most)["n_sizes"].tolist() == [2, 4]


def test_the_smallest_size_may_be_the_target():
    """Scored by hand; the k first sizes are then the k largest."""
    runs = load_runs("opt")
    target = selection.target(selection.smallest(runs, 1))
    larger = selection.early_cut(selection.largest(runs, 3))
    by_hand = fit(larger).predict(target["num_params"], target["tokens_seen"])
    row = evaluate(runs, "fit", sizes=3, target="smallest").iloc[0]
    assert (row["cell"], row["n_sizes"]) == ("3 largest", 3)
    assert row["are"] == pytest.approx(
        absolute_relative_error(target["loss"], by_hand), rel=1e-6
    )
    nearest = selection.largest(runs, 3)["num_params"].min()
    assert row["scale_up"] == pytest.approx(nearest / 125e6)
    assert row["target_params"] == 125e6
    with pytest.raises(DataError, match="target 'first': it is the 'largest' or the"):
        evaluate(runs, "fit", target="first")


@pytest.mark.parametrize(
    "choice",
    [
        lambda t: t.tail(5).reset_index(drop=True),
        lambda t: t.assign(loss=2.0),
        lambda t: t.set_index(t.index + 1000),
    ],
    ids=["new index", "new losses", "unknown index"],
)
def test_a_function_of_sizes_must_return_rows_it_was_given(choice):
    with pytest.raises(
        DataError, match="sizes must return some rows of the table it gets"
    ):
        evaluate(ladder(), "fit", sizes=choice)


def test_better_flops_of_a_source_count_on_both_sides():
    runs = ladder().assign(flops=lambda t: 7 * t["num_params"] * t["tokens_seen"])
    six, seven = (evaluate(t, "best_seen").iloc[0] for t in (ladder(), runs))
    assert seven["flops"] == pytest.approx(7 / 6 * six["flops"])
    assert seven["flops_share"] == pytest.approx(six["flops_share"])

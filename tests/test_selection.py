"""Selections in the paper's terms: what is kept, and that they compose."""

import pandas as pd
import pytest

from hitchhiker import DataError, selection


def family():
    """Three sizes; the largest has a longer run, the smallest two runs."""
    rows = [("a1", "s", 1e8, d) for d in (1e9, 5e9, 2e10, 4e10)]
    rows += [("a2", "s", 1e8, d) for d in (1e9, 8e9)]
    rows += [("b", "m", 1e9, d) for d in (1e9, 2e10, 4e10)]
    rows += [("c", "l", 1e10, d) for d in (1e9, 5e10, 7e10, 1e11)]
    runs = pd.DataFrame(rows, columns=["run", "model", "num_params", "tokens_seen"])
    return runs.assign(loss=3.0)


def test_sizes_are_ordered_and_runs_of_one_size_count_once():
    assert list(selection.sizes(family()).index) == ["s", "m", "l"]


def test_target_and_what_may_be_seen():
    train, target = selection.hold_out(family())
    assert set(train["model"]) == {"s", "m"}
    assert list(target["tokens_seen"]) == [7e10, 1e11]
    with pytest.raises(DataError, match="one size"):
        selection.hold_out(selection.smallest(family(), 1))


def test_the_smallest_size_may_be_held_out():
    """Its target is the last part of its own longest run."""
    train, target = selection.hold_out(family(), size="smallest")
    assert set(train["model"]) == {"m", "l"}
    assert set(target["run"]) == {"a1"}
    assert list(target["tokens_seen"]) == [4e10]


def test_early_cut_of_the_guide_loses_no_run_and_the_flat_one_does():
    runs = family()
    kept = selection.early_cut(runs)
    assert set(kept["run"]) == set(runs["run"])
    assert kept[kept["run"] == "a1"]["tokens_seen"].min() == 5e9
    assert "a2" not in set(selection.early_cut(runs, 10e9)["run"])


def test_a_share_is_of_each_runs_own_tokens():
    runs = family()
    half = selection.first_share(runs, 0.5)
    ends = half.groupby("run")["tokens_seen"].max().to_dict()
    assert ends == {"a1": 2e10, "a2": 1e9, "b": 2e10, "c": 5e10}
    assert len(selection.first_share(runs, 1)) == len(runs)
    with pytest.raises(DataError, match="share must be"):
        selection.first_share(runs, 0)
    with pytest.raises(DataError, match="share must be above 0 and at most 1, got 1.5"):
        selection.first_share(runs, 1.5)


def test_by_size():
    runs = family()
    assert set(selection.smallest(runs, 2)["model"]) == {"s", "m"}
    assert set(selection.largest(runs, 2)["model"]) == {"m", "l"}
    assert set(selection.window(runs, 1, 2)["model"]) == {"m"}
    assert set(selection.max_params(runs)["model"]) == {"l"}
    with pytest.raises(DataError, match="no window of 2 sizes that ends with size 4"):
        selection.window(runs, 2, 4)
    with pytest.raises(DataError, match="no window of 3 sizes that ends with size 2"):
        selection.window(runs, 3, 2)
    assert selection.max_tokens(runs, 0.5)["tokens_seen"].min() == 5e10
    assert selection.largest(runs, 0).empty


def test_windows_are_labelled_by_their_count_and_their_end():
    runs = family()
    every = selection.windows(runs)
    assert list(every) == ["1 of 1", "1 of 2", "2 of 2", "1 of 3", "2 of 3", "3 of 3"]
    assert set(every["2 of 3"](runs)["model"]) == {"m", "l"}
    assert list(selection.windows(runs, counts=[2], ends=[1, 2])) == ["2 of 2"]


def test_selections_compose():
    runs = selection.first_share(
        selection.early_cut(selection.smallest(family(), 2)), 0.6
    )
    assert set(runs["run"]) == {"a1", "a2", "b"}
    assert runs.groupby("run")["tokens_seen"].max().to_dict() == {
        "a1": 2e10,
        "a2": 1e9,
        "b": 2e10,
    }


def test_cost_counts_each_run_once_up_to_its_last_checkpoint():
    runs = family()
    one = runs[(runs["run"] == "a1") & (runs["tokens_seen"] <= 2e10)]
    assert selection.cost(one) == pytest.approx(6 * 1e8 * 2e10)
    assert selection.cost(runs[runs["run"].isin(["a1", "b"])]) == pytest.approx(
        6 * (1e8 * 4e10 + 1e9 * 4e10)
    )
    assert selection.cost(runs.head(0)) == 0.0


def test_last_checkpoints():
    ends = selection.last_checkpoints(family())
    assert list(ends["tokens_seen"]) == [4e10, 8e9, 4e10, 1e11]


def test_sizes_of_a_table_without_names_are_its_counts():
    """Without `model`, or where it stands for `run`, num_params tells sizes apart."""
    for runs in (family().drop(columns="model"), family().drop(columns="run")):
        assert selection.sizes(runs).tolist() == [1e8, 1e9, 1e10]
        assert set(selection.smallest(runs, 1)["num_params"]) == {1e8}


def test_runs_of_one_size_may_differ_a_little_in_parameters():
    """The size is the name; its parameters are the median, which orders sizes."""
    runs = family()
    runs.loc[runs["run"] == "a2", "num_params"] = 1.1e8
    sizes = selection.sizes(runs)
    assert list(sizes.index) == ["s", "m", "l"]
    assert sizes["s"] == 1e8
    assert len(selection.smallest(runs, 1)) == 6


def test_the_target_is_of_the_largest_runs_own_tokens():
    """A smaller size trained for longer does not move the target; the tail does."""
    runs = family()
    runs.loc[2, "tokens_seen"] = 9e11
    assert list(selection.target(runs)["tokens_seen"]) == [7e10, 1e11]
    assert list(selection.target(runs, tail=0.6)["tokens_seen"]) == [5e10, 7e10, 1e11]
    assert list(selection.target(runs, tail=0.0)["tokens_seen"]) == [1e11]


def test_the_guides_cut_is_a_tenth_or_ten_billion():
    """A tenth of a short run, 10e9 of a long one; the border itself is kept."""
    runs = pd.DataFrame(
        {
            "run": ["short"] * 3 + ["long"] * 3,
            "num_params": 1e9,
            "loss": 3.0,
            "tokens_seen": [1e9, 2e9, 2e10, 9e9, 10e9, 3e11],
        }
    )
    assert list(selection.early_cut(runs)["tokens_seen"]) == [2e9, 2e10, 10e9, 3e11]
    assert list(selection.early_cut(runs, 10e9)["tokens_seen"]) == [2e10, 3e11]
    assert len(selection.early_cut(runs, 0.0)) == 6
    assert selection.early_cut(runs, None) is runs
    for wrong in ("guid", -1.0, [1e9]):
        with pytest.raises(ValueError, match="early cut .*: must be 'guide', a number"):
            selection.early_cut(runs, wrong)


def test_cost_uses_better_flops_where_the_table_has_them():
    runs = family().assign(flops=lambda t: 7 * t["num_params"] * t["tokens_seen"])
    assert selection.cost(runs) == pytest.approx(7 / 6 * selection.cost(family()))


@pytest.mark.parametrize(
    "select",
    [
        lambda t: selection.smallest(t, 2),
        lambda t: selection.largest(t, 2),
        selection.target,
        selection.early_cut,
        lambda t: selection.early_cut(t, 10e9),
        selection.last_checkpoints,
        lambda t: selection.first_share(t, 0.5),
        lambda t: selection.max_tokens(t, 0.5),
        lambda t: selection.window(t, 1, 2),
        lambda t: selection.hold_out(t)[0],
    ],
)
def test_selections_take_rows_as_they_are(select):
    """Unchanged, in order, and whatever the index looks like."""
    runs = family()
    some = select(runs)
    pd.testing.assert_frame_equal(some, runs.loc[some.index])
    assert some.index.is_monotonic_increasing
    repeated = select(runs.set_axis([0] * len(runs)))
    pd.testing.assert_frame_equal(
        repeated.reset_index(drop=True), some.reset_index(drop=True)
    )

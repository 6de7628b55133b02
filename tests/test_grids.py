"""Which families the experiments use, and the windows of their grids."""

from experiments import grids
from hitchhiker import load_runs, selection
from hitchhiker.runs.data import read_table


def test_families_of_the_experiments():
    runs = grids.eligible(load_runs())
    families = read_table("families").set_index("family")
    assert families.loc[runs["family"].unique(), "plain_law"].all()
    table = selection.describe(runs)
    assert (table["n_sizes"] >= 3).all()
    assert (table["checkpoints"] >= 5).all()


def test_windows_end_below_the_target():
    """Five smaller sizes of OPT; of a long ladder some."""
    opt = load_runs("opt")
    assert len(grids.windows(opt)) == 15
    assert "5 of 5" in grids.windows(opt)
    long = grids.windows(load_runs(family="mad-llama"))
    assert len(long) == sum(range(1, grids.MAX_ENDS + 1))
    assert set(grids.windows(opt)["5 of 5"](opt)["model"]) == set(
        selection.hold_out(opt)[0]["model"]
    )


def test_the_grid_names_its_cells():
    """One row a window and method; the paper's method as the paper showed it."""
    grid = grids.size_grid()
    assert not grid.duplicated([*grids.KEYS, "cell", "method"]).any()
    by_method = grid.groupby("method")["protocol"].unique().str.join(" ")
    assert by_method.pop("paper") == "paper"
    assert set(by_method) == {"guide"}

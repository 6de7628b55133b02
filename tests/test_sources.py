"""The shipped tables: how much there is, form, units, and the tables kept by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import datasheet
from experiments.corpus import LATER, SECOND_EVALUATION, run_pairs
from hitchhiker import load_evaluations, load_runs
from hitchhiker.runs.data import RUN_COLUMNS, read_table
from tools.readers import DATA, LOSS_COLUMNS, RUN_FACTS
from tools.readers.facts import BLOCKS, SOURCES
from tools.readers.thinning import MOST_ROWS

EXPECTED = pd.read_csv(Path(__file__).with_name("expected_sources.csv"))
# unit, what the kind's name holds, lowest loss (of a trained model) and highest loss
PLAUSIBLE = [
    ("nats per token", "grammar", 0.5, 12.1),
    ("nats per token", "^validation-c4$", 2.3, 3.7),
    ("nats per token", "^validation-code$", 0.5, 1.0),
    ("nats per token", "code|stack|github|mathematics", 0.5, 9.1),
    ("nats per token", "", 1.4, 11.1),
    ("nats per last word", "5-shot", 1.3, 7.0),
    ("nats per last word", "", 1.1, 20.5),
    ("nats per word", "", 2.4, 4.4),
    ("nats per target token", "", 0.55, 2.2),
    ("unknown", "", 0.2, 22.0),
]


@pytest.fixture(scope="module")
def table():
    return load_runs()


@pytest.fixture(scope="module")
def runs():
    return read_table("runs")


@pytest.fixture(scope="module")
def losses():
    parts = {path.stem: pd.read_csv(path) for path in (DATA / "losses").glob("*.csv")}
    table = pd.concat(parts, names=["source"]).reset_index("source")
    return table.reset_index(drop=True)


# --- how much there is ----------------------------------------------------------------


def test_there_is_as_much_as_expected(table):
    """A new source gets a row of expected_sources.csv; checkpoints are raw ones."""
    groups = table.groupby("source")
    counted = groups[["run", "model", "family"]].nunique()
    counted.columns = ["runs", "sizes", "families"]
    counted["checkpoints"] = groups["n_averaged"].sum()
    scores = load_evaluations()["source"].value_counts()
    counted["scores"] = scores.reindex(counted.index).fillna(0).astype(int)
    pd.testing.assert_frame_equal(counted.reset_index(), EXPECTED)


def test_every_source_has_a_reader_and_provenance(runs, losses):
    assert list(SOURCES) == sorted(SOURCES)
    for table in (runs, losses, read_table("sources"), EXPECTED):
        assert set(table["source"]) == set(SOURCES)


def test_there_are_600_models_and_the_families_of_the_study(table):
    """A model is a training, Chinchilla's a size; second evaluations are no models."""
    coverage = datasheet.coverage(table)
    assert coverage["models"].sum() >= 600
    study = coverage[coverage["in_study"]]
    assert study["models"].sum() > 485
    assert study["families"].sum() > 40


def test_tables_are_small():
    assert sum(path.stat().st_size for path in DATA.rglob("*.csv")) < 10e6


# --- form -----------------------------------------------------------------------------


def test_columns_are_the_contract(table, runs, losses):
    assert tuple(runs.columns) == RUN_FACTS
    assert tuple(losses.columns.drop("source")) == LOSS_COLUMNS
    assert list(table.columns[: len(RUN_COLUMNS)]) == RUN_COLUMNS


def test_runs_are_unique_and_have_a_family_or_say_why(runs):
    assert runs["run"].is_unique
    assert runs["citation"].notna().all()
    alone = runs.loc[runs["family"].isna(), "note"]
    assert (alone.str.contains("no family") | alone.str.contains("left out")).all()


def test_losses_belong_to_runs_of_their_source(runs, losses):
    known = runs.set_index("run")["source"]
    assert set(losses["run"]) == set(known.index)
    assert (losses["run"].map(known) == losses["source"]).all()


def test_tokens_and_steps_increase_strictly_and_rows_are_few(table):
    lines = table.groupby(["run", "loss_kind"])
    assert (lines["tokens_seen"].diff().dropna() > 0).all()
    assert (lines["step"].diff().dropna() > 0).all()
    assert (table["tokens_seen"].notna() | table["step"].notna()).all()
    assert lines.size().max() <= MOST_ROWS


def test_what_counts_no_tokens_has_steps(losses):
    without = losses[losses["tokens_seen"].isna()]
    assert without["step"].gt(0).all()
    assert set(without["source"]) == {"llm360", "revisiting", "schedules"}


def test_a_model_has_one_size_and_one_family(runs):
    sized = runs.dropna(subset="family").groupby("model")
    assert (sized["family"].nunique() == 1).all()
    assert (sized["num_params"].max() / sized["num_params"].min() < 1.001).all()


def test_flops_are_six_per_parameter_and_token(table):
    np.testing.assert_allclose(
        table["flops"], 6 * table["num_params"] * table["tokens_seen"]
    )
    assert table["flops"].isna().equals(table["tokens_seen"].isna())


def test_one_final_row_a_complete_run_and_kind(table):
    finals = table.groupby(["run", "loss_kind"])["is_final"].sum()
    assert set(finals) == {0, 1}
    complete = table[table["complete"]].groupby(["run", "loss_kind"])["is_final"].sum()
    assert (complete == 1).all()
    assert (finals.drop(complete.index) == 0).all()


# --- units ----------------------------------------------------------------------------


def test_losses_are_plausible_for_their_kind(table):
    units = read_table("loss_kinds").set_index("loss_kind")["unit"]
    left = table[table["source"] != "ladder"]  # its tokens are bytes
    assert table.drop(left.index)["loss"].between(1.0, np.log(256)).all()
    left = left.assign(unit=left["loss_kind"].map(units))
    for unit, pattern, low, high in PLAUSIBLE:
        mine = (left["unit"] == unit) & left["loss_kind"].str.contains(pattern)
        assert mine.any(), (unit, pattern)
        outside = left[mine & ~left["loss"].between(low, high)]
        assert outside.empty, outside[
            ["run", "loss_kind", "tokens_seen", "loss"]
        ].head()
        left = left[~mine]
    assert left.empty, left["loss_kind"].unique()


def test_training_improves_natural_text(table):
    """Finals lie below the start, unless data were repeated too often."""
    natural = table[~table["loss_kind"].str.contains("grammar")]
    lines = natural.groupby(["run", "loss_kind"])
    ends = lines["loss"].agg(["first", "last", "size"]).query("size >= 5")
    rising = ends[ends["last"] >= ends["first"]].reset_index()
    assert set(rising["run"]) <= set(table.loc[table["epochs"] > 4, "run"]) | {
        run for run in rising["run"] if run.endswith(("-late", "intervention"))
    }


def test_unknown_units_stay_apart(losses):
    kinds = read_table("loss_kinds").set_index("loss_kind")["unit"]
    unknown = kinds[kinds == "unknown"].index
    assert set(unknown) == {
        kind for kind in kinds.index if kind.startswith("unknown-unit-")
    }
    users = losses[losses["loss_kind"].isin(unknown)]
    assert set(users["source"]) == {"llm360", "revisiting"}
    rest = losses[losses["run"].isin(users["run"]) & ~losses["loss_kind"].isin(unknown)]
    assert rest.empty


# --- tables kept by hand --------------------------------------------------------------


def test_the_table_of_kinds_lists_those_that_are_used(losses):
    kinds = read_table("loss_kinds")
    assert kinds["loss_kind"].is_unique
    assert kinds.notna().all(axis=None)
    assert kinds["loss_kind"].str.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*").all()
    assert set(losses["loss_kind"]) == set(kinds["loss_kind"])


def test_no_run_has_further_kinds_alone(losses):
    kinds = read_table("loss_kinds")
    main = kinds.loc[~kinds["further"], "loss_kind"]
    measured = losses[losses["loss_kind"].isin(main)]["run"]
    alone = set(losses["run"]) - set(measured)
    assert all("MtokBS" in run for run in alone), alone


def test_the_table_of_families_lists_them_all(runs):
    families = read_table("families")
    keys = ["source", "family"]
    used = runs[keys].dropna().drop_duplicates().sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(families[keys], used)
    assert (families["why_not"].notna() == ~families["plain_law"]).all()
    assert set(families["counted_by"]) == {"run", "size"}


def test_families_are_compared_within_a_source_only():
    groups = read_table("families").groupby("pair_group")["source"]
    assert (groups.nunique() == 1).all()
    assert (groups.size() >= 2).all()


def test_pairs_are_of_known_runs_of_one_source(runs):
    pairs = read_table("run_pairs")
    sources = runs.set_index("run")["source"]
    assert not pairs.duplicated(["run", "partner"]).any()
    assert set(pairs["loss_kinds"]) == {"main", "all"}
    both = pairs.dropna(subset="partner")
    assert (sources[both["run"]].array == sources[both["partner"]].array).all()
    alone = pairs[pairs["partner"].isna()]
    assert set(alone["comparison"]) == {LATER}
    notes = runs.set_index("run").loc[alone["run"], "note"]
    assert notes.str.contains("not of the series").all()


def test_second_evaluations_are_named_as_such(runs):
    second = run_pairs(SECOND_EVALUATION)["run"]
    notes = runs.set_index("run").loc[second, "note"]
    assert len(second) == 7
    assert notes.str.startswith("no family: no training of its own").all()


def test_runs_of_one_recipe_differ_by_their_seed(runs):
    pairs = run_pairs("same recipe, another seed")
    facts = runs.set_index("run").drop(columns="note")
    first, second = (facts.loc[pairs[side]] for side in ("run", "partner"))
    assert (first["seed"].to_numpy() != second["seed"].to_numpy()).all()
    rest = [
        part.drop(columns="seed").reset_index(drop=True) for part in (first, second)
    ]
    pd.testing.assert_frame_equal(*rest)


def test_facts_are_columns_of_the_table_of_runs():
    for source, facts in BLOCKS.items():
        blocks = [value for value in facts.values() if isinstance(value, dict)]
        columns = {name for name in facts if not isinstance(facts[name], dict)}
        assert columns.union(*blocks) <= set(RUN_FACTS), source

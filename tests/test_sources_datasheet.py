"""The tables as a user loads them, and the datasheet that describes them."""

import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import datasheet
from hitchhiker import (
    DataError,
    ScalingLaw,
    fit,
    load_evaluations,
    load_runs,
    read_runs,
)
from hitchhiker.runs.data import RUN_COLUMNS, read_table
from tools.readers.evaluations import EVALUATION_COLUMNS
from tools.readers.evaluations import READERS as SCORE_READERS
from tools.readers.tables import READERS

DATA = Path(__file__).resolve().parents[1] / "data"
RAW = os.environ.get("HITCHHIKER_SOURCES")
README = (DATA / "README.md").read_text(encoding="utf-8")

# source -> models in the sense of the original study, families, rows of losses, scores
COUNTS = {
    "bimix": (12, 12, 3_720, 0),
    "chinchilla": (43, 1, 245, 0),
    "datablations": (286, 17, 6_188, 0),
    "gpt3": (8, 1, 3_175, 0),
    "gzip": (150, 5, 22_230, 0),
    "ladder": (174, 2, 580, 0),
    "llm360": (3, 1, 3_604, 3_092),
    "mad": (54, 2, 8_611, 0),
    "moduleformer": (7, 0, 114, 1_154),
    "olmo": (3, 1, 9_834, 10_248),
    "opt": (6, 1, 142, 0),
    "overtrain": (104, 3, 12_736, 4_784),
    "pythia": (60, 9, 1_549, 17_249),
    "red_pajama": (2, 1, 128, 0),
    "revisiting": (10, 1, 282, 0),
    "schedules": (27, 7, 4_189, 0),
    "t5_pile": (4, 1, 1_595, 0),
}
# unit, what the kind's name holds -> lowest and highest loss, of a trained and an untrained model
PLAUSIBLE = [
    ("nats per token", "grammar", 0.5, 12.1),
    ("nats per token", "code|stack|github|mathematics", 0.5, 9.1),
    ("nats per token", "", 1.4, 11.1),
    ("nats per last word", "", 1.1, 20.5),
    ("nats per word", "", 2.4, 4.4),
    ("nats per target token", "", 0.55, 2.2),
    ("unknown", "", 0.2, 22.0),
]


@pytest.fixture(scope="module")
def table():
    return load_runs()


@pytest.fixture(scope="module")
def scores():
    return load_evaluations()


# --- how much there is ----------------------------------------------------------------------


def test_counts_by_source(table, scores):
    found = datasheet.coverage(table).set_index("source")
    found["scores"] = (
        scores["source"].value_counts().reindex(found.index).fillna(0).astype(int)
    )
    counted = found[["models", "families", "rows", "scores"]]
    assert (
        dict(
            zip(counted.index, counted.itertuples(index=False, name=None), strict=True)
        )
        == COUNTS
    )


def test_there_are_600_models_and_the_families_of_the_study(table):
    """A model is a training, Chinchilla's a size; second evaluations are no models."""
    found = datasheet.coverage(table)
    assert found["models"].sum() >= 600
    study = found[found["in_study"]]
    assert study["models"].sum() > 485
    assert study["families"].sum() > 40


def test_second_evaluations_are_named_as_such(table):
    runs = table.drop_duplicates("run").set_index("run")
    second = runs.index[runs.index.str.endswith(datasheet.SECOND_EVALUATIONS)]
    assert len(second) == 7
    assert (
        runs.loc[second, "note"]
        .str.startswith("no family: no training of its own")
        .all()
    )


# --- physics --------------------------------------------------------------------------------


def test_columns_are_the_contract(table):
    assert list(table.columns[: len(RUN_COLUMNS)]) == RUN_COLUMNS


def test_tokens_and_steps_never_fall_within_a_run(table):
    lines = table.groupby(["run", "loss_kind"])
    assert (lines["tokens_seen"].diff().dropna() > 0).all()
    assert (lines["step"].diff().dropna() > 0).all()
    assert (table["tokens_seen"].notna() | table["step"].notna()).all()


def test_flops_are_six_per_parameter_and_token(table):
    np.testing.assert_allclose(
        table["flops"], 6 * table["num_params"] * table["tokens_seen"]
    )
    assert table["flops"].isna().equals(table["tokens_seen"].isna())


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
    """Finals lie below the start; data repeated too often and plateaus of grammars excepted."""
    lines = table[~table["loss_kind"].str.contains("grammar")].groupby(
        ["run", "loss_kind"]
    )
    ends = lines["loss"].agg(["first", "last", "size"]).query("size >= 5")
    rising = ends[ends["last"] >= ends["first"]].reset_index()
    assert set(rising["run"]) <= set(table.loc[table["epochs"] > 4, "run"]) | {
        run for run in rising["run"] if run.endswith(("-late", "intervention"))
    }


def test_a_run_without_a_family_says_why(table):
    alone = table[table["family"].isna()].drop_duplicates("run")
    assert (
        alone["note"].str.contains("no family") | alone["note"].str.contains("left out")
    ).all()


def test_one_final_row_a_complete_run_and_kind(table):
    finals = table.groupby(["run", "loss_kind"])["is_final"].sum()
    assert set(finals) == {0, 1}
    complete = table[table["complete"]].groupby(["run", "loss_kind"])["is_final"].sum()
    assert (complete == 1).all()
    assert (finals.drop(complete.index) == 0).all()


# --- facts ----------------------------------------------------------------------------------


def test_facts_agree_with_the_logs(table):
    """Tokens are steps times batch; passes are tokens over unique tokens."""
    known = table.dropna(subset=["batch_tokens", "step", "tokens_seen"])
    known = known[known["source"] != "gzip"]  # documents are shorter than the context
    share = known["tokens_seen"] / (known["step"] * known["batch_tokens"])
    thinned = (
        known["n_averaged"] > 1
    )  # medians of steps and of tokens need not belong together
    assert share[~thinned].between(0.999, 1.001).all()
    assert share[thinned].between(0.97, 1.03).all()
    last = table.dropna(subset=["epochs", "unique_tokens", "tokens_seen"])
    last = last.groupby("run")[["tokens_seen", "unique_tokens", "epochs"]].last()
    passes = last["tokens_seen"] / last["unique_tokens"] / last["epochs"]
    assert passes.between(0.95, 1.06).all(), passes[~passes.between(0.95, 1.06)]


def test_no_run_lasts_longer_than_its_schedule_but_gpt3(table):
    ends = (
        table.groupby("run")
        .agg({"tokens_seen": "max", "schedule_tokens": "first"})
        .dropna()
    )
    longer = ends[ends["tokens_seen"] > 1.01 * ends["schedule_tokens"]]
    assert set(table.loc[table["run"].isin(longer.index), "source"]) == {"gpt3"}


def test_what_nobody_states_is_empty(table):
    runs = table.drop_duplicates("run").set_index("source")
    for source in ("mad", "red_pajama", "revisiting"):
        assert runs.loc[source, list(datasheet.FACTS)].isna().all(axis=None), source
    assert (
        runs.loc["chinchilla", ["context", "tokenizer", "batch_tokens"]]
        .isna()
        .all(axis=None)
    )
    assert (
        runs.loc["schedules", ["batch_tokens", "context", "schedule_tokens"]]
        .isna()
        .all(axis=None)
    )
    assert runs["citation"].notna().all()


def test_only_in_the_ladder_do_runs_differ_by_their_seed_alone(table):
    """What the datasheet says of seeds."""
    seeded = table.dropna(subset=["seed"]).drop_duplicates("run")
    seeds = seeded.groupby("source")["seed"].nunique()
    assert (seeds == 1).drop(["llm360", "ladder"]).all()
    assert seeds["ladder"] == 5


@pytest.mark.skipif(not RAW, reason="set HITCHHIKER_SOURCES to the raw files")
def test_the_mamba_log_stops_before_its_schedule():
    raw = pd.read_csv(Path(RAW) / "llm360" / "llm360Mamba3B.csv.gz")
    start, end, peak = 8_001, 239_401, 1e-4
    falling = raw[raw["step"] > 8_004]
    turn = np.pi * (falling["step"] - start) / (end - start)
    np.testing.assert_allclose(
        falling["lr"], peak * (0.1 + 0.45 * (1 + np.cos(turn))), rtol=1e-9
    )
    assert raw["step"].max() == 176_700


@pytest.mark.skipif(not RAW, reason="set HITCHHIKER_SOURCES to the raw files")
def test_overtrain_seeds_are_those_of_the_commands(table):
    runs = table[table["source"] == "overtrain"].drop_duplicates("run")
    with zipfile.ZipFile(
        Path(RAW) / "overtrain" / "overtrain_models_json.zip"
    ) as archive:
        commands = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert set(re.findall(r'"--seed",\s*"(\d+)"', commands)) == {"124"}
    assert set(runs["seed"].dropna()) == {124}


# --- scores ---------------------------------------------------------------------------------


def test_scores_come_with_the_facts_of_their_run(scores):
    assert list(scores.columns[:8]) == list(EVALUATION_COLUMNS)
    assert scores[["source", "model", "num_params"]].notna().all(axis=None)
    assert (
        set(scores["source"])
        == set(SCORE_READERS)
        == {path.stem for path in (DATA / "evaluations").iterdir()}
    )


def test_scores_can_be_selected():
    some = load_evaluations(["olmo", "pythia"], task="piqa")
    assert set(some["source"]) == {"olmo", "pythia"}
    assert set(some["task"]) == {"piqa"}
    with pytest.raises(
        DataError, match="no source 'opt' here; known: llm360, moduleformer"
    ):
        load_evaluations("opt")
    with pytest.raises(DataError, match=r"no task 'chess' here; known: .*winogrande"):
        load_evaluations(task="chess")


def test_a_folder_without_scores_is_named(tmp_path, monkeypatch):
    (tmp_path / "runs.csv").write_text("run\n")
    monkeypatch.setenv("HITCHHIKER_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"no tables in .*evaluations"):
        load_evaluations()


def test_scores_do_not_lead_to_shared_tables():
    mine = load_evaluations("olmo")
    mine["value"] = -1.0
    assert (load_evaluations("olmo")["value"] >= 0).all()


def test_scores_rise_with_falling_loss(scores, table):
    """Over the sizes of a suite at its end, LAMBADA's accuracy mirrors its loss."""
    loss = (
        table[table["loss_kind"] == "lambada-last-word"].groupby("run")["loss"].last()
    )
    zero = scores[(scores["task"] == "lambada_openai") & (scores["shots"] == 0)]
    accuracy = zero.groupby("run")["value"].last()
    suite = [
        f"pythia-v1-{size}"
        for size in ("70m", "160m", "410m", "1b", "1.4b", "6.9b", "12b")
    ]
    assert loss[suite].is_monotonic_decreasing
    assert accuracy[suite].is_monotonic_increasing


# --- the datasheet --------------------------------------------------------------------------


def test_tables_of_the_datasheet_are_those_of_the_data():
    fresh = datasheet.renewed(README)
    assert fresh == README, "run: python -m experiments.datasheet"
    assert set(datasheet.GENERATED.findall(README)[i][0] for i in range(4)) == {
        "counts",
        "facts",
        "families",
        "licences",
    }


def test_every_source_has_its_section_in_order():
    sections = re.findall(r"^### (\w+)$", README, re.MULTILINE)
    assert [name for name in sections if name in READERS] == list(READERS)
    for name in READERS:
        body = README.split(f"### {name}\n")[1].split("\n### ")[0]
        for part in ("**What.**", "**Done.**", "**Watch.**", "**Supports.**"):
            assert part in body, (name, part)


def test_every_file_is_described():
    for path in sorted(DATA.rglob("*.csv")):
        name = path.relative_to(DATA).as_posix()
        name = re.sub(r"^(losses|evaluations)/.*", r"\1/<source>.csv", name)
        assert f"`{name}`" in README, name


def test_a_source_without_a_licence_is_named():
    sources = read_table("sources")
    bare = sources[~sources["licence"].isin(["MIT", "Apache-2.0"])]
    assert set(bare["source"]) == {"chinchilla"}
    for repository in bare["upstream_repo"]:
        assert re.search(rf"{re.escape(repository)}.*\*\*none stated\*\*", README)
        assert re.search(rf"`{re.escape(repository)}`,\s+no licence stated", README)


def test_the_example_of_a_family_runs(monkeypatch):
    """The code of the datasheet, on the made-up family beside it, meets the law behind it."""
    code = re.search(r"### Your own.*?```python\n(.*?)```", README, re.DOTALL)[1]
    monkeypatch.chdir(DATA.parent)
    names = {}
    exec(code, names)
    truth = ScalingLaw(E=1.75, A=450.0, alpha=0.34, B=1800.0, beta=0.36)
    own = names["runs"]
    assert set(own["origin"]) == {"synthetic"}
    ratio = own["loss"] / truth.predict(own["num_params"], own["tokens_seen"])
    assert 0.001 < np.log(ratio).std() < 0.003
    assert names["found"].status == "ok"
    predicted = fit(read_runs(DATA / "examples" / "my_family.csv")).predict(3e9, 100e9)
    assert predicted == pytest.approx(truth.predict(3e9, 100e9), rel=0.01)


# --- what the chapter shows -----------------------------------------------------------------


def test_law_column_says_what_sizes_and_tokens_allow(table):
    law = datasheet.families(table).set_index("family")["law"]
    assert law["gpt3"] == law["chinchilla"] == law["pile-t5"] == "N and D"
    assert law["bloom-lambada"] == "N"
    assert law["olmo"] == law["red-pajama"] == "D"
    assert law["schedules-cosine"] == "none: steps only"
    assert law["revisiting-lamda"] == "N and D, unit unknown"


def test_kinds_are_all_in_one_unit_group(table):
    kinds = read_table("loss_kinds")
    groups = datasheet.kinds_by_unit(kinds, table)
    assert groups["kinds"].sum() == len(kinds) == table["loss_kind"].nunique()
    assert groups["rows"].sum() == len(table)
    folded = datasheet.kinds_html(kinds, table)
    assert all(f"<td>{kind}</td>" in folded for kind in kinds["loss_kind"])
    assert folded.count("<details>") == len(READERS)


def test_explorer_is_plain_html(table):
    page = datasheet.explorer(pd.DataFrame({"family": ["a<b", "c"]}), "Families")
    assert "<td>a&lt;b</td>" in page
    assert "2 shown" in page
    assert "http" not in page
    assert page.count("<tr>") == 3

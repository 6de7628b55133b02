"""The datasheet: what it says of the tables is so, and of the trainings too."""

import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import datasheet, explorer
from hitchhiker import ScalingLaw, fit, load_runs, read_runs
from hitchhiker.runs.data import read_table
from tools.readers import DATA
from tools.readers.facts import SOURCES

RAW = os.environ.get("HITCHHIKER_SOURCES")
README = (DATA / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def table():
    return load_runs()


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
        assert runs.loc[source, list(datasheet.FACT_COLUMNS)].isna().all(axis=None), (
            source
        )
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


def test_tables_of_the_datasheet_are_those_of_the_data():
    fresh = datasheet.renewed(README)
    assert fresh == README, "run: python -m experiments.datasheet"
    names = [name for name, _ in datasheet.GENERATED.findall(README)]
    assert names == ["counts", "facts", "families", "licences"]


def test_every_source_has_its_section_in_order():
    sections = re.findall(r"^### (\w+)$", README, re.MULTILINE)
    assert [name for name in sections if name in SOURCES] == list(SOURCES)
    for name in SOURCES:
        body = README.split(f"### {name}\n")[1].split("\n### ")[0]
        for part in ("**What.**", "**Done.**", "**Watch.**", "**Supports.**"):
            assert part in body, (name, part)


def test_every_file_is_described():
    paths = [path for end in ("csv", "toml", "json") for path in DATA.rglob(f"*.{end}")]
    for path in paths:
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
    """The code of the datasheet, on the made-up family, meets the law behind it."""
    code = re.search(r"### Your own.*?```python\n(.*?)```", README, re.DOTALL)[1]
    monkeypatch.chdir(DATA.parent)
    names = {}
    exec(code, names)
    truth = ScalingLaw(E=1.75, A=450.0, alpha=0.34, B=1800.0, beta=0.36)
    runs = names["runs"]
    assert set(runs["origin"]) == {"synthetic"}
    ratio = runs["loss"] / truth.predict(runs["num_params"], runs["tokens_seen"])
    assert 0.001 < np.log(ratio).std() < 0.003
    assert names["fitted"].status == "ok"
    predicted = fit(read_runs(DATA / "examples" / "my_family.csv")).predict(3e9, 100e9)
    assert predicted == pytest.approx(truth.predict(3e9, 100e9), rel=0.01)


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
    folded = explorer.kinds_html(kinds, table)
    assert all(f"<td>{kind}</td>" in folded for kind in kinds["loss_kind"])
    assert folded.count("<details>") == len(SOURCES)


def test_explorer_is_plain_html(table):
    page = explorer.explorer(pd.DataFrame({"family": ["a<b", "c"]}), "Families")
    assert "<td>a&lt;b</td>" in page
    assert "2 shown" in page
    assert "http" not in page
    assert page.count("<tr>") == 3

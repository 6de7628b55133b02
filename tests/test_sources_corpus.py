"""The sources beyond the first five, and the evaluations: what the shipped tables must hold."""

import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

DATA = Path(
    os.environ.get("HITCHHIKER_DATA") or Path(__file__).resolve().parents[1] / "data"
)

# source -> runs, models, families
COUNTS = {
    "bimix": (12, 12, 12),
    "gzip": (150, 30, 5),
    "ladder": (174, 14, 2),
    "llm360": (3, 3, 1),
    "mad": (54, 40, 2),
    "moduleformer": (7, 7, 0),
    "olmo": (3, 2, 1),
    "overtrain": (104, 18, 3),
    "red_pajama": (2, 2, 1),
    "revisiting": (10, 10, 1),
    "schedules": (27, 21, 7),
    "t5_pile": (4, 4, 1),
}
FAMILIES = {  # what the study of the same sources calls a family, by our name
    *(
        f"bimix-{corpus}-{mix}"
        for corpus in ("pile", "slimpajama")
        for mix in ("baseline", "ce", "doremi", "je", "se", "vne")
    ),
    "chinchilla",
    *(f"overtrain-{corpus}" for corpus in ("c4", "redpajama", "refinedweb")),
    "pile-t5",
    *(
        f"gpt2-{data}-{epochs}ep"
        for data in ("c4", "oscar")
        for epochs in (1, 2, 3, 4, 5, 7, 14, 44)
    ),
    "opt",
    *(f"pythia-{suite}{data}" for suite in ("v0", "v1") for data in ("", "-deduped")),
    "llm360-mamba",
    "gpt3",
    "olmo",
    "mad-llama",
    "mad-striped-hyena",
    "red-pajama",
}


@pytest.fixture(scope="module")
def runs():
    return pd.read_csv(DATA / "runs.csv").set_index("run", drop=False)


@pytest.fixture(scope="module")
def losses(runs):
    parts = [pd.read_csv(DATA / "losses" / f"{source}.csv") for source in COUNTS]
    table = pd.concat(parts, ignore_index=True)
    return table.merge(runs[["source", "family", "model", "num_params"]], on="run")


@pytest.fixture(scope="module")
def evaluations():
    paths = sorted((DATA / "evaluations").glob("*.csv"))
    return pd.concat([pd.read_csv(path) for path in paths], ignore_index=True)


def of(losses, source, kind=None):
    part = losses[losses["source"] == source]
    return part if kind is None else part[part["loss_kind"] == kind]


# --- how much there is ----------------------------------------------------------------------


@pytest.mark.parametrize("source", sorted(COUNTS))
def test_counts_by_source(runs, source):
    own = runs[runs["source"] == source]
    assert (len(own), own["model"].nunique(), own["family"].nunique()) == COUNTS[source]


def test_every_family_of_the_study_is_there(runs):
    assert set(runs["family"].dropna()) >= FAMILIES


# --- units and axes -------------------------------------------------------------------------


def test_unknown_units_stay_apart(losses):
    kinds = pd.read_csv(DATA / "loss_kinds.csv").set_index("loss_kind")["unit"]
    unknown = kinds[kinds == "unknown"].index
    assert set(unknown) == {
        kind for kind in kinds.index if kind.startswith("unknown-unit-")
    }
    users = losses[losses["loss_kind"].isin(unknown)]
    assert set(users["source"]) == {"llm360", "revisiting"}
    rest = losses[losses["run"].isin(users["run"]) & ~losses["loss_kind"].isin(unknown)]
    assert rest.empty


def test_what_counts_no_tokens_has_steps(losses):
    without = losses[losses["tokens_seen"].isna()]
    assert without["step"].gt(0).all()
    assert set(without["source"]) == {"llm360", "revisiting", "schedules"}
    assert of(losses, "schedules")["tokens_seen"].isna().all()


def test_natural_text_in_nats_is_plausible(losses):
    natural = losses[
        ~losses["loss_kind"].str.contains("unknown|grammar|span-filling|code|stack")
    ]
    assert natural["loss"].between(1.0, 12.0).all()


# --- one source after the other -------------------------------------------------------------


def test_t5_is_in_nats_per_target(losses):
    for kind, first in (("validation-span-filling", 1.5), ("train-span-filling", 2.2)):
        part = of(losses, "t5_pile", kind)
        assert part["loss"].between(0.55, first).all()
        ends = part.groupby("run").last().sort_values("num_params")
        assert ends["loss"].is_monotonic_decreasing
        assert ends["tokens_seen"].between(2.05e12, 2_000_000 * 2048 * 512).all()


def test_olmo_sets_are_kinds_and_no_kind_has_two_sizes(losses):
    part = of(losses, "olmo")
    assert part["loss_kind"].str.startswith("validation-").all()
    assert (part.groupby("loss_kind")["model"].nunique() == 1).all()
    shared = part[part["run"] == "olmo-7b"]["loss_kind"].unique()
    assert set(part[part["run"] == "olmo-7b-twin-2t"]["loss_kind"]) == set(shared)
    step = {"olmo-1b": 4_194_304, "olmo-7b": 4_423_680, "olmo-7b-twin-2t": 4_423_680}
    np.testing.assert_allclose(
        part["tokens_seen"] / part["step"], part["run"].map(step), rtol=1e-2
    )


def test_the_twin_of_olmo_is_not_counted_double(losses):
    part = of(losses, "olmo")
    late = part[(part["run"] == "olmo-7b-twin-2t") & (part["tokens_seen"] > 2e11)]
    finals = late.groupby("loss_kind")["loss"].transform("last")
    assert (late["loss"] / finals).max() < 1.3


def test_mad_logs_that_begin_midway_are_finals_only(runs, losses):
    part = of(losses, "mad")
    midway = runs[(runs["source"] == "mad") & runs["note"].str.contains("midway")][
        "run"
    ]
    assert len(midway) == 11
    rows = part.groupby("run").size()
    assert (rows[midway] == 1).all()
    assert (rows.drop(midway) > 100).all()
    ends = part.groupby("run").last()
    assert ends["loss"].between(1.85, 2.5).all()
    flops = 6 * ends["num_params"] * ends["tokens_seen"]
    budgets = np.array([2e19, 4e19, 8e19, 2e20])
    share = flops.to_numpy()[:, None] / budgets
    assert ((share > 0.95) & (share < 1.01)).any(axis=1).all()


def test_overtrain_has_eight_finals_a_model(runs, losses):
    part = of(losses, "overtrain")
    finals = part[part["loss_kind"] != "train"]
    assert (finals.groupby("run").size() == 8).all()
    assert finals["run"].nunique() == 104
    assert (finals["tokens_seen"] == finals["run"].map(runs["schedule_tokens"])).all()
    assert part[part["loss_kind"] == "train"]["run"].nunique() == 95
    own = runs[runs["source"] == "overtrain"]
    assert (~own["complete"]).sum() == 10
    assert own["note"].str.contains("not of the series").sum() == 14


def test_overtrain_improves_with_tokens_within_its_series(runs, losses):
    part = of(losses, "overtrain", "validation-c4-val")
    series = part[~part["run"].map(runs["note"]).str.contains("not of the series")]
    for _, model in series.sort_values("tokens_seen").groupby("model"):
        assert model["loss"].is_monotonic_decreasing


def test_gzip_starts_at_the_size_of_its_vocabulary_and_sees_its_text_once(runs, losses):
    part = of(losses, "gzip", "train-grammar")
    first = part.groupby("run")["loss"].first()
    assert (first - math.log(32_001)).between(-0.6, 0.8).all()
    finals = of(losses, "gzip", "validation-grammar")
    assert len(finals) == 150
    assert (finals["tokens_seen"] == finals["run"].map(runs["unique_tokens"])).all()


def test_red_pajama_has_no_points_of_the_legend(losses):
    for _, curve in of(losses, "red_pajama").groupby("run"):
        assert (curve["loss"] - curve["loss"].cummin()).max() < 0.01


def test_llm360_keeps_what_is_known(runs, losses):
    part = of(losses, "llm360").groupby("run")
    assert set(part.groups) == {"llm360-amber", "llm360-k2", "llm360-mamba-3b"}
    assert "validation-amber-enron-emails" in set(losses["loss_kind"])
    ends = part["tokens_seen"].max()
    assert ends["llm360-amber"] == 355 * 1_706_976 * 2048
    assert 0.97e12 < ends["llm360-k2"] < 495_195_720 * 2048
    assert not runs.loc[["llm360-k2", "llm360-mamba-3b"], "complete"].any()


def test_bimix_mean_is_the_mean_of_its_domains(losses):
    part = of(losses, "bimix")
    corpus = part["loss_kind"].str.split("-").str[1]
    mean = part["loss_kind"].str.endswith("-mean")
    key = [part["run"], part["step"]]
    assert (
        part.groupby(["run", "step"]).size()
        == corpus.map({"pile": 23, "slimpajama": 8}).groupby(key).first()
    ).all()
    plain = part[~mean].groupby(["run", "step"])["loss"].mean()
    given = part[mean].set_index(["run", "step"])["loss"]
    np.testing.assert_allclose(given, plain[given.index], rtol=1e-6)


def test_lamda_sizes_are_one_family_in_order(losses):
    part = losses[losses["family"] == "revisiting-lamda"]
    at = (
        part[part["tokens_seen"] > 1e11]
        .groupby("run")
        .first()
        .sort_values("num_params")
    )
    assert len(at) == 5
    assert at["loss"].is_monotonic_decreasing


def test_a_decayed_rate_ends_below_a_constant_one(losses):
    ends = of(losses, "schedules").groupby("run")["loss"].last()
    for size in ("25m", "100m", "400m"):
        assert (
            ends[f"schedules-cosine-72000-{size}"]
            < ends[f"schedules-constant-72000-{size}"]
        )
        for fall in ("exponential", "linear"):
            run = f"schedules-wsd-{fall}-24000-{size}"
            assert ends[run] < ends[f"schedules-constant-24000-{size}"]


# --- evaluations ----------------------------------------------------------------------------


def test_evaluations_have_their_columns_and_are_small(evaluations):
    assert list(evaluations.columns) == (
        "run step tokens_seen task metric value stderr shots".split()
    )
    assert sum(path.stat().st_size for path in (DATA / "evaluations").iterdir()) < 4e6


def test_evaluations_are_fractions_of_known_runs(runs, evaluations):
    assert evaluations["run"].isin(runs.index).all()
    assert evaluations["value"].between(0, 1).all()
    assert evaluations["stderr"].dropna().between(0, 0.5).all()
    known = {"accuracy", "accuracy-normalised", "f1", "score", "score-at-10"}
    assert set(evaluations["metric"]) == known
    assert set(evaluations["run"].map(runs["source"])) == {
        "llm360",
        "moduleformer",
        "olmo",
        "overtrain",
        "pythia",
    }


def test_suites_are_means_and_no_row_comes_twice(evaluations):
    assert not evaluations["task"].str.contains("hendrycks|blimp_|crows").any()
    key = ["run", "step", "tokens_seen", "task", "metric", "shots"]
    assert not evaluations.duplicated(key).any()


def test_evaluations_have_the_tokens_of_the_losses(losses, evaluations):
    final = of(losses, "overtrain", "validation-openlm").set_index("run")["tokens_seen"]
    ours = evaluations[evaluations["run"].isin(final.index)]
    assert (ours.groupby("run").size() == 46).all()
    assert (ours["tokens_seen"] == ours["run"].map(final)).all()


def test_better_than_chance_at_the_end(evaluations):
    last = (
        evaluations.sort_values("tokens_seen")
        .groupby(["run", "task", "metric"])["value"]
        .last()
    )
    assert last["olmo-7b", "piqa", "accuracy-normalised"] > 0.75
    assert last["llm360-amber", "hellaswag", "score"] == pytest.approx(0.739, abs=0.01)
    assert last["pythia-v1-12b", "lambada_openai", "accuracy"] > 0.65

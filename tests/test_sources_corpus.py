"""One source after the other: what is known of it must hold in the tables."""

import math

import numpy as np
import pandas as pd
import pytest

from tools.readers import DATA
from tools.readers.facts import SOURCES


@pytest.fixture(scope="module")
def runs():
    return pd.read_csv(DATA / "runs.csv").set_index("run", drop=False)


@pytest.fixture(scope="module")
def losses(runs):
    parts = [pd.read_csv(DATA / "losses" / f"{source}.csv") for source in SOURCES]
    table = pd.concat(parts, ignore_index=True)
    columns = ["source", "family", "model", "num_params", "batch_tokens"]
    return table.join(runs[columns], on="run")


def of(losses, source, kind=None):
    part = losses[losses["source"] == source]
    return part if kind is None else part[part["loss_kind"] == kind]


def end_of(losses, run, kind):
    return losses[(losses["run"] == run) & (losses["loss_kind"] == kind)].iloc[-1]


def test_early_pythia_410m_saw_all_its_tokens(losses):
    last = end_of(losses, "pythia-v0-410m", "lambada-last-word")
    assert (last["step"], last["tokens_seen"]) == (71_500, 71_500 * 4_194_304)


def test_every_pythia_training_ends_at_the_same_tokens(losses):
    suites = losses[losses["run"].str.startswith("pythia-")]
    last = suites.groupby(["run", "loss_kind"])["tokens_seen"].max()
    assert set(last) == {143_000 * 2_097_152}


def test_opt_is_in_nats(losses):
    ours = of(losses, "opt")
    assert ours["loss"].max() < 5
    assert (ours["tokens_seen"] == ours["step"] * ours["batch_tokens"]).all()


def test_gpt3_ends_near_its_300e9_tokens(losses):
    ours = of(losses, "gpt3").groupby(["run", "loss_kind"])
    assert ours["tokens_seen"].max().between(0.98 * 300e9, 300.1e9).all()
    final = ours["loss"].last().unstack()
    assert (final["validation"] > final["train"]).all()


def test_larger_models_of_a_family_end_lower(runs, losses):
    ended = losses[losses["loss_kind"] == "validation"].groupby("run")["loss"].last()
    for family in ("gpt3", "opt", "gpt2-c4-1ep", "gpt2-oscar-4ep"):
        sizes = runs[runs["family"] == family].sort_values("num_params")
        assert ended[sizes["run"]].is_monotonic_decreasing, family


def test_chinchilla_has_43_sizes_and_keeps_its_order(runs, losses):
    ours = runs[runs["source"] == "chinchilla"]
    assert ours["model"].nunique() == 43
    assert sorted(ours["run"]) == [f"chinchilla-{index:03d}" for index in range(245)]
    assert of(losses, "chinchilla")["run"].is_unique
    assert ours["note"].str.contains("highest losses").sum() == 5


def test_chinchilla_keeps_the_precision_of_the_known_fit(losses):
    """The replicated optimum of the summed Huber loss is that of our table."""
    table = of(losses, "chinchilla").sort_values("loss").iloc[:-5]
    size, tokens = np.log(table["num_params"]), np.log(table["tokens_seen"])
    terms = 6.16924703 - 0.34731054 * size, 7.67015581 - 0.36717239 * tokens, 0.59730685
    residual = np.abs(np.log(sum(map(np.exp, terms))) - np.log(table["loss"]))
    delta = 1e-3
    huber = np.where(residual < delta, residual**2 / 2, delta * (residual - delta / 2))
    assert huber.sum() == pytest.approx(1.018274e-3, abs=1e-9)


def test_repeated_data_are_counted(runs):
    ours = runs[runs["source"] == "datablations"]
    contour = ours[ours["family"] == "datablations-contour"]
    tokens = contour["epochs"] * contour["unique_tokens"]
    np.testing.assert_allclose(tokens, contour["schedule_tokens"], rtol=1e-5)
    assert contour["unique_tokens"].nunique() > 20
    worst = contour.set_index("run").loc["datablations-contour-2.81b-55.1b-1.25b"]
    assert worst["unique_tokens"] == 1_250_000_000


def test_more_web_text_lowers_its_loss_and_raises_that_of_code(losses):
    for kind, falling in (("validation-c4", True), ("validation-code", False)):
        mixes = [
            f"datablations-code-mix-4.2b-{percent}c4" for percent in range(10, 100, 10)
        ]
        final = pd.Series([end_of(losses, mix, kind)["loss"] for mix in mixes])
        assert (final.diff().dropna() < 0).all() == falling


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


def test_the_twin_of_olmo_is_not_counted_double(losses):
    part = of(losses, "olmo")
    late = part[(part["run"] == "olmo-7b-twin-2t") & (part["tokens_seen"] > 2e11)]
    finals = late.groupby("loss_kind")["loss"].transform("last")
    assert (late["loss"] / finals).max() < 1.3


def test_mad_logs_that_begin_midway_are_finals_only(runs, losses):
    part = of(losses, "mad")
    midway = runs.loc[
        (runs["source"] == "mad") & runs["note"].str.contains("midway"), "run"
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
    ours = runs[runs["source"] == "overtrain"]
    assert (~ours["complete"]).sum() == 10
    assert ours["note"].str.contains("not of the series").sum() == 14


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

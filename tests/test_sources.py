"""Readers: raw files in, the tables we ship out, byte for byte."""

import hashlib
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tools.readers import LOSS_COLUMNS, RUN_COLUMNS
from tools.readers.__main__ import main
from tools.readers.frames import VALIDATION, join, loss_frame, run_frame
from tools.readers.rawfiles import MANIFEST, PROVENANCE_COLUMNS, SourceError, check_raw
from tools.readers.tables import READERS, build, check_frames
from tools.readers.thinning import MOST_ROWS, WIDEST_BIN, thin

DATA = Path(__file__).resolve().parents[1] / "data"
RAW = os.environ.get("HITCHHIKER_SOURCES")

# source -> runs, families, checkpoints in the raw files
COUNTS = {
    "chinchilla": (245, 1, 245),
    "datablations": (286, 17, 9_786),
    "gpt3": (8, 1, 12_097),
    "opt": (6, 1, 142),
    "pythia": (67, 9, 1_549),
}
# kind of loss -> what a trained or untrained model may show
PLAUSIBLE = {
    "train": (1.5, 12.0),
    "validation": (1.5, 12.0),
    "validation-c4": (2.3, 3.7),
    "validation-code": (0.5, 1.0),
    "lambada-last-word": (1.1, 21.0),
    "lambada-last-word-5-shot": (1.3, 7.0),
    "wikitext-word": (2.4, 4.5),
}


@pytest.fixture(scope="module")
def runs():
    return pd.read_csv(DATA / "runs.csv")


@pytest.fixture(scope="module")
def losses():
    parts = {
        path.stem: pd.read_csv(path) for path in sorted((DATA / "losses").glob("*.csv"))
    }
    return (
        pd.concat(parts, names=["source"]).reset_index("source").reset_index(drop=True)
    )


# --- the shipped tables are what the raw files give -----------------------------------------


@pytest.mark.skipif(
    not RAW, reason="set HITCHHIKER_SOURCES to the raw files to rebuild data/"
)
def test_rebuild_gives_the_shipped_bytes(tmp_path):
    build(Path(RAW), tmp_path)
    built = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.csv"))
    for path in built:
        assert (tmp_path / path).read_bytes() == (DATA / path).read_bytes(), path
    for folder in ("losses", "evaluations"):
        shipped = {path.relative_to(DATA) for path in (DATA / folder).glob("*")}
        assert {path for path in built if path.parent.name == folder} == shipped


def test_every_reader_is_shipped(runs, losses):
    sources = pd.read_csv(DATA / "sources.csv")
    assert (
        set(READERS)
        == set(runs["source"])
        == set(losses["source"])
        == set(sources["source"])
    )
    assert list(READERS) == sorted(READERS)


# --- raw files ------------------------------------------------------------------------------


@pytest.fixture
def raw(tmp_path):
    """Write a source called toy with one file of two checkpoints, and its manifest."""
    folder = tmp_path / "raw"
    (folder / "toy").mkdir(parents=True)
    content = b"tokens,loss\n1000,3.5\n2000,3.25\n"
    (folder / "toy" / "log.csv").write_bytes(content)
    row = dict.fromkeys(PROVENANCE_COLUMNS, "x") | {
        "source": "toy",
        "file": "toy/log.csv",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }
    pd.DataFrame([row]).to_csv(folder / MANIFEST, index=False)
    return folder


def toy_reader(**changes):
    """Make a reader module of the source toy; `changes` spoil its run."""

    def read(folder):
        log = pd.read_csv(folder / "toy" / "log.csv")
        run = {
            "run": "toy-1m",
            "source": "toy",
            "family": "toy",
            "model": "toy-1m",
            "num_params": 1e6,
            "complete": True,
            "digitised": False,
        }
        frame = loss_frame(
            "toy-1m", "validation", tokens_seen=log["tokens"], loss=log["loss"]
        )
        return run_frame([run | changes]), frame

    return SimpleNamespace(
        __name__="toy", read=read, LOSS_KINDS={"validation": VALIDATION}
    )


def test_whole_files_pass(raw):
    assert check_raw(raw)["file"].tolist() == ["toy/log.csv"]
    assert check_raw(raw, ["toy/log.csv"])["source"].tolist() == ["toy"]


def test_a_missing_file_is_named(raw):
    (raw / "toy" / "log.csv").unlink()
    with pytest.raises(
        SourceError, match=r"toy/log\.csv: missing; expected 31 bytes.*Fetch"
    ):
        check_raw(raw)


def test_a_truncated_file_is_named(raw):
    (raw / "toy" / "log.csv").write_bytes(b"tokens,loss\n1000,3.5\n")
    with pytest.raises(
        SourceError, match=r"toy/log\.csv: 21 bytes, expected 31.*Fetch"
    ):
        check_raw(raw)


def test_an_edited_file_is_named(raw):
    path = raw / "toy" / "log.csv"
    path.write_bytes(path.read_bytes().replace(b"3.25", b"3.20"))
    with pytest.raises(
        SourceError, match=r"toy/log\.csv: right size .* but edited: sha256"
    ):
        check_raw(raw)


def test_a_missing_manifest_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"MANIFEST\.csv: no manifest there"):
        check_raw(tmp_path)


def test_an_unlisted_file_is_named(raw):
    with pytest.raises(SourceError, match=r"does not list toy/other\.csv"):
        check_raw(raw, ["toy/other.csv"])


def test_the_command_refuses_in_one_line(tmp_path, capsys):
    assert main([str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert message.startswith("error: ")
    assert not (tmp_path / "out").exists()


def test_build_writes_plain_text(raw, tmp_path):
    build(raw, tmp_path / "out", [toy_reader(context=2048.0)])
    assert (tmp_path / "out" / "losses" / "toy.csv").read_bytes() == (
        b"run,loss_kind,step,tokens_seen,loss,n_averaged\n"
        b"toy-1m,validation,,1000,3.5,1\n"
        b"toy-1m,validation,,2000,3.25,1\n"
    )
    table = pd.read_csv(tmp_path / "out" / "runs.csv", dtype=str, keep_default_na=False)
    row = table.iloc[0]
    assert tuple(table.columns) == RUN_COLUMNS
    assert (row["num_params"], row["context"], row["seed"]) == ("1000000", "2048", "")
    assert (row["complete"], row["digitised"]) == ("True", "False")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"family": None}, "no family and no note, such as toy-1m"),
        ({"num_params": None}, "parameter counts that are not positive"),
        ({"source": "other"}, "runs of another source"),
        ({"run": "toy-2m"}, "runs without a loss, such as toy-2m"),
        ({"context": 2048.5}, "only whole numbers"),
        ({"complete": "yes"}, "only True or False"),
    ],
)
def test_a_bad_run_is_refused_and_nothing_is_written(raw, tmp_path, changes, message):
    with pytest.raises(SourceError, match=message):
        build(raw, tmp_path / "out", [toy_reader(**changes)])
    assert not (tmp_path / "out" / "losses").exists()


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("loss", np.inf, "not positive and finite"),
        ("loss", 0.0, "not positive and finite"),
        ("tokens_seen", 0.0, "tokens that are not positive"),
        ("tokens_seen", np.nan, "neither tokens nor a positive step"),
        ("loss_kind", "bits", "undeclared kinds of loss"),
        ("run", "toy-3m", "losses of unknown runs"),
    ],
)
def test_a_bad_loss_is_refused(raw, column, value, message):
    reader = toy_reader()
    runs, losses = reader.read(raw)
    losses.loc[1, column] = value
    with pytest.raises(SourceError, match=message):
        check_frames("toy", runs, losses, reader.LOSS_KINDS)


def test_an_unknown_column_of_a_run_is_refused():
    with pytest.raises(KeyError, match="colour"):
        run_frame([{"run": "toy", "colour": "red"}])


# --- thinning -------------------------------------------------------------------------------


def noisy_log(rows=5_000, seed=0):
    random = np.random.default_rng(seed)
    tokens = np.sort(random.integers(10**8, 10**11, rows))
    loss = 2 + (tokens / 1e9) ** -0.3 + random.normal(0, 0.02, rows)
    return loss_frame(
        "long", "train", tokens_seen=tokens, step=tokens // 1000, loss=loss
    )


def test_short_logs_stay_as_they_are():
    log = loss_frame("short", "train", tokens_seen=[1e9, 2e9], loss=[3.0, 2.5])
    pd.testing.assert_frame_equal(thin(log), log)


def test_repeated_tokens_are_merged_by_median():
    log = loss_frame(
        "r", "train", tokens_seen=[1e9, 1e9, 1e9, 2e9], loss=[3.0, 9.0, 3.2, 2.5]
    )
    thinned = thin(log)
    assert thinned["loss"].tolist() == [3.2, 2.5]
    assert thinned["n_averaged"].tolist() == [3, 1]


@pytest.mark.parametrize("rows", [201, 1_000, 5_000])
def test_long_logs_shrink_without_moving(rows):
    log = noisy_log(rows)
    thinned = thin(log)
    tokens = thinned["tokens_seen"]
    assert 0.9 * MOST_ROWS <= len(thinned) <= MOST_ROWS
    assert thinned["n_averaged"].sum() == rows
    assert tokens.is_monotonic_increasing
    assert tokens.is_unique
    assert thinned["step"].is_monotonic_increasing
    assert thinned["loss"].between(log["loss"].min(), log["loss"].max()).all()
    assert tokens.iloc[-1] > (1 - WIDEST_BIN) * log["tokens_seen"].max()
    truth = 2 + (tokens / 1e9) ** -0.3
    error = (thinned["loss"] - truth) * np.sqrt(thinned["n_averaged"])
    assert error.std() < 0.03


def test_steps_serve_where_tokens_are_unknown():
    log = noisy_log().drop(columns="tokens_seen").assign(tokens_seen=np.nan)
    thinned = thin(log[list(LOSS_COLUMNS)])
    assert len(thinned) <= MOST_ROWS
    assert thinned["tokens_seen"].isna().all()
    assert thinned["step"].is_monotonic_increasing


def test_runs_and_kinds_do_not_mix():
    long = noisy_log()
    other = long.assign(loss_kind="validation", loss=long["loss"] + 5)
    short = loss_frame("short", "train", tokens_seen=[1e9], loss=[3.0])
    thinned = thin(join([long, other, short]))
    parts = thinned.groupby(["run", "loss_kind"])["n_averaged"].sum()
    assert parts.to_dict() == {
        ("long", "train"): 5_000,
        ("long", "validation"): 5_000,
        ("short", "train"): 1,
    }
    own = thinned[thinned["run"].eq("long") & thinned["loss_kind"].eq("train")]
    pd.testing.assert_frame_equal(thin(long), own)


# --- the shipped tables: form ---------------------------------------------------------------


def test_columns_are_the_contract(runs, losses):
    assert tuple(runs.columns) == RUN_COLUMNS
    assert tuple(losses.columns.drop("source")) == LOSS_COLUMNS


def test_runs_are_unique_and_have_a_family_or_a_note(runs):
    assert runs["run"].is_unique
    assert not (runs["family"].isna() & runs["note"].isna()).any()
    assert runs["citation"].notna().all()


def test_losses_belong_to_runs_of_their_source(runs, losses):
    known = runs.set_index("run")["source"]
    assert set(losses["run"]) == set(known.index)
    assert (losses["run"].map(known) == losses["source"]).all()


def test_tokens_increase_strictly_and_rows_are_few(losses):
    known = losses.dropna(subset="tokens_seen").groupby(["run", "loss_kind"])
    assert (known["tokens_seen"].diff().dropna() > 0).all()
    assert known.size().max() <= MOST_ROWS
    steps = losses[losses["tokens_seen"].isna()].groupby(["run", "loss_kind"])
    assert (steps["step"].diff().dropna() > 0).all()


def test_kinds_are_declared_and_levels_plausible(losses):
    kinds = pd.read_csv(DATA / "loss_kinds.csv")
    assert kinds["loss_kind"].is_unique
    assert kinds.notna().all(axis=None)
    assert set(losses["loss_kind"]) <= set(kinds["loss_kind"])
    ours = losses[losses["source"].isin(COUNTS)]
    for kind, part in ours.groupby("loss_kind"):
        low, high = PLAUSIBLE[kind]
        assert part["loss"].between(low, high).all(), kind


@pytest.mark.parametrize("source", sorted(COUNTS))
def test_counts_by_source(runs, losses, source):
    own = runs[runs["source"] == source]
    raw = losses.loc[losses["source"] == source, "n_averaged"].sum()
    assert (len(own), own["family"].nunique(), raw) == COUNTS[source]


def test_a_model_has_one_size_and_one_family(runs):
    sized = runs.dropna(subset="family").groupby("model")
    assert (sized["family"].nunique() == 1).all()
    assert (sized["num_params"].max() / sized["num_params"].min() < 1.001).all()


def test_tables_are_small():
    assert sum(path.stat().st_size for path in DATA.rglob("*.csv")) < 10e6


# --- the shipped tables: physics ------------------------------------------------------------


def end_of(losses, run, kind):
    return losses[(losses["run"] == run) & (losses["loss_kind"] == kind)].iloc[-1]


def test_early_pythia_410m_saw_all_its_tokens(losses):
    last = end_of(losses, "pythia-v0-410m", "lambada-last-word")
    assert (last["step"], last["tokens_seen"]) == (71_500, 71_500 * 4_194_304)


def test_every_pythia_training_ends_at_the_same_tokens(runs, losses):
    own = runs[runs["run"].str.startswith("pythia-")]["run"]
    last = (
        losses[losses["run"].isin(own)]
        .groupby(["run", "loss_kind"])["tokens_seen"]
        .max()
    )
    assert set(last) == {143_000 * 2_097_152}


def test_opt_is_in_nats(runs, losses):
    ours = losses[losses["source"] == "opt"].merge(
        runs[["run", "batch_tokens"]], on="run"
    )
    assert ours["loss"].max() < 5
    assert (ours["tokens_seen"] == ours["step"] * ours["batch_tokens"]).all()


def test_gpt3_ends_near_its_300e9_tokens(losses):
    ours = losses[losses["source"] == "gpt3"].groupby(["run", "loss_kind"])
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
    assert (
        losses.loc[losses["source"] == "chinchilla", "run"].value_counts() == 1
    ).all()
    assert ours["note"].str.contains("highest losses").sum() == 5


def test_chinchilla_keeps_the_precision_of_the_known_fit(runs, losses):
    """The replicated optimum of the summed Huber loss, 1.018274e-3, is that of our table."""
    table = losses[losses["source"] == "chinchilla"].merge(
        runs[["run", "num_params"]], on="run"
    )
    table = table.sort_values("loss").iloc[:-5]
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

"""Readers: raw files in, the tables we ship out; what is wrong is refused."""

import hashlib
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tools.readers import DATA, LOSS_COLUMNS, RUN_FACTS, facts
from tools.readers.__main__ import main
from tools.readers.checks import check_frames, check_scores
from tools.readers.frames import evaluation_frame, join, loss_frame, run_frame
from tools.readers.rawfiles import MANIFEST, PROVENANCE_COLUMNS, SourceError, check_raw
from tools.readers.tables import build
from tools.readers.thinning import MOST_ROWS, thin

RAW = os.environ.get("HITCHHIKER_SOURCES")
WIDEST_BIN = 0.05  # of a thinned log, as a share of its tokens


class Watched(dict):
    """Facts of a source that remember which of their blocks were asked for."""

    def __init__(self, block):
        super().__init__(block)
        self.used = set()

    def __getitem__(self, name):
        self.used.add(name)
        return super().__getitem__(name)

    def get(self, name, default=None):
        return self[name] if name in self else default


@pytest.mark.slow  # bytes are promised for the pinned versions, which `make test` has
@pytest.mark.skipif(
    not RAW, reason="set HITCHHIKER_SOURCES to the raw files to rebuild data/"
)
def test_rebuild_gives_the_shipped_bytes(tmp_path, monkeypatch):
    """A block of facts that no run needs is a slip of the pen, or was forgotten."""
    for source in facts.SOURCES:
        monkeypatch.setitem(facts.BLOCKS, source, Watched(facts.BLOCKS[source]))
    build(Path(RAW), tmp_path)
    for source, block in facts.BLOCKS.items():
        named = {name for name, value in block.items() if isinstance(value, dict)}
        assert named <= block.used, source
    built = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.csv"))
    for path in built:
        assert (tmp_path / path).read_bytes() == (DATA / path).read_bytes(), path
    for folder in ("losses", "evaluations"):
        shipped = {path.relative_to(DATA) for path in (DATA / folder).glob("*")}
        assert {path for path in built if path.parent.name == folder} == shipped


# --- raw files ------------------------------------------------------------------------


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
        log = log.rename(columns={"tokens": "tokens_seen"})
        losses = loss_frame(log, run="toy-1m", loss_kind="validation")
        return run_frame([run | changes]), losses

    return SimpleNamespace(__name__="toy", read=read)


def test_whole_files_pass(raw):
    assert check_raw(raw)["file"].tolist() == ["toy/log.csv"]


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


def test_the_command_refuses_in_one_line(tmp_path, capsys):
    assert main([str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert message.startswith("error: ")
    assert not (tmp_path / "out").exists()


# --- the contract of a reader ---------------------------------------------------------


def test_build_writes_plain_text(raw, tmp_path):
    build(raw, tmp_path / "out", [toy_reader(context=2048.0)])
    assert (tmp_path / "out" / "losses" / "toy.csv").read_bytes() == (
        b"run,loss_kind,step,tokens_seen,loss,n_averaged\n"
        b"toy-1m,validation,,1000,3.5,1\n"
        b"toy-1m,validation,,2000,3.25,1\n"
    )
    table = pd.read_csv(tmp_path / "out" / "runs.csv", dtype=str, keep_default_na=False)
    row = table.iloc[0]
    assert tuple(table.columns) == RUN_FACTS
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
        ("loss_kind", "bits", "kinds of loss not in data/loss_kinds.csv, such as toy"),
        ("run", "toy-3m", "losses of unknown runs"),
    ],
)
def test_a_bad_loss_is_refused(raw, column, value, message):
    runs, losses = toy_reader().read(raw)
    losses.loc[1, column] = value
    with pytest.raises(SourceError, match=message):
        check_frames("toy", runs, losses)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({"run": "toy-3m", "value": [0.5]}, "scores of unknown runs"),
        ({"run": "toy-1m", "value": [0.5, 0.4]}, "scores that occur twice"),
        ({"run": "toy-1m", "value": [50.0]}, "scores that are no fractions"),
    ],
)
def test_a_bad_score_is_refused(raw, scores, message):
    runs, _ = toy_reader().read(raw)
    table = evaluation_frame(pd.DataFrame(scores), task="piqa", metric="accuracy")
    with pytest.raises(SourceError, match=message):
        check_scores("toy", table, runs)


def test_an_unknown_column_of_a_run_is_refused():
    with pytest.raises(KeyError, match="colour"):
        run_frame([{"run": "toy", "colour": "red"}])


def test_the_later_block_of_facts_decides_and_texts_are_joined(monkeypatch):
    toy = {
        "context": 1,
        "note": "one",
        "long": {"context": 2, "note": "{number} tokens"},
        "toy-1m": {"context": 3, "family": ""},
    }
    monkeypatch.setitem(facts.BLOCKS, "toy", toy)
    words = {"number": 7}
    row = facts.run_row("toy", "long", words=words, run="toy-2m", context=5)
    assert row == {
        "source": "toy",
        "model": "toy-2m",
        "context": 2,
        "note": "one; 7 tokens",
        "run": "toy-2m",
    }
    alone = facts.run_row("toy", run="toy-1m", family="toy")
    assert (alone["context"], alone["family"]) == (3, "")
    assert facts.run_row("toy", run="toy-3m", context=5)["context"] == 5


# --- thinning -------------------------------------------------------------------------


def log_of(tokens, loss, run="long", kind="train", **columns):
    table = pd.DataFrame({"tokens_seen": tokens, "loss": loss, **columns})
    return loss_frame(table, run=run, loss_kind=kind)


def noisy_log(rows=5_000, seed=0):
    random = np.random.default_rng(seed)
    tokens = np.sort(random.integers(10**8, 10**11, rows))
    loss = 2 + (tokens / 1e9) ** -0.3 + random.normal(0, 0.02, rows)
    return log_of(tokens, loss, step=tokens // 1000)


def test_short_logs_stay_as_they_are():
    log = log_of([1e9, 2e9], [3.0, 2.5])
    pd.testing.assert_frame_equal(thin(log), log)


def test_repeated_tokens_are_merged_by_median():
    thinned = thin(log_of([1e9, 1e9, 1e9, 2e9], [3.0, 9.0, 3.2, 2.5]))
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
    log = noisy_log().assign(tokens_seen=np.nan)
    thinned = thin(log[list(LOSS_COLUMNS)])
    assert len(thinned) <= MOST_ROWS
    assert thinned["tokens_seen"].isna().all()
    assert thinned["step"].is_monotonic_increasing


def test_runs_and_kinds_do_not_mix():
    long = noisy_log()
    other = long.assign(loss_kind="validation", loss=long["loss"] + 5)
    short = log_of([1e9], [3.0], run="short")
    thinned = thin(join([long, other, short]))
    parts = thinned.groupby(["run", "loss_kind"])["n_averaged"].sum()
    assert parts.to_dict() == {
        ("long", "train"): 5_000,
        ("long", "validation"): 5_000,
        ("short", "train"): 1,
    }
    part = thinned[thinned["run"].eq("long") & thinned["loss_kind"].eq("train")]
    pd.testing.assert_frame_equal(thin(long), part)

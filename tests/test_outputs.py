"""What the commands write: whole files, kept reports, JSON that says its origin."""

import hashlib
import json
import os
from pathlib import Path

import pandas as pd
import pytest
from test_cli import TARGET, call
from test_forecasting import ladder
from test_watching import LAW, smooth_run

from hitchhiker.cli.writing import write, write_beside
from hitchhiker.runs.checks import DataError

pytestmark = pytest.mark.slow  # figures and reports of large tables

HERE = ["--params", "7B", "--tokens", "140B"]
SHARE = ["--share", "0.05"]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "runs.csv"
    ladder().to_csv(path, index=False)
    return str(path)


@pytest.fixture
def watched(tmp_path):
    path = tmp_path / "watched.csv"
    run = smooth_run()
    pd.concat([ladder(LAW), run], ignore_index=True).to_csv(path, index=False)
    return path


def test_a_report_that_was_filled_in_is_kept(file, tmp_path):
    out = tmp_path / "made"
    words = ["forecast", file, *TARGET, "--out", str(out)]
    call(*words)
    first = (out / "report.md").read_bytes()
    call(*words)
    assert not (out / "report-2.md").exists()
    (out / "report.md").write_text("mine")
    kept = call(*words)
    assert "kept" in kept.stderr
    assert "report-2.md" in kept.stderr
    assert (out / "report.md").read_text() == "mine"
    assert (out / "report-2.md").read_bytes() == first
    call(*words, "--overwrite")
    assert (out / "report.md").read_bytes() == first
    assert not [p for p in out.iterdir() if p.name.endswith(".part")]


def test_a_file_is_replaced_whole_or_stays(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write(path, "one\ntwo\n")
    assert path.read_bytes() == b"one\ntwo\n"

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"cannot write .*a\.txt: No space left"):
        write(path, "three")
    assert path.read_text() == "one\ntwo\n"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_link_goes_on_being_one(tmp_path):
    there, link = tmp_path / "there.txt", tmp_path / "link.txt"
    link.symlink_to(there)
    write(link, "text")
    assert link.is_symlink()
    assert there.read_text() == "text"


def test_a_device_is_written_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write(pipe, "text")
    assert os.read(reader, 9) == b"text"
    os.close(reader)


def test_a_third_report_has_a_third_name(tmp_path):
    path = tmp_path / "report.md"
    names = [write_beside(path, text).name for text in ("a", "b", "c", "b")]
    assert names == ["report.md", "report-2.md", "report-3.md", "report-2.md"]


@pytest.mark.parametrize(
    "words",
    [
        ["--csv", "/none/such/folder.csv"],
        ["--csv", "/" + "n" * 300],
        ["--out", "/" + "n" * 300],
        ["--out", "/proc/none"],
    ],
)
def test_what_cannot_be_written_is_one_line(words):
    found = call("plan", *HERE, *SHARE, *words)
    assert found.exit_code == 2
    assert found.stderr.startswith("hitchhiker: cannot write /")
    assert found.stderr.count("\n") == 1


def test_several_targets_in_pairs_or_one_for_all(file, tmp_path):
    csv = tmp_path / "made.csv"
    pairs = ["--params", "1B", "--tokens", "20B", *TARGET]
    found = call("forecast", file, *pairs, "--csv", str(csv), "--json")
    facts = json.loads(found.stdout)
    sizes = [row["num_params"] for row in facts["table"]]
    assert sizes == [1e9, 1e10] == [t["num_params"] for t in facts["targets"]]
    assert csv.read_text().splitlines()[1].startswith("1000000000,20000000000,")
    one = call("forecast", file, *TARGET, "--tokens", "50B", "--json")
    assert [t["tokens_seen"] for t in json.loads(one.stdout)["targets"]] == [2e10, 5e10]
    bad = call("forecast", file, *pairs, "--tokens", "1T")
    assert bad.exit_code == 2
    assert "2 --params and 3 --tokens" in bad.stderr
    assert "two" not in call("report", file, *pairs).stderr


def test_a_table_of_targets(file, tmp_path):
    table = tmp_path / "targets.csv"
    table.write_text("num_params, tokens_seen\n7B,140B\n1e10,2e10\n")
    words = ["forecast", file, "--targets", str(table)]
    assert call(*words).stdout.count("parameters, ") == 2
    table.write_text("num_params,tokens_seen\n7B,140B\nmany,2e10\n")
    assert "line 3: num_params is 'many', no count" in call(*words).stderr
    table.write_text("size,tokens_seen\n7B,140B\n")
    assert "needs a column num_params; it has size" in call(*words).stderr
    assert "not both" in call(*words, *TARGET).stderr
    assert "--targets" in call("forecast", file).stderr


def test_json_says_where_it_comes_from(file, tmp_path, watched):
    words = {
        "forecast": [file, *TARGET],
        "report": [file, *TARGET],
        "compare": [file, file, *TARGET],
        "watch": [str(watched), "--run", "big", "--tokens", "20B"],
        "allocate": [file, "--flops", "1e22"],
        "plan": [*HERE, *SHARE],
    }
    for command, rest in words.items():
        facts = json.loads(call(command, *rest, "--json").stdout)
        assert facts["command"].startswith(f"hitchhiker {command} ")
        assert facts["units"]["loss"] == "as given"
        assert len(facts["targets"]) == 1
        assert "version" in facts
        for found in facts["inputs"]:
            data = Path(found["name"]).read_bytes()
            assert found["bytes"] == len(data)
            assert found["sha256"] == hashlib.sha256(data).hexdigest()
        assert len(facts["inputs"]) == sum(word.endswith(".csv") for word in rest)


def test_watch_says_by_its_status_whether_a_run_left_its_band(watched, tmp_path):
    words = ["watch", str(watched), "--run", "big", "--tokens", "20B"]
    out = tmp_path / "made"
    assert call(*words, "--out", str(out)).exit_code == 0
    assert {p.name for p in out.iterdir()} == {"watch.svg", "watch.json", "watch.csv"}
    runs = pd.read_csv(watched)
    late = (runs["run"] == "big") & (runs["tokens_seen"] > 6e9)
    runs["loss"] *= 1 + 0.2 * late
    runs.to_csv(watched, index=False)
    left = call(*words, "--json")
    assert left.exit_code == 3
    assert json.loads(left.stdout)["departed_at"] > 5e9
    assert call(*words[:3], "none", *words[4:]).exit_code == 2
    assert "3 where it left its band" in call("watch", "--help").stdout


def test_compare_and_plan_have_figures(file, tmp_path):
    out = tmp_path / "made"
    assert call("compare", file, file, *TARGET, "--out", str(out)).exit_code == 0
    assert call("plan", *HERE, *SHARE, "--out", str(out)).exit_code == 0
    made = {p.name for p in out.iterdir()}
    assert made == {
        f"{name}.{kind}"
        for name in ("compare", "plan")
        for kind in ("svg", "json", "csv")
    }
    ladder_rows = (out / "plan.csv").read_text().splitlines()[1:]
    assert all(row.split(",")[1].isdigit() for row in ladder_rows)


@pytest.mark.parametrize(
    "budget", [["--share", "1.5"], ["--flops", "0.5"], ["--share", "-1"]]
)
def test_a_share_is_a_share_and_flops_are_flops(budget):
    found = call("plan", *HERE, *budget)
    assert found.exit_code == 2
    assert budget[0] in found.stderr


def test_names_do_not_command_a_terminal(tmp_path):
    path = tmp_path / "runs.csv"
    runs = ladder()
    runs["run"] = "\x1b[31m" + runs["run"].astype(str)
    runs.to_csv(path, index=False)
    found = call("watch", str(path), "--run", "\x1b[2Jnone", "--tokens", "1T")
    assert found.exit_code == 2
    assert "\x1b" not in found.stderr + found.stdout

"""The script that trains the ladder: losses fall; stopped, it goes on as if it had not.

Needs PyTorch, which the book does not: `make test-ladder` installs it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from tools.book import ROOT

SCRIPT = ROOT / "ladder" / "train.py"
OWN = ROOT / "ladder" / ".venv" / "bin" / "python"
PYTHON = sys.executable if find_spec("torch") else str(OWN) if OWN.exists() else None
TINY = ["--widths", "16", "22", "--seeds", "1", "--lengths", "65536", "131072"]

needs_torch = pytest.mark.skipif(PYTHON is None, reason="no PyTorch: make test-ladder")


def command(out):
    return [PYTHON, str(SCRIPT), "--out", str(out), *TINY]


def table(out):
    rows = pd.read_csv(out / "losses.csv").sort_values(
        ["run", "step"], ignore_index=True
    )
    return rows.drop(columns="cpu_seconds")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    subprocess.run(command(out), check=True, capture_output=True)
    return out


@needs_torch
def test_losses_fall_and_every_role_is_counted(whole):
    rows = table(whole)
    assert set(rows["model"]) == {"ladder-w16", "ladder-w22"}
    for _, trunk in rows[rows["schedule"] == "constant"].groupby("run"):
        assert trunk["loss"].is_monotonic_decreasing
        assert trunk["loss"].iloc[0] < np.log(256)
    ends = rows[rows["is_final"]]
    assert (ends["tokens_seen"] == ends["schedule_tokens"]).all()
    assert ends.groupby("model")["loss"].apply(lambda s: s.iloc[0] > s.iloc[-1]).all()
    roles = ["embedding", "position", "attention", "mlp", "norm"]
    assert (
        rows[[f"params_{role}" for role in roles]].sum(axis=1) == rows["num_params"]
    ).all()
    assert (
        rows["flops"] > 6 * rows["params_non_embedding"] * rows["tokens_seen"]
    ).all()


@needs_torch
def test_a_stopped_ladder_goes_on_as_if_it_had_not_been(whole, tmp_path):
    with subprocess.Popen(
        command(tmp_path),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        path, waited = tmp_path / "losses.csv", 0.0
        while not (path.exists() and path.read_text().count("\n") > 2) and waited < 120:
            time.sleep(0.1)
            waited += 0.1
        os.killpg(process.pid, signal.SIGKILL)
    some = table(tmp_path)
    assert 0 < len(some) < len(table(whole))
    subprocess.run(command(tmp_path), check=True, capture_output=True)
    pd.testing.assert_frame_equal(table(tmp_path), table(whole))


@needs_torch
def test_another_text_is_refused(whole, tmp_path):
    facts = json.loads((whole / "corpus.json").read_text())
    assert {"python", "train_sha256", "held_out_sha256", "train_bytes"} <= set(facts)
    (tmp_path / "corpus.json").write_text(json.dumps(facts | {"train_bytes": 1}))
    refused = subprocess.run(
        command(tmp_path), capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert "another text" in refused.stderr

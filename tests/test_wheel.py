"""The package finds its tables when it is installed, far from the checkout."""

import os
import subprocess
import sys
from zipfile import ZipFile

from tools.book import ROOT

SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import hitchhiker
assert hitchhiker.__file__.startswith(sys.argv[1]), hitchhiker.__file__
assert len(hitchhiker.load_evaluations("olmo"))
print(len(hitchhiker.load_runs("gpt3")))
"""


def run(command, cwd, env=None):
    """Run a command and return what it prints; show everything if it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, (
        f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    )
    return done.stdout


def test_wheel_carries_its_tables(tmp_path):
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
    ]
    run([*build, "--wheel-dir", tmp_path / "dist", ROOT], cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("hitchhiker-*.whl")
    ZipFile(wheel).extractall(tmp_path / "site")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    env = {k: v for k, v in os.environ.items() if k != "HITCHHIKER_DATA"}
    rows = run(
        [sys.executable, "-I", "-c", SCRIPT, tmp_path / "site"], cwd=elsewhere, env=env
    )
    assert int(rows) > 0

"""What people install: the package and its tables, which work far from a clone."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest

from hitchhiker import fit, forecast, load_runs, read_export, selection
from tools.book import ROOT

pytestmark = pytest.mark.slow  # builds a wheel and an environment

TABLES = {
    "README.md",
    "evaluations",
    "examples",
    "loss_kinds.csv",
    "losses",
    "prior.json",
    "runs.csv",
    "sources.csv",
}
MOST_BYTES = 2.5e6  # of the wheel, 1.3e6 when this was written; most is tables
TARGET = 7e9, 140e9
EXAMPLE = ROOT / "data" / "examples" / "my_family.csv"
SCRIPT = """
import importlib.util, json, sys
import hitchhiker
from hitchhiker.runs.data import tables_folder

assert hitchhiker.__file__.startswith(sys.prefix), hitchhiker.__file__
assert not any(importlib.util.find_spec(name) for name in ("experiments", "tools"))
assert len(hitchhiker.load_evaluations("olmo"))
example = tables_folder() / "examples" / "my_family.csv"
runs, notes = hitchhiker.read_export(example)
result = hitchhiker.forecast(runs, 7e9, 140e9)
law = hitchhiker.fit(hitchhiker.selection.early_cut(hitchhiker.load_runs("opt"))).law
print(json.dumps({
    "example": str(example),
    "rows": len(hitchhiker.load_runs()),
    "loss": result.table["loss"][0],
    "sources": result.sources,
    "alpha": law.alpha,
}))
"""


def run(command, cwd):
    """Run a command outside the clone and return what it prints."""
    hidden = ("HITCHHIKER_DATA", "PYTHONPATH")
    env = {k: v for k, v in os.environ.items() if k not in hidden}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    output = f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, output
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel, whose build backend is already there."""
    folder = tmp_path_factory.mktemp("dist")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    run([*pip, "--no-build-isolation", "--wheel-dir", folder, ROOT], cwd=folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """Install the wheel into a new environment that borrows nothing but libraries."""
    folder = tmp_path_factory.mktemp("venv")
    run([sys.executable, "-m", "venv", "--without-pip", folder], cwd=folder)
    (site,) = folder.glob("lib/python*/site-packages")
    libraries = sysconfig.get_paths()["purelib"]
    Path(site, "libraries.pth").write_text(f"{libraries}\n")
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python"]
    run([*pip, "install", "--quiet", "--no-deps", "--no-index", wheel], cwd=folder)
    return folder / "bin"


def test_the_wheel_holds_the_package_and_its_tables(wheel):
    """No experiment of the book, no reader of raw files, no table of theirs."""
    names = ZipFile(wheel).namelist()
    rooms = {name.split("/")[0] for name in names}
    assert {room.partition("-")[0] for room in rooms} == {
        "hitchhiker",
        "hitchhiker_scaling",
    }
    tables = {n.split("/")[2] for n in names if n.startswith("hitchhiker/tables/")}
    assert tables == TABLES
    code = {n.removeprefix("hitchhiker/") for n in names if n.endswith(".py")}
    package = ROOT / "hitchhiker"
    assert code == {p.relative_to(package).as_posix() for p in package.rglob("*.py")}
    assert wheel.stat().st_size < MOST_BYTES


def test_an_installed_package_fits_and_forecasts(environment, tmp_path):
    """The same numbers as in the clone, from an empty folder."""
    answer = json.loads(run([environment / "python", "-c", SCRIPT], cwd=tmp_path))
    here = forecast(read_export(EXAMPLE)[0], *TARGET)
    assert answer["rows"] == len(load_runs())
    assert answer["loss"] == pytest.approx(here.table["loss"][0], rel=1e-12)
    assert answer["sources"] == list(here.sources)
    law = fit(selection.early_cut(load_runs("opt"))).law
    assert answer["alpha"] == pytest.approx(law.alpha, rel=1e-12)


def test_the_installed_command_forecasts(environment, tmp_path):
    """As `hitchhiker` and as `python -m hitchhiker`, on a file that came along."""
    (example,) = environment.parent.rglob("tables/examples/my_family.csv")
    command = ["forecast", example, "--params", "7B", "--tokens", "140B"]
    printed = run([environment / "hitchhiker", *command], cwd=tmp_path)
    module = [environment / "python", "-m", "hitchhiker"]
    assert run([*module, *command], cwd=tmp_path) == printed
    assert forecast(read_export(EXAMPLE)[0], *TARGET).summary() in printed
    assert run([environment / "hitchhiker", "--version"], cwd=tmp_path).startswith(
        "hitchhiker, version 0."
    )

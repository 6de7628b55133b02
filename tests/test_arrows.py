"""The shape of the house: who may import whom, and how long a file may grow."""

import ast
import subprocess
import sys

import pytest

from tools.book import ROOT

# A room of the package may import those beside it; nothing climbs.
ROOMS = {
    "laws": {"runs"},
    "runs": set(),
    "logs": {"runs"},
    "fits": {"laws", "runs"},
    "forecasts": {"laws", "runs"},
    "evaluation": {"fits", "forecasts", "laws", "runs"},
    "plots": {"laws", "runs"},
    "cli": {"evaluation", "fits", "forecasts", "laws", "logs", "plots", "runs"},
    "__main__": {"cli"},
    "__init__": {"evaluation", "fits", "forecasts", "laws", "logs", "runs"},
}
# A house may import those beside it.
HOUSES = {
    "hitchhiker": set(),
    "experiments": {"hitchhiker"},
    "tools": {"experiments", "hitchhiker"},
    "benchmarks": {"experiments", "hitchhiker"},
    "ladder": {"experiments", "hitchhiker"},
}
MOST_LINES = 300
FILES = {house: sorted((ROOT / house).rglob("*.py")) for house in HOUSES}
# The ladder's environment lies below its folder.
FILES["ladder"] = sorted((ROOT / "ladder").glob("*.py"))


def name(path):
    """Return the dotted name of a file of code."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imported(path):
    """Yield the dotted names of what a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = name(path).split(".")[: -node.level] if node.level else []
            base += node.module.split(".") if node.module else []
            yield from (".".join([*base, alias.name]) for alias in node.names)


@pytest.mark.parametrize("house", HOUSES)
def test_houses_import_what_they_stand_on(house):
    for path in FILES[house]:
        others = {dotted.split(".")[0] for dotted in imported(path)} & set(HOUSES)
        climbing = others - HOUSES[house] - {house}
        assert not climbing, f"{name(path)} imports {climbing}"


@pytest.mark.parametrize("path", FILES["hitchhiker"], ids=name)
def test_rooms_import_what_they_stand_on(path):
    room = name(path).split(".")[1]
    assert room in ROOMS, f"give {room} its place in ROOMS of tests/test_arrows.py"
    dotted = [d.split(".") for d in imported(path) if d.startswith("hitchhiker.")]
    climbing = {parts[1] for parts in dotted} - ROOMS[room] - {room}
    assert not climbing, f"{name(path)} imports {climbing}"


def test_import_is_light():
    """Neither figures nor the slow part of SciPy come along unasked."""
    heavy = ["matplotlib", "seaborn", "scipy.stats"]
    code = f"import sys, hitchhiker; print([m for m in {heavy} if m in sys.modules])"
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]", f"`import hitchhiker` also imports {printed}"


def test_files_stay_short():
    paths = [path for house in FILES.values() for path in house]
    paths += sorted((ROOT / "tests").rglob("*.py"))
    lengths = {name(p): len(p.read_text("utf-8").splitlines()) for p in paths}
    long = {n: length for n, length in lengths.items() if length > MOST_LINES}
    assert not long, f"over {MOST_LINES} lines, divide them by content: {long}"


def test_the_formatter_decides():
    """No line is kept from the formatter."""
    for path in [path for house in FILES.values() for path in house]:
        assert "fmt: " + "skip" not in path.read_text(encoding="utf-8"), name(path)


def test_a_constant_has_one_meaning():
    """A name in capitals stands for one value wherever it is written."""
    values = {}
    for path in [path for house in FILES.values() for path in house]:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for target in node.targets if isinstance(node, ast.Assign) else []:
                if isinstance(target, ast.Name) and target.id.isupper():
                    value = ast.unparse(node.value)
                    values.setdefault(target.id, {})[name(path)] = value
    # Every chapter's module has its claims, and one table gathers them.
    values.pop("CLAIMS")
    differ = {n: list(v) for n, v in values.items() if len(set(v.values())) > 1}
    assert not differ, f"two meanings of one name: {differ}"

"""The fingerprint of a kept result is that of all the code and tables behind it."""

import importlib
import inspect
import shutil
from pathlib import Path

import pandas as pd
import pytest

from experiments import cache, grids, interval_coverage, ladder_seeds, loans, new_law
from tools.book import ROOT

# A file of code, results that depend on it, and results that do not.
BEHIND = [
    (
        "hitchhiker/fits/identification.py",
        [grids.size_grid, loans.lenders, new_law.bootstrap_evidence],
        [],
    ),
    ("hitchhiker/fits/results.py", [grids.size_grid, loans.lenders], []),
    ("hitchhiker/fits/uncertainty.py", [new_law.bootstrap_evidence], [grids.size_grid]),
    ("hitchhiker/forecasts/posterior.py", [grids.share_grid, loans.lenders], []),
    (
        "experiments/rules.py",
        [loans.lenders, new_law.bootstrap_evidence],
        [grids.size_grid, interval_coverage.coverage],
    ),
    ("experiments/new_law.py", [new_law.bootstrap_evidence], [loans.lenders]),
    ("experiments/learn_prior.py", [], [grids.size_grid, loans.lenders]),
]
ALL = [grids.size_grid, interval_coverage.coverage, loans.lenders]


def with_a_line_more(monkeypatch, name):
    """Read one file of code as if a line had been added at its end."""
    read_code = cache.read_code

    def longer(path, modified):
        content, imported, texts = read_code(path, modified)
        more = b"\n# one line more\n" if path == ROOT / name else b""
        return content + more, imported, texts

    monkeypatch.setattr(cache, "read_code", longer)


@pytest.mark.parametrize(("name", "behind", "beside"), BEHIND)
def test_a_line_of_code_changes_what_depends_on_it(monkeypatch, name, behind, beside):
    assert (ROOT / name).exists()
    before = {f: cache.fingerprint(f) for f in behind + beside}
    with_a_line_more(monkeypatch, name)
    for function in behind:
        assert cache.fingerprint(function) != before[function], function.__name__
    for function in beside:
        assert cache.fingerprint(function) == before[function], function.__name__


@pytest.mark.parametrize(
    ("name", "behind"),
    [
        ("runs.csv", ALL),
        ("losses/gpt3.csv", ALL),
        ("families.csv", ALL),
        ("ladder/losses.csv", [ladder_seeds.draw_evidence]),
        ("benchmark.csv", []),
    ],
)
def test_a_row_of_a_table_changes_what_reads_it(monkeypatch, tmp_path, name, behind):
    data = tmp_path / "data"
    shutil.copytree(ROOT / "data", data)
    monkeypatch.setenv("HITCHHIKER_DATA", str(data))
    functions = [*ALL, ladder_seeds.draw_evidence]
    before = {f: cache.fingerprint(f) for f in functions}
    with (data / name).open("a", encoding="utf-8") as table:
        table.write("\n")
    changed = [f for f in functions if cache.fingerprint(f) != before[f]]
    assert set(behind) <= set(changed)
    if set(behind) != set(ALL):
        assert changed == behind


def test_imports_are_followed_wherever_they_stand(tmp_path, monkeypatch):
    """Relative, absolute and inside a function; only files of this repository."""
    monkeypatch.setattr(cache, "ROOT", tmp_path)
    texts = {
        "one/__init__.py": "",
        "one/first.py": "import numpy\nfrom .second import x\n",
        "one/second.py": "def f():\n    from one import third\n",
        "one/third.py": "import one.fourth\nTABLE = 'a table'\n",
        "one/fourth.py": "",
        "one/alone.py": "",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    code, names = cache.depends_on(tmp_path / "one" / "first.py")
    stems = {path.stem for path in code}
    assert stems == {"first", "second", "third", "fourth", "__init__"}
    assert "a table" in names


def test_every_experiment_stands_in_the_module_that_is_read():
    """The file that the fingerprint starts from is the one that computes the result."""
    for module, name in cache.EXPERIMENTS:
        function = getattr(importlib.import_module(module), name)
        file = Path(inspect.getfile(inspect.unwrap(function)))
        assert file.stem == module.rsplit(".", 1)[1], name


def test_a_result_is_computed_once(monkeypatch, tmp_path):
    monkeypatch.setenv("HITCHHIKER_CACHE", str(tmp_path / "kept"))
    monkeypatch.setattr(cache, "EXPERIMENTS", [])
    calls = []

    @cache.cached
    def table():
        calls.append(1)
        return pd.DataFrame({"a": [1.5, None]})

    assert table().equals(table())
    assert len(calls) == 1
    assert cache.EXPERIMENTS == [(__name__, "table")]

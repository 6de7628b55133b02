"""The shape of the package: who may import whom, and how long things may grow."""

import ast
import subprocess
import sys

import pytest

from tools.book import ROOT

# From the ground up: a module may import those before it, never those after it.
ORDER = [
    "checks",
    "data",
    "compute",
    "laws",
    "selection",
    "posterior",
    "forecasting",
    "grid",
    "descent",
    "solver",
    "identification",
    "fits",
    "fitting",
    "methods",
    "uncertainty",
    "evaluation",
    "exports",
    "planning",
    "comparing",
    "watching",
    "evidence",
    "pooling",
    "claims",
    "book",
    "style",
    "plots",
    "panels",
    "reporting",
    "cli",
]
# The aim for the package was 1,500 lines of code.  Estimation and evaluation keep to it, with
# 250 more for the batched solver and its grid; the pooled forecast and what learns its belief
# cost 550, reading exports, planning, comparing, watching, reporting and the command line 800.
LIMITS = {"package": 3200, "file": 300, "function": 40}
# A function may be longer for a good reason: "module.function": "the reason".
LONG_FUNCTIONS = {}

DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef
PACKAGE = ROOT / "hitchhiker"
SOURCES = PACKAGE / "sources"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if SOURCES not in path.parents)
READERS = sorted(SOURCES.rglob("*.py"))


def name(path):
    """Return the module's name inside the package: fitting, sources.opt."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def imported(path):
    """Yield the modules of the package that a module imports, as names inside the package."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            full = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            room = ["hitchhiker", *name(path).split(".")][: -node.level] if node.level else []
            base = ".".join(filter(None, [*room, node.module or ""]))
            full = [base] if base != "hitchhiker" else [f"{base}.{a.name}" for a in node.names]
        else:
            continue
        for dotted in full:
            top, *rest = dotted.split(".")
            if top == "hitchhiker":
                yield rest[0] if rest else "__init__"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_go_down(path):
    here = name(path)
    assert "sources" not in set(imported(path)), f"{here} imports the readers of raw files"
    if here.startswith("__"):
        return
    room, *inside = here.split(".")
    assert room in ORDER, f"give {room} its place in ORDER of tests/test_arrows.py"
    below = ORDER[: ORDER.index(room)]
    climbing = [other for other in imported(path) if other not in below + [room] * bool(inside)]
    assert not climbing, f"{here} imports {climbing}, which stand above it or nowhere in ORDER"


def test_import_brings_no_plotting():
    code = "import sys, hitchhiker; print({'matplotlib', 'seaborn'} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "set()", f"`import hitchhiker` also imports {printed}"


def lines(path):
    """Return the number of lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def statements(path):
    """Return the number of lines that hold code: no blank line, comment or docstring."""
    text = path.read_text(encoding="utf-8")
    told = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            told.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    rows = enumerate(text.splitlines(), 1)
    return sum(bool(row.strip()) and not row.lstrip().startswith("#") and i not in told
               for i, row in rows)  # fmt: skip


def test_package_stays_small():
    """Docstrings do not count, a budget must not make them shorter; nor do the experiments
    behind the claims, which are the book's and which nobody copies into a project."""
    tools = [path for path in MODULES if "claims" not in path.parts]
    sizes = {name(path): statements(path) for path in tools}
    assert sum(sizes.values()) < LIMITS["package"], sizes


def test_files_stay_short():
    long = {name(path): lines(path) for path in MODULES + READERS if lines(path) > LIMITS["file"]}
    assert not long, f"over {LIMITS['file']} lines, look at them again: {long}"


def functions(path):
    """Yield the name of every function of a module and its lines, not counting its docstring."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            words = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) else 0
            yield f"{name(path)}.{node.name}", node.end_lineno - node.lineno + 1 - words


def test_functions_stay_short():
    lengths = dict(pair for path in MODULES + READERS for pair in functions(path))
    long = {name for name, length in lengths.items() if length > LIMITS["function"]}
    offenders = {name: lengths[name] for name in sorted(long - set(LONG_FUNCTIONS))}
    assert not offenders, f"over {LIMITS['function']} lines, look at them again: {offenders}"
    excused = set(LONG_FUNCTIONS) - long
    assert not excused, f"no longer long, take them off LONG_FUNCTIONS: {excused}"

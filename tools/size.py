"""Print the size of the code by room beside its aims: ``python tools/size.py``.

Aims, not gates: functions under 40 lines, at most 12.5 syntax nodes a line in the
median of functions of the package, estimation (runs, laws, fits) under 2,900 lines.
A line of code is neither blank nor a comment nor part of a docstring.
"""

import ast
import statistics
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ESTIMATION = ("hitchhiker/runs", "hitchhiker/laws.py", "hitchhiker/fits")
HOUSES = ("experiments", "tools", "tools/readers", "ladder", "benchmarks", "_ext")
AIMS = {"function": 40, "nodes": 12.5, "estimation": 2900}
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """A function's name, its lines of code and its syntax nodes a line."""

    name: str
    lines: int
    nodes: float


def rooms():
    """Return the files of code by room."""
    package = ROOT / "hitchhiker"
    files = {
        f"hitchhiker/{p.name}": sorted(p.rglob("*.py")) if p.is_dir() else [p]
        for p in sorted(package.iterdir())
        if p.suffix == ".py" or (p / "__init__.py").exists()
    }
    return files | {house: sorted((ROOT / house).glob("*.py")) for house in HOUSES}


def docstring_lines(tree):
    """Return the numbers of the lines of a file that belong to docstrings."""
    lines = set()
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            lines.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return lines


def code_lines(text, tree):
    """Return the numbers of the lines that hold code."""
    skipped = docstring_lines(tree)
    return {
        number
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#") and number not in skipped
    }


def measured_function(node, code, stem):
    """Return the size of one function, its docstring left out."""
    lines = len(code & set(range(node.lineno, node.end_lineno + 1)))
    nodes = sum(1 for _ in ast.walk(node))
    if ast.get_docstring(node) is not None:
        nodes -= sum(1 for _ in ast.walk(node.body[0]))
    return Function(f"{stem}.{node.name}", lines, nodes / lines)


def measure(path):
    """Return lines, lines of code and the functions of a file."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    code = code_lines(text, tree)
    functions = [
        measured_function(node, code, path.stem)
        for node in ast.walk(tree)
        if isinstance(node, FUNCTION)
    ]
    return len(text.splitlines()), len(code), functions


def median_nodes(functions):
    """Return the median of syntax nodes a line over functions."""
    return statistics.median(f.nodes for f in functions) if functions else 0


def summary(estimation, package, functions):
    """Return the lines that hold the aims against what there is.

    Parameters
    ----------
    estimation : (int, int)
        All lines and lines of code.
    package, functions : list of Function
        Of the package, and of every folder.
    """
    long = [f"{f.name} {f.lines}" for f in functions if f.lines > AIMS["function"]]
    return (
        f"estimation: {estimation[0]} lines, {estimation[1]} of them code "
        f"(aim: under {AIMS['estimation']} lines)\n"
        f"functions of the package: {median_nodes(package):.1f} syntax nodes a line "
        f"in the median (aim: at most {AIMS['nodes']})\n"
        f"functions over {AIMS['function']} lines of code (aim: none): "
        + (", ".join(long) or "none")
    )


def main():
    """Print a line a room, then the aims."""
    print(f"{'room':28}{'files':>6}{'lines':>7}{'code':>7}{'nodes a line':>14}")
    estimation = 0, 0
    package = []
    everything = []
    for room, paths in rooms().items():
        sizes = [measure(path) for path in paths]
        lines = sum(size[0] for size in sizes)
        code = sum(size[1] for size in sizes)
        functions = [function for size in sizes for function in size[2]]
        nodes = median_nodes(functions)
        print(f"{room:28}{len(paths):6}{lines:7}{code:7}{nodes:14.1f}")
        everything += functions
        if room.startswith("hitchhiker"):
            package += functions
        if room in ESTIMATION:
            estimation = estimation[0] + lines, estimation[1] + code
    print(summary(estimation, package, everything))


if __name__ == "__main__":
    main()

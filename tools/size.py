"""Print the size of the code by room beside its aims: ``python tools/size.py``.

Aims, not gates: functions under 40 lines, at most 12.5 syntax nodes a line in the
median of functions, estimation (runs, laws, fits) under 2,900 lines.  A line of code
is neither blank nor a comment nor part of a docstring.
"""

import ast
import statistics
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ESTIMATION = ("hitchhiker/runs", "hitchhiker/laws.py", "hitchhiker/fits")
AIMS = {"function": 40, "nodes": 12.5, "estimation": 2900}
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


def rooms():
    """Return the files of code by room."""
    package = ROOT / "hitchhiker"
    found = {
        f"hitchhiker/{p.name}": sorted(p.rglob("*.py")) if p.is_dir() else [p]
        for p in sorted(package.iterdir())
        if p.suffix == ".py" or (p / "__init__.py").exists()
    }
    for house in ("experiments", "tools", "tools/readers"):
        found[house] = sorted((ROOT / house).glob("*.py"))
    return found


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


def measure(path):
    """Return lines, lines of code, and (name, lines, syntax nodes a line) of functions."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    code = code_lines(text, tree)
    functions = []
    for node in ast.walk(tree):
        if isinstance(node, FUNCTION):
            lines = code & set(range(node.lineno, node.end_lineno + 1))
            first = node.body[0] if ast.get_docstring(node) is not None else None
            words = sum(1 for _ in ast.walk(first)) if first else 0
            nodes = sum(1 for _ in ast.walk(node)) - words
            functions.append(
                (f"{path.stem}.{node.name}", len(lines), nodes / len(lines))
            )
    return len(text.splitlines()), len(code), functions


def main():
    print(f"{'room':28}{'files':>6}{'lines':>7}{'code':>7}{'nodes a line':>14}")
    estimation, long, core = 0, [], []
    for room, paths in rooms().items():
        measured = [measure(path) for path in paths]
        functions = [f for m in measured for f in m[2]]
        nodes = statistics.median(f[2] for f in functions) if functions else 0
        lines, code = sum(m[0] for m in measured), sum(m[1] for m in measured)
        print(f"{room:28}{len(paths):6}{lines:7}{code:7}{nodes:14.1f}")
        if room.startswith("hitchhiker"):
            core += functions
            long += [f for f in functions if f[1] > AIMS["function"]]
        if room in ESTIMATION:
            estimation += code
    print(
        f"estimation: {estimation} lines of code (aim {AIMS['estimation']}); "
        f"functions of the package: {statistics.median(f[2] for f in core):.1f} nodes a "
        f"line in the median (aim {AIMS['nodes']}), over {AIMS['function']} lines: "
        + (", ".join(f"{name} {lines}" for name, lines, _ in long) or "none")
    )


if __name__ == "__main__":
    main()

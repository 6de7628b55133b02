"""The pages of the book and the code they hold, for the tools and the tests."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import jupytext
import yaml

ROOT = Path(__file__).resolve().parents[1]
REFERENCES = ROOT / "tests" / "reference"
FENCED = re.compile(
    r"^(?P<fence>```+)(?P<language>.*)\n(?P<body>(?:.*\n)*?)(?P=fence)\s*$",
    re.MULTILINE,
)
KERNEL = {"kernelspec": {"display_name": "Python 3", "name": "python3"}}


def _files(node):
    """Yield every page named in a piece of the table of contents, in reading order."""
    if isinstance(node, list):
        for item in node:
            yield from _files(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in ("root", "file"):
                yield value
            else:
                yield from _files(value)


def pages():
    """Return the sources of all pages, in reading order, the landing page first."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [ROOT / f"{name}.md" for name in _files(toc)]


def code_notebook(page):
    """Return the page as a notebook that holds nothing but its code cells."""
    notebook = jupytext.read(page, fmt="md:myst")
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return notebook


def chapters():
    """Return the pages that compute something, in reading order."""
    return [page for page in pages() if page.exists() and code_notebook(page).cells]


def reference(page):
    """Return the path of the executed reference of a page."""
    return REFERENCES / f"{page.stem}.ipynb"


def execute(notebook, folder):
    """Execute a notebook in a folder and number its cells; stop where a cell fails."""
    from nbclient import NotebookClient

    place = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources=place
    )
    client.execute()
    for number, cell in enumerate(notebook.cells):
        cell.id = f"c{number}"
        cell.metadata.pop("execution", None)
    notebook.metadata = dict(KERNEL)
    return notebook


def calls(page, name):
    """Yield the syntax trees of all calls of a function in the page's code cells."""
    for cell in code_notebook(page).cells:
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
                yield node


def saved_tables(page):
    """Return the names of the tables that the page's cells save, in order."""
    names = []
    for call in calls(page, "save_table"):
        name = call.args[1] if len(call.args) == 2 else None
        if not isinstance(name, ast.Constant):
            raise SystemExit(
                f"{page.name}: `{ast.unparse(call)}` must spell the name of its table, "
                'as in save_table(table, "name"), so that the page can offer it'
            )
        names.append(name.value)
    return names


@dataclass(frozen=True)
class Block:
    """A piece of code that a page shows: its language, its first line and its text."""

    language: str
    line: int
    text: str


def blocks(page):
    """Return what stands between fences on a page: neither cells nor directives."""
    shown = []
    text = page.read_text(encoding="utf-8")
    for match in FENCED.finditer(text):
        language = match["language"].strip()
        if not language.startswith("{"):
            line = text.count("\n", 0, match.start("body")) + 1
            shown.append(Block(language, line, match["body"]))
    return shown

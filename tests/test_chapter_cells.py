"""The code of the chapters: no name is hidden, no number is kept for nothing."""

import ast
import re
from collections import Counter, defaultdict

import pytest

from tools.book import calls, chapters, code_notebook, pages, saved_tables

GLUED = re.compile(
    r"\{glue(?::[\w-]+)?\}(?:`(?P<role>[^`]+)`|[ \t]+(?P<directive>\S+))"
)
PAGE = """\
---
kernelspec: {{display_name: Python 3, language: python, name: python3}}
---

# A page

```{{code-cell}} ipython3
{code}
```
"""


def stem(page):
    """Return a page's name."""
    return page.stem


def glued(page):
    """Yield (page, name) of every number that the text of a page quotes."""
    for match in GLUED.finditer(page.read_text(encoding="utf-8")):
        key = (match["role"] or match["directive"]).rpartition("<")[2].rstrip(">")
        place, _, name = key.rpartition("::")
        where = place.rpartition("/")[2].removesuffix(".md") or page.stem
        yield where, name.partition(":")[0]


def quoted():
    """Return page -> names of the numbers that any page quotes from it."""
    names = defaultdict(set)
    for where, name in (pair for page in pages() for pair in glued(page)):
        names[where].add(name)
    return names


@pytest.mark.parametrize("page", chapters(), ids=stem)
def test_every_noted_number_is_quoted(page):
    """A number that no sentence quotes is computed for nothing."""
    noted = {k.arg for call in calls(page, "note") for k in call.keywords if k.arg}
    idle = sorted(noted - quoted()[page.stem])
    assert not idle, f"{page.stem} notes what no page quotes: {', '.join(idle)}"


@pytest.mark.parametrize("page", chapters(), ids=stem)
def test_no_cell_hides_an_import(page):
    """``from experiments import data`` and a later ``data = ...`` are a trap."""
    trees = [ast.parse(cell.source) for cell in code_notebook(page).cells]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {
        (alias.asname or alias.name).partition(".")[0]
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    stored = {
        n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    defined = {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    arguments = {n.arg for n in nodes if isinstance(n, ast.arg)}
    hidden = sorted(imported & (stored | defined | arguments))
    assert not hidden, f"{page.stem} binds names again that it imports: {hidden}"


def test_a_table_has_one_page():
    """Two pages that save a table of one name would overwrite each other's."""
    names = Counter(name for page in chapters() for name in set(saved_tables(page)))
    twice = [name for name, count in names.items() if count > 1]
    assert not twice, f"saved on more than one page: {twice}"


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ('save_table(t, "one")', ["one"]),
        ('save_table(\n    t.assign(x=f("no")),\n    "over_lines",\n)', ["over_lines"]),
        ('for t in 2 * [u]:\n    save_table(t, "a")\nsave_table(u, "b")', ["b", "a"]),
        ("print(\"save_table(t, 'text')\")", []),
    ],
)
def test_saved_tables_are_found_however_the_call_is_written(tmp_path, code, names):
    page = tmp_path / "page.md"
    page.write_text(PAGE.format(code=code))
    assert sorted(saved_tables(page)) == sorted(names)


def test_a_table_without_a_plain_name_is_refused(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE.format(code='save_table(t, f"table_{k}")'))
    with pytest.raises(SystemExit, match="must spell the name"):
        saved_tables(page)

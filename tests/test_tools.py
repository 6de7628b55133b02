"""The small tools: requirements with the lowest versions, sizes, blocks of a page."""

import ast

from tools import lowest, size
from tools.book import ROOT, Block, blocks

MODULE = '''\
"""A docstring
of two lines."""

# a comment
LIMIT = 3


def double(number):
    """A docstring that does not count."""
    return 2 * number
'''


def test_every_promise_is_tested_at_its_lowest():
    versions = lowest.promised()
    lines = lowest.lowest()
    assert {"numpy", "scipy", "pandas", "click", "matplotlib"} <= set(versions)
    for name, version in versions.items():
        assert [line for line in lines if line.startswith(name)] == [
            f"{name}=={version}.*"
        ]
    assert f"-e {ROOT}" in lines
    assert any(line.startswith("pytest==") for line in lines)


def test_a_line_of_code_is_no_comment_and_no_docstring(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(MODULE)
    lines, code, functions = size.measure(path)
    assert (lines, code) == (10, 3)
    nodes = sum(
        1 for _ in ast.walk(ast.parse("def double(number):\n return 2 * number"))
    )
    assert functions == [size.Function("module.double", 2, (nodes - 1) / 2)]


def test_blocks_are_what_a_page_shows_and_neither_cells_nor_directives(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# Title\n\n```python\nx = 1\n\ny = 2\n```\n\n"
        "```{note}\nText.\n```\n\n```{code-cell}\nz = 3\n```\n\n"
        "````{admonition} A\n```bash\nls\n```\n````\n\n```text\n1\n```\n"
    )
    assert blocks(page) == [
        Block("python", 4, "x = 1\n\ny = 2\n"),
        Block("text", 24, "1\n"),
    ]

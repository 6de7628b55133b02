"""A chapter runs in a fresh clone after the two lines that its page shows."""

import os
import subprocess
from shutil import copy2

import nbformat
from bs4 import BeautifulSoup

from tools.book import ROOT

SITE = ROOT / "_build" / "html"
PAGE = SITE / "chapters" / "fitting.html"
NOTEBOOK = SITE / "downloads" / "chapters" / "fitting.ipynb"
EXECUTE = """
import sys, nbformat, nbclient
book = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(book, timeout=600).execute()
"""


def run(command, cwd):
    """Run a command as a reader would, without what this checkout sets."""
    ours = ("HITCHHIKER_", "PYTHONPATH", "MAKE", "MFLAGS")
    env = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, (
        f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    )


def lines():
    """Return the two lines under the chapter's title."""
    page = BeautifulSoup(PAGE.read_text(encoding="utf-8"), "html.parser")
    return page.select_one(".chapter-downloads pre").get_text().strip().splitlines()


def copy_clone(folder):
    """Copy the files that git knows: what the first line fetches."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            copy2(ROOT / name, folder / name)


def test_a_chapter_runs_as_its_page_says(tmp_path):
    clone = tmp_path / "guide"
    copy_clone(clone)
    fetch, execute = lines()
    assert fetch.startswith("git clone https://")
    assert fetch.endswith("guide && cd guide")
    run(["bash", "-euc", execute], cwd=clone)
    book = nbformat.read(clone / "_build" / "run" / "fitting.ipynb", as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)

    offered = nbformat.read(NOTEBOOK, as_version=4)
    for line in (fetch, execute):
        assert line in offered.cells[0].source
    assert " s with Python " in offered.cells[0].source
    copy2(NOTEBOOK, tmp_path)
    python = clone / ".venv" / "bin" / "python"
    run([python, "-c", EXECUTE, NOTEBOOK.name], cwd=tmp_path)

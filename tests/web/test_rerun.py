"""A downloaded chapter runs in a fresh environment after one command."""

import subprocess
import sys

import nbformat
import pytest

from tools.book import ROOT

CHAPTER = ROOT / "_build" / "html" / "downloads" / "chapters" / "fitting.ipynb"


def run(*command, cwd):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, (
        f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    )


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """Return a folder with an environment that holds what the chapter's first cell asks for."""
    folder = tmp_path_factory.mktemp("reader")
    run(sys.executable, "-m", "venv", "env", cwd=folder)
    pip = [folder / "env" / "bin" / "python", "-m", "pip", "install", "--quiet"]
    run(*pip, f"hitchhiker[plots] @ file://{ROOT}", "nbclient", "ipykernel", cwd=folder)
    return folder


def test_downloaded_chapter_runs(fresh):
    book = nbformat.read(CHAPTER, as_version=4)
    assert "pip install" in book.cells[0].source
    assert " s with Python " in book.cells[0].source
    nbformat.write(book, fresh / "chapter.ipynb")
    code = (
        "import nbformat, nbclient; b = nbformat.read('chapter.ipynb', 4);"
        "nbclient.NotebookClient(b, timeout=600).execute()"
    )
    run(fresh / "env" / "bin" / "python", "-c", code, cwd=fresh)

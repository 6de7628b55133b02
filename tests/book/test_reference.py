"""The stored notebooks belong to the chapters, and comparing with them can fail."""

import os
import subprocess
import sys
from shutil import copy2, copytree

import nbformat
import pandas as pd
import pytest

from tools.book import REFERENCES, ROOT, chapters, code_notebook, reference

# The quickest chapter that shows the lowest loss of a family, and that family's losses.
CHAPTER, TABLE = "data", "losses/gpt3.csv"
RENEW = "run `make refresh CHAPTERS={name}` and read the diff"


def cells(notebook):
    """Return what a chapter and its reference share: code and tags, cell by cell."""
    return [(cell.source, cell.metadata.get("tags", [])) for cell in notebook.cells]


@pytest.mark.parametrize("page", chapters(), ids=lambda page: page.stem)
def test_reference_belongs_to_chapter(page):
    path = reference(page)
    assert path.exists(), f"{page.stem} has no reference: " + RENEW.format(
        name=page.stem
    )
    stored = nbformat.read(path, as_version=4)
    assert cells(stored) == cells(code_notebook(page)), (
        f"the code of {page.stem} is newer than its reference: "
        + RENEW.format(name=page.stem)
    )
    idle = [n for n, cell in enumerate(stored.cells, 1) if not cell.execution_count]
    assert not idle, f"cells {idle} of the reference of {page.stem} were never executed"


def test_no_reference_is_left_over():
    known = {page.stem for page in chapters()}
    assert {path.stem for path in REFERENCES.glob("*.ipynb")} == known


def compare(folder):
    """Run the stored notebook in a folder against the tables beside it."""
    quiet = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    quiet |= {"HITCHHIKER_DATA": str(folder / "data"), "GUIDE_FIGURES": "png"}
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env"]
    command += ["--nbval-sanitize-with", str(ROOT / "tests" / "nbval.cfg")]
    command += ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(folder)]
    command += [str(folder / f"{CHAPTER}.ipynb")]
    return subprocess.run(
        command, env=quiet, cwd=folder, capture_output=True, text=True
    )


def test_one_percent_in_one_loss_is_seen(tmp_path):
    copytree(ROOT / "data", tmp_path / "data")
    copy2(REFERENCES / f"{CHAPTER}.ipynb", tmp_path)
    before = compare(tmp_path)
    assert before.returncode == 0, before.stdout
    table = tmp_path / "data" / TABLE
    losses = pd.read_csv(table)
    losses.loc[losses["loss"].idxmin(), "loss"] *= 0.99
    losses.to_csv(table, index=False)
    after = compare(tmp_path)
    assert after.returncode == 1, f"nbval saw nothing:\n{after.stdout}"
    assert "Cell outputs differ" in after.stdout, (
        f"it failed for another reason:\n{after.stdout}"
    )

"""Execute the chapters and store what they print as references for the tests.

A reference holds code cells and their outputs without pictures, so that a review shows
which numbers moved. ``python tools/refresh.py`` renews all of them, ``... data
fitting`` some.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import nbformat
from nbclient.exceptions import CellExecutionError

from tools.book import REFERENCES, chapters, code_notebook, execute, reference


def without_pictures(cell):
    """Return the cell's outputs less its images; a figure's text stays as proof."""
    for output in cell.outputs:
        for mime in [m for m in output.get("data", {}) if m.startswith("image/")]:
            del output["data"][mime]
    return cell.outputs


def refresh(page):
    """Execute one page, write its reference, and return how it went, in a line."""
    started = time.perf_counter()
    try:
        notebook = execute(code_notebook(page), page.parent)
    except CellExecutionError as error:
        raise SystemExit(f"{page.name} does not run:\n{error}") from None
    for cell in notebook.cells:
        cell.outputs = without_pictures(cell)
    nbformat.write(notebook, reference(page))
    seconds = time.perf_counter() - started
    return f"{page.stem}: {len(notebook.cells)} cells, {seconds:.0f} s"


def selected(names):
    """Return the pages of these names, or all that compute."""
    known = {page.stem: page for page in chapters()}
    if unknown := sorted(set(names) - set(known)):
        raise SystemExit(
            f"No such chapter: {', '.join(unknown)}. There are: {', '.join(known)}."
        )
    return [known[name] for name in names or known]


def remove_stale():
    """Remove references whose page is gone."""
    known = {page.stem for page in chapters()}
    for path in REFERENCES.glob("*.ipynb"):
        if path.stem not in known:
            path.unlink()
            print(f"{path.stem}: removed, no such chapter any more")


def main():
    """Renew the references named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapter", nargs="*", help="names without .md (all)")
    parser.add_argument("--jobs", type=int, default=2, help="chapters at a time (2)")
    options = parser.parse_args()
    os.environ["GUIDE_FIGURES"] = "png"
    os.environ.pop("MPLBACKEND", None)
    pages = selected(options.chapter)
    REFERENCES.mkdir(exist_ok=True)
    remove_stale()
    with ProcessPoolExecutor(options.jobs) as pool:
        for line in pool.map(refresh, pages):
            print(line, flush=True)


if __name__ == "__main__":
    main()

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
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tools.book import REFERENCES, chapters, code_notebook, reference


def without_pictures(cell):
    """Return the cell's outputs less its images; the text of a figure stays as proof of it."""
    for output in cell.outputs:
        for mime in [m for m in output.get("data", {}) if m.startswith("image/")]:
            del output["data"][mime]
    return cell.outputs


def refresh(page):
    """Execute one page, write its reference, and return a line that says how it went."""
    started = time.perf_counter()
    notebook = code_notebook(page)
    place = {"metadata": {"path": str(page.parent)}}
    try:
        NotebookClient(
            notebook, timeout=600, kernel_name="python3", resources=place
        ).execute()
    except CellExecutionError as error:
        raise SystemExit(f"{page.name} does not run:\n{error}") from None
    for number, cell in enumerate(notebook.cells):
        cell.id = f"c{number}"
        cell.metadata.pop("execution", None)
        cell.outputs = without_pictures(cell)
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "name": "python3"}}
    nbformat.write(notebook, reference(page))
    return f"{page.stem}: {len(notebook.cells)} cells, {time.perf_counter() - started:.0f} s"


def selected(names):
    """Return the pages of these names, or all that compute; remove references without a page."""
    known = {page.stem: page for page in chapters()}
    if unknown := sorted(set(names) - set(known)):
        raise SystemExit(
            f"No such chapter: {', '.join(unknown)}. There are: {', '.join(known)}."
        )
    for path in REFERENCES.glob("*.ipynb"):
        if path.stem not in known:
            path.unlink()
            print(f"{path.stem}: removed, no such chapter any more")
    return [known[name] for name in names or known]


def main():
    """Renew the references named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "chapter", nargs="*", help="names without .md; all of them by default"
    )
    parser.add_argument(
        "--jobs", type=int, default=2, help="chapters executed at a time"
    )
    options = parser.parse_args()
    os.environ["GUIDE_FIGURES"] = "png"
    os.environ.pop("MPLBACKEND", None)
    REFERENCES.mkdir(exist_ok=True)
    with ProcessPoolExecutor(options.jobs) as pool:
        for line in pool.map(refresh, selected(options.chapter)):
            print(line, flush=True)


if __name__ == "__main__":
    main()

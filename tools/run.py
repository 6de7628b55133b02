"""Execute one chapter of this clone: ``python tools/run.py fitting``.

The executed notebook, with its text and its figures, is written to
``_build/run/fitting.ipynb``.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jupytext
import nbformat
from nbclient.exceptions import CellExecutionError

from tools.book import ROOT, execute
from tools.refresh import selected

RUN_FOLDER = ROOT / "_build" / "run"


def main(names):
    """Execute the chapters of these names."""
    if not names:
        raise SystemExit("Which chapter? For example: make run CHAPTER=fitting")
    RUN_FOLDER.mkdir(parents=True, exist_ok=True)
    for page in selected(names):
        try:
            notebook = execute(jupytext.read(page, fmt="md:myst"), page.parent)
        except CellExecutionError as error:
            raise SystemExit(f"{page.name} does not run:\n{error}") from None
        path = RUN_FOLDER / f"{page.stem}.ipynb"
        nbformat.write(notebook, path)
        print(f"{page.stem} ran: {path}")


if __name__ == "__main__":
    main(sys.argv[1:])

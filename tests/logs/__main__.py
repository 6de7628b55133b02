"""Print how many logs of each kind are read right: ``python -m tests.logs``.

For another checkout: ``PYTHONPATH=CHECKOUT:tests python -P -m logs``. With ``-v`` what
went wrong is told case by case, with a name of a kind only that kind.
"""

import sys
import tempfile
from pathlib import Path

from . import cases
from .judging import answer, judge
from .table import table_of


def main():
    """Judge every case and print the table."""
    words = [word for word in sys.argv[1:] if word != "-v"]
    found = []
    for case in cases():
        if words and case.kind not in words:
            continue
        with tempfile.TemporaryDirectory() as folder:
            verdict, why = judge(case, answer(case, Path(folder)))
        found.append((case.kind, verdict))
        if "-v" in sys.argv and verdict not in ("right", "asked"):
            print(f"{case.kind}-{case.label}: {verdict}: {why}"[:700])
    print(table_of(found))


main()

"""``python -m tools.readers DIR``: rebuild the shipped tables from raw files."""

import argparse
import sys
from pathlib import Path

from . import DATA
from .rawfiles import SourceError
from .tables import build


def main(arguments: list[str] | None = None) -> int:
    """Build the tables; 0 if all went well, 2 with one line of reason if not."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.readers", description=__doc__
    )
    parser.add_argument("folder", type=Path, help="raw files with their MANIFEST.csv")
    parser.add_argument("--out", type=Path, default=DATA, help="where the tables go")
    options = parser.parse_args(arguments)
    try:
        tables = build(options.folder, options.out)
    except (SourceError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(_summary(tables, options.out))
    return 0


def _summary(tables: dict, out: Path) -> str:
    lines = []
    for name in sorted(tables):
        if name.startswith("losses/"):
            source, losses = name.removeprefix("losses/"), tables[name]
            runs, raw = losses["run"].nunique(), losses["n_averaged"].sum()
            scores = len(tables.get(f"evaluations/{source}", ()))
            lines.append(
                f"{source}: {runs} runs, {len(losses)} rows from {raw} checkpoints"
                + (f", {scores} scores" if scores else "")
            )
    size = sum((out / f"{name}.csv").stat().st_size for name in tables)
    lines.append(f"{len(tables['runs'])} runs, {size} bytes in {len(tables)} files")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

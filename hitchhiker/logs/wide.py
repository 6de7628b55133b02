"""Tables with a column a run, as trackers export their charts, made long."""

import pandas as pd

from ..runs.checks import DataError
from ..runs.naming import listed
from .counts import missing
from .lines import FILE_COLUMN, LINE_COLUMN
from .losses import NoSuchLoss, ask, numeric, pick
from .names import NO_RUN, USUAL_NAMES, find, held_out, is_loss, plain
from .sizes import size_in_name

BETWEEN = " - "  # what trackers put between the name of a run and that of a metric
GROUP = "Group: "  # what they put before that of a group
WIDE_AXES = ("tokens_seen", "step")
METRIC_BOUNDS = ("__MIN", "__MAX", "__STEP")


def from_wide(table, wanted, sizes, notes):
    """One row a checkpoint of a table with a column a run; else the table as it is.

    Returns the table and the name of the loss, or None where it was not wide.
    """
    if "run" in table or not any(axis in table for axis in WIDE_AXES):
        return table, None
    columns = [c for c in table if c not in (*WIDE_AXES, FILE_COLUMN, LINE_COLUMN)]
    metrics = {c: c.rsplit(BETWEEN, 1)[1] for c in columns if BETWEEN in c}
    if metrics:
        return _of_tracker(table, metrics, wanted, notes)
    losses = [c for c in columns if is_loss(c)]
    sized = [c for c in losses if size_in_name(c) or c in sizes]
    if sized and len(sized) == len(losses):
        if len({held_out(c) for c in losses}) > 1:
            if not wanted:
                ask("losses of training and of other data", losses)
            losses = [c for c in losses if f"_{plain(wanted)}_" in f"_{plain(c)}_"]
        return _long(table, {c: c for c in losses}, notes), "loss"
    if losses:
        return table, None
    return _of_names(table, columns, sizes, notes)


def _of_tracker(table, metrics, wanted, notes):
    """Columns "run - metric": those of one metric."""
    inner = {c: m for c, m in metrics.items() if not m.endswith(METRIC_BOUNDS)}
    names = list(dict.fromkeys(inner.values()))
    losses = [name for name in names if is_loss(name)]
    likely = losses or [name for name in names if not NO_RUN.search(plain(name))]
    chosen = pick(losses or names, wanted) if wanted else None
    if chosen is None:
        if wanted:
            raise NoSuchLoss(f"--loss {wanted}: the metrics are {listed(names)}")
        if len(likely) > 1:
            ask("several metrics of a run", likely)
        if not likely:
            raise DataError(
                f"no loss among the metrics {listed(names)}: export a loss, or name "
                "one with --loss"
            )
        chosen = likely[0]
    others = [name for name in names if name != chosen and not name.startswith("_")]
    if others:
        notes.append(f"{chosen} read as loss; left out: {listed(others)}")
    runs = {
        c: c.rsplit(BETWEEN, 1)[0].removeprefix(GROUP)
        for c, metric in inner.items()
        if metric == chosen
    }
    return _long(table, runs, notes), chosen


def _of_names(table, columns, sizes, notes):
    """Columns that bear the names of runs."""
    known = set(find(table, [n for names in USUAL_NAMES.values() for n in names]))
    known |= {c for c in columns if NO_RUN.search(plain(c))} - set(sizes)
    runs = [c for c in columns if c not in known and numeric(table, c)]
    sized = [c for c in runs if c in sizes or size_in_name(c)]
    if not sized:
        return table, None  # no run to be seen: the loss is asked for
    unsized = [c for c in runs if c not in sized]
    if unsized:
        raise DataError(
            f"column {unsized[0]!r} stands beside those of runs: give its size if it "
            f"is one, --size {unsized[0]}=350M, or take it out of the file"
        )
    left = [c for c in columns if c not in runs]
    if left:
        notes.append(f"columns that are no runs left out: {listed(left)}")
    return _long(table, {c: c for c in runs}, notes), "loss"


def _long(table, runs, notes):
    """Rows of (axis, run, loss) from the columns of runs."""
    axes = [axis for axis in (*WIDE_AXES, LINE_COLUMN, FILE_COLUMN) if axis in table]
    for column in runs:
        numeric(table, column)
    notes.append(f"wide table: {len(runs)} columns read as runs")
    long = pd.concat(
        [
            table[axes].assign(run=run, loss=table[column])
            for column, run in runs.items()
        ],
        ignore_index=True,
    )
    return long[~missing(long["loss"])]

"""Follow a run in progress: where it will end, and whether it still goes there."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..runs import selection
from ..runs.arguments import number
from ..runs.checks import DataError, check_table, doubts, run_names
from ..runs.words import arrived, on_screen, shortened
from .forecasting import check_levels, checked_targets, forecast_from
from .prior import prior_for

N_LOOKS = 12  # checkpoints at which a forecast is made
MIN_CHECKPOINTS = 3  # of the run before the first look
IN_A_ROW = 2  # checkpoints above the band that count as having left it
# Up to how many times the tokens of a look its band is held against the curve.
HORIZON = 1.5
# Checkpoints before a look, the highest of which its band is laid through.
RECENT = 5
# How much wider an interval must be for a run that finished ones stand beside.
RUNNING_WIDTH = 1.4
MIN_RISE = 0.02  # a smaller rise of the loss is none, however narrow the band


@dataclass(frozen=True)
class Watch:
    """A run in progress.

    Attributes
    ----------
    forecasts : DataFrame
        Forecast of the end at each look: ``tokens_seen`` (so far) ``, loss, low_80,
        high_80, low_90, high_90``.
    band : DataFrame
        From now to the end: ``tokens_seen, loss, low_80, high_80, low_90, high_90``.
        Beside finished runs the intervals of both tables are wider than those of
        `forecast`, by what runs under way in other studies asked for.
    departed_at : float or None
        Tokens at which the curve rose out of a band made shortly before, if it did.
        Such a band falls as the forecast does, from the highest of the latest
        checkpoints on.
    band_made_at : float or None
        Tokens at which that band was made.
    warnings : tuple of str
    """

    forecasts: pd.DataFrame
    band: pd.DataFrame
    departed_at: float | None
    band_made_at: float | None
    warnings: tuple

    def summary(self):
        """The state of the run in a few lines of text."""
        now = self.forecasts.iloc[-1]
        lines = [
            f"after {now['tokens_seen']:.3g} tokens the end is forecast at "
            f"{now['loss']:.4g} (80 %: {now['low_80']:.4g} to {now['high_80']:.4g})"
        ]
        if self.departed_at is not None:
            lines.append(
                f"warning: at {self.departed_at:.3g} tokens the curve left the band "
                f"made at {self.band_made_at:.3g}: look at data, learning rate, "
                "restarts"
            )
        else:
            lines.append("the curve is inside the bands made before")
        return "\n".join([*lines, *(f"warning: {w}" for w in self.warnings)])

    def __repr__(self):
        return on_screen("Watch", self.summary())


def watch(runs, run, end_tokens, *, levels=(0.8, 0.9), without=(), force=False):
    """Forecast the end of a run as it goes on, and say when it leaves its way.

    Parameters
    ----------
    runs : DataFrame
        The run in progress and, if there are any, smaller finished runs of its family.
    run : str
        Name of the run in progress.
    end_tokens : float
        Tokens at its end.
    levels : tuple of float
        Coverage of the intervals, at most 0.95.
    without, force
        As for `hitchhiker.forecast`.

    Returns
    -------
    Watch

    Raises
    ------
    DataError
        If the run is not in the table, has too few checkpoints or is past its end.

    Examples
    --------
    >>> from hitchhiker import load_runs
    >>> runs = load_runs("gpt3", loss_kind="validation")
    >>> name = runs.loc[runs["num_params"].idxmax(), "run"]
    >>> so_far = runs[(runs["run"] != name) | (runs["tokens_seen"] < 1e11)]
    >>> len(watch(so_far, name, 3e11).forecasts) > 5
    True
    """
    end_tokens = number("end_tokens", end_tokens, above=0)
    runs = selection.without_runs(runs, without)
    watched, others = _split(check_table(runs), run, end_tokens)
    prior = prior_for(runs)
    levels = check_levels(levels, prior)
    size = float(watched["num_params"].median())
    checked_targets(size, end_tokens)
    watched = watched.assign(is_final=False, schedule_tokens=np.nan)
    told = doubts(pd.concat([others, watched]), force)
    begun = min(selection.EARLY_TOKENS, selection.EARLY_SHARE * end_tokens)
    # Too little of the run would be left by the early cut.
    early = watched["tokens_seen"].iloc[-MIN_CHECKPOINTS - 1] < begun
    watched = watched if early else watched[watched["tokens_seen"] >= begun]

    def forecast_at(n_seen, tokens, **options):
        seen = selection.early_cut(pd.concat([others, watched.iloc[:n_seen]]))
        sizes = np.full(len(tokens), size)
        return forecast_from(seen, sizes, tokens, levels, prior, **options)

    tokens = watched["tokens_seen"].to_numpy(float)
    looks = []
    departed_at = band_made_at = None
    for n_seen in _looks(tokens):
        table = forecast_at(n_seen, np.append(end_tokens, tokens)).table
        looks.append(table.iloc[:1].assign(tokens_seen=tokens[n_seen - 1]))
        at = None if early else _departure(table.iloc[1:], watched, n_seen)
        if at is not None and (departed_at is None or at < departed_at):
            departed_at = at
            band_made_at = float(tokens[n_seen - 1])
    to_end = np.geomspace(tokens[-1], end_tokens, 30)
    band = forecast_at(len(tokens), to_end, told=told, closely=True)
    warnings = list(band.warnings)
    if early:
        warnings.insert(
            0, "the run has hardly begun: nothing is said yet of leaving its band"
        )
    factor = 1.0 if others.empty else RUNNING_WIDTH
    return Watch(
        _widened(pd.concat(looks, ignore_index=True), factor),
        _widened(band.table, factor),
        departed_at,
        band_made_at,
        tuple(warnings),
    )


def _split(runs, run, end_tokens):
    """Rows of the run in progress, in order, and of the others; or say why not."""
    names = run_names(runs)
    known = isinstance(run, Hashable) and (names == run).any()
    if not known:
        raise DataError(f"no run {arrived(run)}; there are {shortened(names.unique())}")
    watched = runs[names == run].sort_values("tokens_seen")
    if len(watched) <= MIN_CHECKPOINTS:
        raise DataError(
            f"run {run!r} has {len(watched)} checkpoints: at least "
            f"{MIN_CHECKPOINTS + 1} are needed"
        )
    latest = watched["tokens_seen"].iloc[-1]
    if latest >= end_tokens:
        raise DataError(
            f"run {run!r} has seen {latest:.3g} tokens, end_tokens is given as "
            f"{end_tokens:.3g}"
        )
    return watched, runs[names != run]


def _widened(table, factor):
    """A forecast's table without sizes, intervals wider by a factor in the log."""
    table = table.drop(columns="num_params")
    ends = table.columns.drop(["tokens_seen", "loss"])
    return table.assign(
        **{c: table["loss"] * (table[c] / table["loss"]) ** factor for c in ends}
    )


def _looks(tokens):
    """Numbers of checkpoints seen at each look: evenly over the logarithm of tokens."""
    at = np.geomspace(tokens[MIN_CHECKPOINTS - 1], tokens[-1], N_LOOKS) * (1 + 1e-9)
    return np.unique(np.append(np.searchsorted(tokens, at, side="right"), len(tokens)))


def _departure(band, watched, n_seen):
    """Tokens at which checkpoints after a look rise out of its band, None if none do.

    Parameters
    ----------
    band : DataFrame
        Forecast at the look of every checkpoint of the run.
    watched : DataFrame
        These checkpoints.
    n_seen : int
        How many of them the look has seen.
    """
    tokens = watched["tokens_seen"].to_numpy(float)
    loss = band["loss"].to_numpy()
    rise = np.log(watched["loss"].to_numpy(float) / loss)
    usual = rise[max(n_seen - RECENT, 0) : n_seen].max()
    width = np.log(band.filter(like="high_").iloc[:, -1].to_numpy() / loss)
    out = rise - usual > np.maximum(width, MIN_RISE)
    out = out[n_seen:] & (tokens[n_seen:] <= HORIZON * tokens[n_seen - 1])
    if len(out) < IN_A_ROW:
        return None
    in_a_row = np.convolve(out, np.ones(IN_A_ROW), mode="valid")
    first = np.flatnonzero(in_a_row == IN_A_ROW)
    return float(tokens[n_seen + first[0]]) if len(first) else None

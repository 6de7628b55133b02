"""Follow a run in progress: where it will end, and whether it still goes there."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..runs import selection
from ..runs.checks import DataError, check_runs, run_names
from .forecasting import forecast

LOOKS = 12  # checkpoints at which a forecast is made
FIRST = 3  # checkpoints before the first look
IN_A_ROW = 2  # checkpoints above the band that count as having left it
AHEAD = (
    1.5  # up to how many times the tokens of a look its band is held against the curve
)
LATELY = 5  # checkpoints before a look, the highest of which its band is laid through
UNDER_WAY = (
    1.4  # how much wider an interval must be for a run that finished ones stand beside
)
LEAST = 0.02  # a smaller rise is none, however narrow the band


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
    left : float or None
        Tokens at which the curve rose out of a band made shortly before, if it did.
        Such a band falls as the forecast does, from the highest of the latest
        checkpoints on.
    made_at : float or None
        Tokens at which that band was made.
    warnings : tuple of str
    """

    forecasts: pd.DataFrame
    band: pd.DataFrame
    left: float | None
    made_at: float | None
    warnings: tuple

    def summary(self):
        """The state of the run in a few lines of text."""
        now = self.forecasts.iloc[-1]
        lines = [
            f"after {now['tokens_seen']:.3g} tokens the end is forecast at {now['loss']:.4g} "
            f"(80 %: {now['low_80']:.4g} to {now['high_80']:.4g})"
        ]
        if self.left is not None:
            lines.append(
                f"! at {self.left:.3g} tokens the curve left the band made at "
                f"{self.made_at:.3g}: look at data, learning rate, restarts"
            )
        else:
            lines.append("the curve is inside the bands made before")
        return "\n".join([*lines, *(f"! {w}" for w in self.warnings)])


def watch(runs, run, end_tokens, *, levels=(0.8, 0.9)):
    """Forecast the end of a run at each checkpoint so far, and say when it leaves its way.

    Parameters
    ----------
    runs : DataFrame
        The run in progress and, if there are any, smaller finished runs of its family.
    run : str
        Name of the run in progress.
    end_tokens : float
        Tokens at its end.

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
    names = run_names(check_runs(runs))
    own = runs[names == run].sort_values("tokens_seen")
    if own.empty:
        raise DataError(
            f"no run {run!r}; there are {', '.join(map(str, names.unique()[:8]))}"
        )
    if len(own) <= FIRST:
        raise DataError(
            f"run {run!r} has {len(own)} checkpoints: at least {FIRST + 1} are needed"
        )
    if own["tokens_seen"].iloc[-1] >= end_tokens:
        raise DataError(
            f"run {run!r} has seen {own['tokens_seen'].iloc[-1]:.3g} tokens, the end "
            f"is given as {end_tokens:.3g}"
        )
    others, size = runs[names != run], float(own["num_params"].median())
    own = own.assign(is_final=False, schedule_tokens=np.nan)
    begun = min(selection.EARLY_TOKENS, selection.EARLY_SHARE * end_tokens)
    early = (
        own["tokens_seen"].iloc[-FIRST - 1] < begun
    )  # too little after the early cut
    own = own if early else own[own["tokens_seen"] >= begun]
    tokens = own["tokens_seen"].to_numpy(float)
    looks, left, made_at = [], None, None
    at = _looks(tokens)
    for k in at:
        seen = pd.concat([others, own.iloc[:k]])
        made = forecast(seen, size, np.append(end_tokens, tokens), levels=levels).table
        looks.append(made.iloc[:1])
        gone = None if early else _leaves(made.iloc[1:], own, k)
        if gone is not None and (left is None or gone < left):
            left, made_at = gone, float(tokens[k - 1])
    ahead = np.geomspace(tokens[-1], end_tokens, 30)
    band = forecast(pd.concat([others, own]), size, ahead, levels=levels)
    told = (
        ["the run has hardly begun: nothing is said yet of leaving its band"]
        if early
        else []
    )
    wider = 1.0 if others.empty else UNDER_WAY
    looks = _widened(pd.concat(looks, ignore_index=True), wider)
    return Watch(
        looks.assign(tokens_seen=tokens[at - 1]),
        _widened(band.table, wider),
        left,
        made_at,
        (*told, *band.warnings),
    )


def _widened(table, factor):
    """The table of a forecast without its sizes, intervals wider by a factor in the logarithm."""
    table = table.drop(columns="num_params")
    ends = table.columns.drop(["tokens_seen", "loss"])
    return table.assign(
        **{c: table["loss"] * (table[c] / table["loss"]) ** factor for c in ends}
    )


def _looks(tokens):
    """Numbers of checkpoints seen at each look: evenly over the logarithm of tokens."""
    at = np.geomspace(tokens[FIRST - 1], tokens[-1], LOOKS) * (1 + 1e-9)
    return np.unique(np.append(np.searchsorted(tokens, at, side="right"), len(tokens)))


def _leaves(band, own, k):
    """Tokens at which checkpoints after the k-th rise out of a band (n rows), if some do."""
    tokens = own["tokens_seen"].to_numpy(float)
    rise = np.log(own["loss"].to_numpy(float) / band["loss"].to_numpy())
    stands = rise[max(k - LATELY, 0) : k].max()
    width = np.log(
        band.filter(like="high_").iloc[:, -1].to_numpy() / band["loss"].to_numpy()
    )
    out = rise - stands > np.maximum(width, LEAST)
    out = out[k:] & (tokens[k:] <= AHEAD * tokens[k - 1])
    if len(out) < IN_A_ROW:
        return None
    where = np.flatnonzero(
        np.convolve(out, np.ones(IN_A_ROW), mode="valid") == IN_A_ROW
    )
    return float(tokens[k + where[0]]) if len(where) else None

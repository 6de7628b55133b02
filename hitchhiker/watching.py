"""Follow a run in progress: where it will end, and whether it still goes there."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .checks import DataError, check_runs, run_names
from .forecasting import forecast

LOOKS = 12  # checkpoints at which a forecast is made
FIRST = 3  # checkpoints before the first look
IN_A_ROW = 2  # checkpoints outside the band that count as having left it
AHEAD = np.log(4.0)  # how far ahead, in log tokens, a band is held against the curve


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
    left : float or None
        Tokens at which the curve left the band made before, if it did.
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
        lines = [f"after {now['tokens_seen']:.3g} tokens the end is forecast at {now['loss']:.4g} "
                 f"(80 %: {now['low_80']:.4g} to {now['high_80']:.4g})"]  # fmt: skip
        if self.left is not None:
            lines.append(f"! at {self.left:.3g} tokens the curve left the band made at "
                         f"{self.made_at:.3g}: look at data, learning rate, restarts")  # fmt: skip
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
        raise DataError(f"no run {run!r}; there are {', '.join(map(str, names.unique()[:8]))}")
    if len(own) <= FIRST:
        raise DataError(f"run {run!r} has {len(own)} checkpoints: at least {FIRST + 1} are needed")
    if own["tokens_seen"].iloc[-1] >= end_tokens:
        raise DataError(f"run {run!r} has seen {own['tokens_seen'].iloc[-1]:.3g} tokens, the end "
                        f"is given as {end_tokens:.3g}")  # fmt: skip
    others = runs[names != run]
    size = float(own["num_params"].median())
    tokens = own["tokens_seen"].to_numpy(float)
    at = np.unique(np.geomspace(FIRST, len(own), LOOKS).round().astype(int))
    looks, left, made_at = [], None, None
    for k in at:
        seen = pd.concat([others, own.iloc[:k].assign(is_final=False)])
        aims = np.append(end_tokens, tokens[k:])
        made = forecast(seen, size, aims, levels=levels)
        looks.append(made.table.iloc[:1].assign(tokens_seen=tokens[k - 1]))
        gone = _leaves(made.table.iloc[1:], own.iloc[k:], tokens[k - 1])
        if gone is not None and (left is None or gone < left):
            left, made_at = gone, float(tokens[k - 1])
    ahead = np.geomspace(tokens[-1], end_tokens, 30)
    band = forecast(seen, size, ahead, levels=levels)
    return Watch(pd.concat(looks, ignore_index=True).drop(columns="num_params"),
                 band.table.drop(columns="num_params"), left, made_at, band.warnings)  # fmt: skip


def _leaves(band, later, now):
    """Tokens at which checkpoints (n rows) leave a band (n rows), if some in a row do."""
    near = np.log(later["tokens_seen"].to_numpy(float) / now) <= AHEAD
    low, high = (band.filter(like=side).iloc[:, -1].to_numpy() for side in ("low_", "high_"))
    loss = later["loss"].to_numpy(float)
    out = ((loss < low) | (loss > high)) & near
    runs = np.convolve(out, np.ones(IN_A_ROW), mode="valid") if len(out) >= IN_A_ROW else []
    where = np.flatnonzero(np.asarray(runs) == IN_A_ROW)
    return float(later["tokens_seen"].iloc[where[0]]) if len(where) else None

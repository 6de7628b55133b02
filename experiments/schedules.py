"""What a checkpoint half-way down a schedule is worth; belongs to the chapter on checkpoints.

Nine schedules at three sizes (source `schedules`); its tokens are unknown, and steps
stand for them.  No claim of the paper hangs on it.
"""

import numpy as np
import pandas as pd

from hitchhiker.evaluation.methods import BORROWED
from hitchhiker.fits.fitting import fit
from hitchhiker.runs.data import load_runs
from hitchhiker.runs.selection import early_cut

from .cache import cached

SHORT, LONG = 24_000, 72_000  # steps of the two lengths
# Run without its size, and step at which it is compared; the finished run it is
# compared with.
UNFINISHED = {
    "three times too long, a third of the way": ("cosine-72000", SHORT),
    "three times too long, half-way": ("cosine-72000", LONG // 2),
    "constant rate, short": ("constant-24000", SHORT),
    "constant rate, long": ("constant-72000", LONG),
    "warm-up, stable, decay": ("wsd-exponential-24000", SHORT),
}
TRAINED_ON = {
    "constant rate": ("constant-24000", SHORT),
    "cosine, finished": ("cosine-24000", SHORT),
    "cosine, a third of the way": ("cosine-72000", SHORT),
    "warm-up, stable, decay": ("wsd-exponential-24000", SHORT),
}
TARGETS = {"constant rate": "constant-72000", "cosine": "cosine-72000"}


def curves():
    """Runs of the source with steps in the place of tokens (thousands, as tables need).

    Returns
    -------
    DataFrame
        As `hitchhiker.load_runs`, with ``schedule_name`` and ``size``.
    """
    runs = load_runs("schedules")
    runs["tokens_seen"] = 1e3 * runs["step"]
    runs[["schedule_name", "size"]] = runs["run"].str.extract(r"schedules-(.*)-(\d+m)$")
    return runs.sort_values(["run", "step"])


def _by_name(runs):
    return {
        key: own for key, own in runs.groupby(["schedule_name", "size"], sort=False)
    }


def _at(own, step):
    """Loss of a run at a step, or at its last one if the log ends a little before."""
    return float(np.interp(np.log(step), np.log(own["step"]), own["loss"]))


@cached
def unfinished_evidence():
    """How far a checkpoint lies above the finished cosine run of the same length.

    A finished run of half the long length does not exist: its loss is read off the
    straight line, on log axes, between the finished runs of the two lengths. Losses
    fall ever more slowly, so that line lies above the truth and the excess is
    understated.

    Returns
    -------
    DataFrame
        ``size, checkpoint`` (of `UNFINISHED`) ``, step, loss, finished,
        excess`` (a share of the finished loss).
    """
    runs = _by_name(curves())
    rows = []
    for label, (name, step) in UNFINISHED.items():
        for size in ("25m", "100m", "400m"):
            ends = [np.log(_at(runs[f"cosine-{n}", size], n)) for n in (SHORT, LONG)]
            finished = np.exp(np.interp(np.log(step), np.log([SHORT, LONG]), ends))
            loss = _at(runs[name, size], step)
            rows.append(
                {
                    "size": size,
                    "checkpoint": label,
                    "step": step,
                    "loss": loss,
                    "finished": finished,
                    "excess": loss / finished - 1,
                }
            )
    return pd.DataFrame(rows)


@cached
def mismatch_evidence():
    """Signed error of forecasts to three times the steps, by schedule of training and target.

    One size at a time: A and alpha are held, and stand for a constant; E, B and beta
    are fitted to one run after its first tenth.

    Returns
    -------
    DataFrame
        ``size, trained_on`` (of `TRAINED_ON`) ``, target`` (of `TARGETS`) ``, loss,
        forecast, signed_error, status``.
    """
    runs = _by_name(curves())
    rows = []
    for trained_on, (name, last) in TRAINED_ON.items():
        for size in ("25m", "100m", "400m"):
            train = runs[name, size]
            found = fit(early_cut(train[train["step"] <= last]), fixed=BORROWED)
            for target, goal in TARGETS.items():
                end = runs[goal, size].iloc[-1]
                forecast = float(found.predict(end["num_params"], end["tokens_seen"]))
                rows.append(
                    {
                        "size": size,
                        "trained_on": trained_on,
                        "target": target,
                        "loss": end["loss"],
                        "forecast": forecast,
                        "signed_error": forecast / end["loss"] - 1,
                        "status": found.status,
                    }
                )
    return pd.DataFrame(rows)

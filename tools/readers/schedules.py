"""Learning-rate schedules (Luo et al., 2025): three sizes under nine schedules.

Logs hold step, learning rate and validation loss.  The repository tells neither
batch nor sequence length, so tokens are empty and only steps compare.  WSD and
two-stage runs branch off a constant run of their size where the rate changes: up
to there they repeat it, so runs of one size are not independent.
"""

import re
import zipfile
from pathlib import Path

import pandas as pd

from .frames import VALIDATION, join, loss_frame, run_frame

LOSS_KINDS = {"validation": VALIDATION}
FILE = re.compile(r"csv_(\d+)/(constant|cosine|wsdld|wsdcon|wsd)_(\d+)(?:_(\d+))?\.csv")
# name in the raw file -> schedule, family, how the rate goes
SCHEDULES = {
    "constant": ("constant", "constant", "constant rate 3e-4"),
    "cosine": ("cosine", "cosine", "cosine from 3e-4 to 3e-5 at step {end}"),
    "wsd": (
        "wsd",
        "wsd-exponential",
        "3e-4, exponential fall from step 20000 to {end}",
    ),
    "wsdld": ("wsd", "wsd-linear", "3e-4, linear fall from step 20000 to {end}"),
    "wsdcon": (
        "two-stage",
        "two-stage-{rate}e-5",
        "3e-4, from step {change} on {rate}e-5",
    ),
}


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and losses of the 27 trainings.

    Parameters
    ----------
    folder : Path
        Folder of the raw files of all sources.

    Returns
    -------
    runs, losses : DataFrame
        Columns `RUN_COLUMNS` and `LOSS_COLUMNS`, tokens empty.
    """
    runs, losses = [], []
    with zipfile.ZipFile(
        folder / "schedules" / "multipower_loss_curves.zip"
    ) as archive:
        for name in sorted(archive.namelist()):
            with archive.open(name) as stream:
                log = pd.read_csv(stream)
            runs.append(_run(name, log))
            losses.append(
                loss_frame(
                    runs[-1]["run"], "validation", step=log["step"], loss=log["loss"]
                )
            )
    return run_frame(runs), join(losses)


def _run(name: str, log: pd.DataFrame) -> dict:
    millions, raw, first, last = FILE.fullmatch(name).groups()
    schedule, family, rate = SCHEDULES[raw]
    details = {"rate": first, "end": last or first, "change": None}
    if raw == "wsdcon":
        details["change"] = details["end"] = log.loc[
            log["lr"] < log["lr"].max(), "step"
        ].min()
    family = f"schedules-{family.format(**details)}"
    length = "" if raw == "wsdcon" else f"-{details['end']}"
    note = (
        f"{rate.format(**details)}; logged from step {log['step'].min()} (after the warm-up) to "
        f"{log['step'].max()}; tokens unknown, compare steps; nominal parameter count"
    )
    if schedule in ("wsd", "two-stage"):
        note += "; branches off a constant run of its size where the rate changes"
    return {
        "run": f"{family}{length}-{millions}m",
        "source": "schedules",
        "family": family,
        "model": f"{family}-{millions}m",
        "arch": "decoder",
        "num_params": int(millions) * 1_000_000,
        "schedule": schedule,
        "complete": True,
        "digitised": False,
        "corrected": "not in the original study",
        "note": note,
        "citation": "arXiv:2503.12811",
    }

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

from .facts import run_row
from .frames import join, loss_frame, run_frame

FILE = re.compile(r"csv_(\d+)/(constant|cosine|wsdld|wsdcon|wsd)_(\d+)(?:_(\d+))?\.csv")
FAMILIES = {  # by the name in the raw file
    "constant": "constant",
    "cosine": "cosine",
    "wsd": "wsd-exponential",
    "wsdld": "wsd-linear",
    "wsdcon": "two-stage-{rate}e-5",
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
        Columns `RUN_FACTS` and `LOSS_COLUMNS`, tokens empty.
    """
    runs, losses = [], []
    path = folder / "schedules" / "multipower_loss_curves.zip"
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            with archive.open(name) as stream:
                log = pd.read_csv(stream)
            row = _run(name, log)
            runs.append(row)
            losses.append(loss_frame(log, run=row["run"], loss_kind="validation"))
    return run_frame(runs), join(losses)


def _run(name: str, log: pd.DataFrame) -> dict:
    millions, raw, number, end = FILE.fullmatch(name).groups()
    family = f"schedules-{FAMILIES[raw].format(rate=number)}"
    end = end or number
    length = "" if raw == "wsdcon" else f"-{end}"
    lowered = log.loc[log["lr"] < log["lr"].max(), "step"]
    words = {
        "rate": number,
        "end": end,
        "change": lowered.min(),
        "first": log["step"].min(),
        "last": log["step"].max(),
    }
    branch = ["branch"] if raw.startswith("wsd") else []
    return run_row(
        "schedules",
        raw,
        "logged",
        *branch,
        words=words,
        run=f"{family}{length}-{millions}m",
        family=family,
        model=f"{family}-{millions}m",
        num_params=int(millions) * 1_000_000,
    )

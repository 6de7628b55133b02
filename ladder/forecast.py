"""Write down what the largest model of a ladder will lose, before it is trained.

``python ladder/forecast.py FOLDER`` reads the finished runs in ``FOLDER/losses.csv`` and writes
``FOLDER/forecast.csv``: one row a way to forecast, a set of sizes and a length.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from hitchhiker import forecast, read_runs
from hitchhiker.methods import METHODS

LARGEST = 286_860  # parameters of ladder/train.py at width 84
LADDERS = {"all six smaller sizes": 6, "four smallest sizes": 4, "two smallest sizes": 2}


def main(folder):
    """Forecast every length from three ladders by the guide's way and by plain fits."""
    runs = read_runs(Path(folder) / "losses.csv").assign(source="ladder")
    runs = runs[runs["is_final"] & (runs["num_params"] < LARGEST)]
    lengths, sizes = sorted(runs["tokens_seen"].unique()), sorted(runs["num_params"].unique())
    rows = []
    for name, count in LADDERS.items():
        seen = runs[runs["num_params"].isin(sizes[:count])]
        table = forecast(seen, [LARGEST] * len(lengths), lengths).table
        told = {"seen": name, "n_sizes": seen["num_params"].nunique(), "n_runs": len(seen)}
        rows += [told | {"method": "forecast"} | row for row in table.to_dict("records")]
        for method in ("fit", "borrowed", "paper"):
            made = METHODS[method](seen, LARGEST, np.array(lengths))[["loss"]]
            made = made.assign(num_params=LARGEST, tokens_seen=lengths)
            rows += [told | {"method": method} | row for row in made.to_dict("records")]
    out = pd.DataFrame(rows).astype({"num_params": int, "tokens_seen": int})
    path = Path(folder) / "forecast.csv"
    out.to_csv(path, index=False, float_format="%.6f", lineterminator="\n")
    print(f"wrote {path}")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Learn from real pairs of recipes how far their differences move with scale."""

from itertools import combinations, product

import numpy as np
import pandas as pd

from hitchhiker.forecasts.comparing import DIFFERENCE_DF, pair_sd, paired
from hitchhiker.forecasts.forecasting import forecast
from hitchhiker.laws import Z_80
from hitchhiker.runs import selection

from .calibration import study_weights, t_log_likelihood
from .corpus import pair_groups
from .studies import weighted_quantiles

# Values that are tried, see `hitchhiker.forecasts.comparing.pair_sd`.
FLOOR_GRID = (0.002, 0.003, 0.005, 0.007, 0.01)
PER_SIZE_GRID = (0.0, 0.001, 0.002, 0.003, 0.005)
PER_DIFFERENCE_GRID = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
SAME_TARGET = 0.2  # log ratio of sizes and of tokens within which two targets are one


def pair_rows(tables, priors):
    """Differences between two comparable families, at small sizes and at the target.

    Two recipes of one study on one text whose targets have one size: epochs of one
    corpus, deduplicated or not, three corpora on common texts, two architectures.

    Parameters
    ----------
    tables : dict of DataFrame
        By source, family and loss kind.
    priors : dict of Prior
        By "without " and the source that it lacks.

    Returns
    -------
    DataFrame
        ``source, error`` (of the paired difference at the target) ``, apart`` (error of
        the difference of two forecasts) ``, difference`` (absolute, of the pair) ``,
        extrapolation`` (log of the scale-up) ``, width`` (standard deviation that the
        two forecasts state).
    """
    rows = []
    for (one, first), (_, second) in combinations(tables.items(), 2):
        if not _comparable(first.iloc[0], second.iloc[0]):
            continue
        small, end = _split(first)
        small_other, end_other = _split(second)
        pairs = paired(small, small_other)
        if pairs.empty or not _same_target(end, end_other):
            continue
        prior = priors[f"without {one[0]}"]
        middle, half_width = _forecast(small, end, prior)
        middle_other, half_width_other = _forecast(small_other, end_other, prior)
        truth = np.log(end["loss"] / end_other["loss"])
        rows.append(
            pd.DataFrame(
                {
                    "source": one[0],
                    "error": truth - pairs["difference"],
                    "apart": truth - np.log(middle / middle_other),
                    "difference": pairs["difference"].abs(),
                    "extrapolation": np.log(end["num_params"] / pairs["num_params"]),
                    "width": np.hypot(half_width, half_width_other) / Z_80,
                }
            )
        )
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def _split(table):
    """Rows of all smaller sizes, and the last row of the target."""
    small, target = selection.hold_out(table)
    return small, target.loc[target["tokens_seen"].idxmax()]


def _forecast(small, end, prior):
    """Loss forecast at an end, and the half width of its 80 % interval in the log."""
    made = forecast(small, end["num_params"], end["tokens_seen"], prior=prior)
    row = made.table.iloc[0]
    return row["loss"], np.log(row["high_80"] / row["loss"])


def _comparable(first, second):
    """Whether two families, a row of each, are of one group and measured on one text.

    A training loss is on the family's own text.
    """
    if (first["source"], first["loss_kind"]) != (second["source"], second["loss_kind"]):
        return False
    groups = pair_groups(pd.Series([first["family"], second["family"]]))
    of_own_text = first["loss_kind"] == "train" and pd.notna(first["corpus"])
    same_text = not of_own_text or first["corpus"] == second["corpus"]
    return groups[0] == groups[1] and same_text


def _same_target(one, other):
    """Whether the ends of two targets have nearly the same size and tokens."""
    return all(
        abs(np.log(one[c] / other[c])) < SAME_TARGET
        for c in ("num_params", "tokens_seen")
    )


def learn_pairs(rows):
    """How far differences move: `hitchhiker.forecasts.comparing.pair_errors`.

    Parameters
    ----------
    rows : DataFrame
        As from `pair_rows`.
    """
    weights = study_weights(list(zip(rows["source"])))
    weights = weights / rows.groupby("source")["source"].transform("size").to_numpy()
    likelihoods = {}
    for given in product(FLOOR_GRID, PER_SIZE_GRID, PER_DIFFERENCE_GRID):
        sd = pair_sd(*given, rows["difference"], rows["extrapolation"])
        likelihoods[given] = weights @ t_log_likelihood(
            rows["error"], sd, DIFFERENCE_DF
        )
    floor, per_size, per_difference = max(likelihoods, key=likelihoods.get)
    ratio = (rows["apart"] / rows["width"]).abs()
    return {
        "floor": floor,
        "per_size": per_size,
        "per_difference": per_difference,
        "apart": round(float(weighted_quantiles(ratio, weights, 0.68)), 3),
    }

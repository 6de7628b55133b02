"""Learn from all families what scaling laws look like: ``python -m experiments.learn_prior``.

The prior behind `hitchhiker.forecast` is the mean and the covariance of laws over
studies, by an EM algorithm in which every study weighs the same, with the noise about a
law and the width of the intervals. Everything is learned again without each study in
turn, so that the forecasts of its families can be judged.
"""

import json
import re
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pandas as pd
from scipy import stats

from hitchhiker.forecasts.comparing import pair_spread, paired
from hitchhiker.forecasts.forecasting import (
    PRIOR,
    forecast,
    further,
    predictive_spread,
    rows_of,
    unfinished,
)
from hitchhiker.forecasts.posterior import (
    LEVELLESS,
    NAMES,
    REFERENCE,
    Prior,
    draw,
    log_loss,
    posterior,
)
from hitchhiker.runs import selection
from hitchhiker.runs.data import tables_folder

from .cache import fingerprint
from .grids import eligible_families, evenly_spaced

KEYS = ["source", "family", "loss_kind"]
MOST_EPOCHS = 4.5  # families of more repetitions are judged but not learned from
RUN_NOISE = 0.015  # given, not learned: it could explain away what the law should
START = Prior(
    np.array([-1.1, -1.1, -1.1, -0.9]), np.diag([0.5, 0.1, 0.8, 0.15]), RUN_NOISE, 0.01
)
VAGUE = np.diag([0.3, 0.05, 0.3, 0.05])  # covariance that counts as one more study
DRIFTS = (0.0, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03)
SLIPS = tuple(np.arange(0, 0.2, 0.005))
LATE = 0.1  # log of how far beyond unfinished runs' tokens a cell tells of the slip
SHARES = (0.1, 0.3, 0.6)  # of their tokens after which runs are looked at as unfinished
MANY, FEW = 5, 3  # checkpoints that such runs need; how many numbers of sizes are tried
LEVELS = (0.5, 0.68, 0.8, 0.9, 0.95)
TAIL = 5  # degrees of freedom of errors where the drift is chosen


def families():
    """Tables of the families that the prior is judged on, by source, family, loss kind."""
    return {
        tuple(t[KEYS].iloc[0]): t.reset_index(drop=True) for t in eligible_families(1)
    }


def learnable(tables):
    """Rows of the families to learn from: single passes over the data, or nearly so."""
    return {
        key: rows_of(selection.early_cut(table))
        for key, table in tables.items()
        if not (table["epochs"].fillna(1) > MOST_EPOCHS).any()
    }


def study_weights(keys):
    """Weight of each key: every source the same, in it every family the same."""
    sources = pd.Series([key[0] for key in keys])
    return (1 / sources.map(sources.value_counts()) / sources.nunique()).to_numpy()


def learn(rows, start=START, steps=25):
    """Mean and covariance of laws over studies, and the noise of checkpoints.

    Expectation and maximisation in turn: what each family's law is given the prior
    (`hitchhiker.forecasts.posterior.posterior`), what the prior is given the laws.

    Parameters
    ----------
    rows : dict of Rows
        By source, family and loss kind.
    start : Prior

    Returns
    -------
    Prior
        Without `drift` and `reach`, which `calibrate` gives.
    """
    weights, prior, found = study_weights(rows), start, dict.fromkeys(rows)
    studies = len({key[0] for key in rows})
    for _ in range(steps):
        found = {
            k: posterior(r, prior, start=found[k], rounds=2) for k, r in rows.items()
        }
        laws = np.array([LEVELLESS @ p.mode for p in found.values()])
        own = np.array([LEVELLESS @ p.covariance @ LEVELLESS.T for p in found.values()])
        trusted = weights * [p.weight for p in found.values()]
        mean = trusted @ laws / trusted.sum()
        away = laws - mean
        covariance = np.einsum("f,fij->ij", weights, own)
        covariance += np.einsum("f,fi,fj->ij", trusted, away, away)
        covariance = (studies * covariance + VAGUE) / (studies + 1)
        noise = np.exp(weights @ np.log([p.row_noise for p in found.values()]))
        moved = np.abs(mean - prior.mean).max()
        prior = Prior(mean, covariance, RUN_NOISE, float(noise))
        if moved < 0.01:
            break
    return replace(prior, sources=tuple(sorted({key[0] for key in rows})))


def cells(table):
    """Windows of sizes, and starts of all runs: rows seen, their end, what to forecast."""
    train, target = selection.hold_out(table)
    kept = selection.early_cut(train)
    count = len(selection.sizes(train))
    end = target.loc[target["tokens_seen"].idxmax()]
    chosen = [
        selection.window(train, k, end)
        for end in evenly_spaced(count)
        for k in evenly_spaced(count)
        if k <= end
    ]
    if selection.describe(table)["checkpoints"].iloc[0] >= MANY:
        chosen += [
            selection.first_share(selection.smallest(train, k), share)
            for k in evenly_spaced(count, FEW)
            for share in SHARES
        ]
    for some in chosen:
        seen = train.loc[some.index.intersection(kept.index)]
        if len(seen):
            yield seen, end


def errors(tables, prior):
    """Errors of forecasts of the ends of all families of one study, a row a cell."""
    out = []
    for key, table in tables.items():
        for seen, target in cells(table):
            rows = rows_of(seen)
            x = np.log([target["num_params"] / REFERENCE["num_params"]])
            z = np.log([target["tokens_seen"] / REFERENCE["tokens_seen"]])
            found = posterior(rows, prior)
            laws, weights = draw(found, rows, prior)
            loss = log_loss(laws, x, z)[:, 0]
            middle = weights @ loss
            beyond = [float(b[0]) for b in further(x, z, rows, unfinished(seen))]
            out.append(
                {
                    "key": key,
                    "error": np.log(target["loss"]) - middle,
                    "found": found,
                    "variance": weights @ (loss - middle) ** 2,
                    "beyond": beyond,
                }
            )
    return out


def calibrate(prior, told):
    """The prior with drift, slip and the reach of intervals that errors ask for.

    Parameters
    ----------
    prior : Prior
    told : list of dict
        From `errors`, by priors that had not seen the family's study.
    """
    late = [t for t in told if t["beyond"][1] > LATE]
    done = [t for t in told if t["beyond"][1] <= LATE]
    prior, reach = replace(prior, slip=0.0, slip_noise=0.0), None
    best = -np.inf
    for drift in DRIFTS:
        trial = replace(prior, drift=drift)
        weight, error, spread = _standard(done, trial)
        likely = weight @ (
            -(TAIL + 1) / 2 * np.log1p((error / spread) ** 2 / TAIL) - np.log(spread)
        )
        if likely > best:
            best, chosen, reach = (
                likely,
                trial,
                _quantiles(np.abs(error / spread), weight, LEVELS),
            )
    reach = {level: float(r) for level, r in zip(LEVELS, reach, strict=True)}
    weight, error, _ = _standard(late, chosen)
    slip = _quantiles(error / [t["beyond"][1] for t in late], weight, 0.5)
    for noise in SLIPS:
        chosen = replace(chosen, reach=reach, slip=float(slip), slip_noise=noise)
        weight, error, spread = _standard(late, chosen)
        if _quantiles(np.abs(error / spread), weight, 0.8) <= reach[0.8]:
            break
    return chosen


def _standard(told, prior):
    """Weight of each cell, its error and the spread that the prior gives it."""
    keys = pd.Series([t["key"] for t in told])
    every = list(dict.fromkeys(keys))
    weight = keys.map(dict(zip(every, study_weights(every), strict=True)))
    spread = [
        predictive_spread(t["variance"], t["beyond"], t["found"], prior) for t in told
    ]
    error = [t["error"] - prior.slip * t["beyond"][1] for t in told]
    return (
        (weight / keys.map(keys.value_counts())).to_numpy(),
        np.array(error),
        np.array(spread),
    )


def _quantiles(values, weights, levels):
    return np.quantile(values, levels, weights=weights, method="inverted_cdf")


def leave_out(progress=lambda: None):
    """Every prior: of all studies, and without each of them, by name.

    What is calibrated for a prior is calibrated on errors of priors that lack one more
    study, so nothing of the study left out enters.
    """
    tables = families()
    rows = learnable(tables)
    sources = sorted({key[0] for key in tables})
    of = {s: {k: t for k, t in tables.items() if k[0] == s} for s in sources}
    full = learn(rows)

    def without(*left):
        progress()
        return learn({k: r for k, r in rows.items() if k[0] not in left}, start=full)

    lacking = {(s,): without(s) for s in sources}
    lacking |= {pair: without(*pair) for pair in combinations(sources, 2)}
    out = {
        "all": calibrate(full, [e for s in sources for e in errors(of[s], lacking[s,])])
    }
    for s in sources:
        told = []
        for other in (t for t in sources if t != s):
            progress()
            told += errors(of[other], lacking[tuple(sorted((s, other)))])
        out[f"without {s}"] = calibrate(lacking[s,], told)
    return out


def pair_rows(tables, priors):
    """Differences between two families that can be compared, at small sizes and the target.

    Two recipes of one study on one text whose targets have one size: epochs of one
    corpus, deduplicated or not, three corpora on common texts, two architectures.

    Returns
    -------
    DataFrame
        ``source, error`` (of the paired difference at the target) ``, beyond`` (log of
        the scale-up) ``, apart`` (error of the difference of two forecasts) ``,
        width``.
    """
    rows = []
    for (one, a), (other, b) in combinations(tables.items(), 2):
        if one[0] != other[0] or one[2] != other[2] or _corpus(one) != _corpus(other):
            continue
        if one[:1] + one[2:] == ("overtrain", "train"):  # each on its own text
            continue
        sides = [selection.hold_out(t) for t in (a, b)]
        ends = [t.loc[t["tokens_seen"].idxmax()] for _, t in sides]
        same = [
            abs(np.log(ends[0][c] / ends[1][c])) < 0.2
            for c in ("num_params", "tokens_seen")
        ]
        if not all(same):
            continue
        truth = np.log(ends[0]["loss"] / ends[1]["loss"])
        made = [
            forecast(
                t, e["num_params"], e["tokens_seen"], prior=priors[f"without {one[0]}"]
            ).table.iloc[0]
            for (t, _), e in zip(sides, ends, strict=True)
        ]
        apart = truth - np.log(made[0]["loss"] / made[1]["loss"])
        width = np.hypot(*(np.log(m["high_80"] / m["loss"]) for m in made)) / 1.2816
        for pair in paired(sides[0][0], sides[1][0]).to_dict("records"):
            rows.append(
                {
                    "source": one[0],
                    "error": truth - pair["difference"],
                    "apart": apart,
                    "difference": abs(pair["difference"]),
                    "beyond": np.log(ends[0]["num_params"] / pair["num_params"]),
                    "width": width,
                }
            )
    return pd.DataFrame(rows)


def _corpus(key):
    """What two families must share to be compared: corpus of datablations, suite of Pythia."""
    return (
        re.match(r"gpt2-[a-z0-9]+|pythia-v\d|\w*", key[1])[0] if key[0] != "mad" else ""
    )


def learn_pairs(rows):
    """How far paired differences move, as in `hitchhiker.forecasts.comparing.pair_errors`."""
    weight = study_weights(list(zip(rows["source"])))
    weight = weight / rows.groupby("source")["source"].transform("size").to_numpy()
    likely = {}
    for given in product(
        (0.002, 0.003, 0.005, 0.007, 0.01),
        (0.0, 0.001, 0.002, 0.003, 0.005),
        (0.0, 0.05, 0.1, 0.2, 0.3, 0.5),
    ):
        spread = pair_spread(*given, rows["difference"], rows["beyond"])
        likely[given] = weight @ (
            stats.t.logpdf(rows["error"] / spread, TAIL) - np.log(spread)
        )
    same, growth, stretch = max(likely, key=likely.get)
    apart = _quantiles((rows["apart"] / rows["width"]).abs(), weight, 0.68)
    return {
        "same": same,
        "growth": growth,
        "stretch": stretch,
        "apart": round(float(apart), 3),
    }


def as_text(priors, pairs):
    """The priors as JSON, with what they were learned from."""

    def plain(prior):
        rounded = {
            "mean": prior.mean.round(4).tolist(),
            "covariance": prior.covariance.round(4).tolist(),
            "reach": {str(k): round(v, 3) for k, v in prior.reach.items()},
        }
        return {
            "sources": list(prior.sources),
            **rounded,
            "run_noise": prior.run_noise,
            "row_noise": round(prior.row_noise, 5),
            "drift": prior.drift,
            "slip": round(prior.slip, 4),
            "slip_noise": round(prior.slip_noise, 4),
        }

    head = {
        "what": "prior about scaling laws, see hitchhiker.forecasts.posterior and experiments.learn_prior",
        "renew": "python -m experiments.learn_prior",
        "learned_from": "the tables of this folder",
        "fingerprint": fingerprint(learn),
        "reference": REFERENCE,
        "numbers": NAMES,
        "pairs": pairs,
        "priors": {name: plain(prior) for name, prior in priors.items()},
    }
    return json.dumps(head, indent=1) + "\n"


if __name__ == "__main__":
    found = leave_out()
    rows = pair_rows(families(), found)
    of_pairs = {"all": learn_pairs(rows)}
    for name in rows["source"].unique():
        of_pairs[f"without {name}"] = learn_pairs(rows[rows["source"] != name])
    (tables_folder() / PRIOR).write_text(as_text(found, of_pairs), encoding="utf-8")
    print(f"wrote {tables_folder() / PRIOR}")

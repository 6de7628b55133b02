"""Learn from all families what scaling laws look like.

``python -m experiments.learn_prior`` writes ``data/prior.json`` (some minutes).
``python -m experiments.learn_prior --fingerprint`` writes only the fingerprint of code
and tables in it anew (seconds), after a change that moves no number: it learns the
prior of all studies, and refuses if that is another than the stored one.

The prior behind `hitchhiker.forecast` is the mean and the covariance of laws over
studies, by an EM algorithm in which every study weighs the same, with the noise about a
law and the width of the intervals. Everything is learned again without each study in
turn, so that the forecasts of its families can be judged.
"""

import json
import sys
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from hitchhiker.forecasts.observations import observations
from hitchhiker.forecasts.parametrisation import RATIO_NAMES, REFERENCE, TO_RATIOS
from hitchhiker.forecasts.posterior import posterior
from hitchhiker.forecasts.prior import PRIOR_FILE, Prior
from hitchhiker.runs import selection
from hitchhiker.runs.data import tables_folder

from .cache import fingerprint
from .calibration import calibrate, errors, study_weights
from .grids import eligible_families
from .learn_pairs import learn_pairs, pair_rows
from .studies import KEYS

MOST_EPOCHS = 4.5  # families of more repetitions are judged but not learned from
RUN_NOISE = 0.015  # given, not learned: it could explain away what the law should
START_PRIOR = Prior(
    np.array([-1.1, -1.1, -1.1, -0.9]), np.diag([0.5, 0.1, 0.8, 0.15]), RUN_NOISE, 0.01
)
HYPERPRIOR = np.diag([0.3, 0.05, 0.3, 0.05])  # covariance that counts as a study more
EM_STEPS = 25
SETTLED = 0.01  # a step that moves the mean by less is the last


def families():
    """Tables of the families that the prior is judged on, by source, family, kind."""
    return {
        tuple(t[KEYS].iloc[0]): t.reset_index(drop=True) for t in eligible_families(1)
    }


def learnable(tables):
    """Observations of the families to learn from: few passes over the data."""
    return {
        key: observations(selection.early_cut(table))
        for key, table in tables.items()
        if not (table["epochs"].fillna(1) > MOST_EPOCHS).any()
    }


def learn(observed, start=START_PRIOR):
    """Mean and covariance of laws over studies, and the noise of checkpoints.

    Expectation and maximisation in turn: what each family's law is given the prior
    (`hitchhiker.forecasts.posterior.posterior`), what the prior is given the laws.

    Parameters
    ----------
    observed : dict of Observations
        By source, family and loss kind.
    start : Prior

    Returns
    -------
    Prior
        Without drift, gain and half widths, which `calibrate` gives.
    """
    weights = study_weights(observed)
    sources = tuple(sorted({key[0] for key in observed}))
    posteriors = dict.fromkeys(observed)
    prior = start
    for _ in range(EM_STEPS):
        posteriors = {
            key: posterior(one, prior, start=posteriors[key], rounds=2)
            for key, one in observed.items()
        }
        updated = _maximised(list(posteriors.values()), weights, len(sources))
        moved = np.abs(updated.mean - prior.mean).max()
        prior = updated
        if moved < SETTLED:
            break
    return replace(prior, sources=sources)


def _maximised(posteriors, weights, n_studies):
    """The prior that laws (n,) ask for, each with its weight."""
    laws = np.array([TO_RATIOS @ p.mode for p in posteriors])
    within = np.array([TO_RATIOS @ p.covariance @ TO_RATIOS.T for p in posteriors])
    trusted = weights * [p.prior_weight for p in posteriors]
    mean = trusted @ laws / trusted.sum()
    offset = laws - mean
    covariance = np.einsum("f,fij->ij", weights, within)
    covariance += np.einsum("f,fi,fj->ij", trusted, offset, offset)
    covariance = (n_studies * covariance + HYPERPRIOR) / (n_studies + 1)
    row_noise = np.exp(weights @ np.log([p.row_noise for p in posteriors]))
    return Prior(mean, covariance, RUN_NOISE, float(row_noise))


def leave_out(tables):
    """Every prior: of all studies, and without each of them, by name.

    What is calibrated for a prior is calibrated on errors of priors that lack one more
    study, so nothing of the study left out enters.
    """
    observed = learnable(tables)
    sources = sorted({key[0] for key in tables})
    by_source = {s: {k: t for k, t in tables.items() if k[0] == s} for s in sources}
    full = learn(observed)

    def without(*left_out):
        rest = {k: o for k, o in observed.items() if k[0] not in left_out}
        return learn(rest, start=full)

    lacking = {(s,): without(s) for s in sources}
    lacking |= {pair: without(*pair) for pair in combinations(sources, 2)}
    judged = [errors(by_source[s], lacking[s,]) for s in sources]
    priors = {"all": calibrate(full, pd.concat(judged, ignore_index=True))}
    for source in sources:
        judged = [
            errors(by_source[other], lacking[tuple(sorted((source, other)))])
            for other in sources
            if other != source
        ]
        table = pd.concat(judged, ignore_index=True)
        priors[f"without {source}"] = calibrate(lacking[source,], table)
    return priors


def as_facts(prior):
    """A prior as it is stored."""
    return {
        "sources": list(prior.sources),
        "mean": prior.mean.round(4).tolist(),
        "covariance": prior.covariance.round(4).tolist(),
        "half_widths": {str(k): round(v, 3) for k, v in prior.half_widths.items()},
        "run_noise": prior.run_noise,
        "row_noise": round(prior.row_noise, 5),
        "size_drift": prior.size_drift,
        "decay_gain": round(prior.decay_gain, 4),
        "decay_gain_sd": round(prior.decay_gain_sd, 4),
    }


def learn_all():
    """What the shipped file holds: every prior, every errors of pairs, their origin."""
    tables = families()
    priors = leave_out(tables)
    rows = pair_rows(tables, priors)
    pairs = {"all": learn_pairs(rows)}
    for source in rows["source"].unique():
        pairs[f"without {source}"] = learn_pairs(rows[rows["source"] != source])
    return {
        "what": "prior about scaling laws, see hitchhiker.forecasts.prior",
        "renew": "python -m experiments.learn_prior",
        "learned_from": "the tables of this folder",
        "fingerprint": current_fingerprint(),
        "reference": REFERENCE,
        "numbers": RATIO_NAMES,
        "pairs": pairs,
        "priors": {name: as_facts(prior) for name, prior in priors.items()},
    }


def current_fingerprint():
    """Hash of the code and the tables that the prior is learned from, less itself."""
    return fingerprint(learn, without=(PRIOR_FILE,))


def with_fingerprint(content):
    """The stored content with the fingerprint of today, if it is still what is learned.

    Raises
    ------
    SystemExit
        If the prior of all studies is another today; the message names what differs.
    """
    stored = content["priors"]["all"]
    learned = as_facts(learn(learnable(families())))
    changed = [
        name
        for name in ("sources", "mean", "covariance", "row_noise")
        if learned[name] != stored[name]
    ]
    if changed:
        raise SystemExit(
            f"{', '.join(changed)} of the prior changed: learn it again without "
            "--fingerprint"
        )
    return content | {"fingerprint": current_fingerprint()}


if __name__ == "__main__":
    path = tables_folder() / PRIOR_FILE
    if sys.argv[1:] == ["--fingerprint"]:
        made = with_fingerprint(json.loads(path.read_text(encoding="utf-8")))
    else:
        made = learn_all()
    path.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {path}")

"""Learning a prior about scaling laws from many families."""

import json

import numpy as np
import pandas as pd
import pytest

from experiments import learn_pairs, learn_prior
from experiments.calibration import calibrate, study_weights
from hitchhiker import load_prior, load_runs
from hitchhiker.forecasts.comparing import pair_sd
from hitchhiker.forecasts.observations import Observations
from hitchhiker.forecasts.parametrisation import log_loss
from hitchhiker.forecasts.prior import PRIOR_FILE
from hitchhiker.laws import Z_80
from hitchhiker.runs.data import shipped


def population(n_studies=14, seed=0):
    """Families of laws drawn around a mean, one a study."""
    rng = np.random.default_rng(seed)
    mean, spread = np.array([-0.9, -1.0, -1.2, -0.9]), np.array([0.5, 0.2, 0.5, 0.2])
    out = {}
    for k in range(n_studies):
        free = mean + spread * rng.standard_normal(4)
        theta = np.insert(free, 0, 0.0)
        theta[[0, 1, 3]] += np.log(2)
        size = np.repeat(np.log([0.05, 0.2, 0.8, 3.0]), 6)
        tokens = np.tile(np.linspace(-1, 1, 6), 4)
        loss = log_loss(theta, size, tokens) + 0.003 * rng.standard_normal(24)
        out[f"s{k}", "f", "k"] = Observations(
            size, tokens, loss, np.repeat(np.arange(4), 6), np.ones(24)
        )
    return out, mean, spread


def test_it_learns_what_a_population_looks_like():
    rows, mean, spread = population()
    prior = learn_prior.learn(rows)
    np.testing.assert_allclose(prior.mean, mean, atol=0.35)
    assert (np.sqrt(np.diag(prior.covariance)) < 2 * spread).all()
    assert (np.sqrt(np.diag(prior.covariance)) > 0.5 * spread).all()
    assert prior.row_noise == pytest.approx(0.005, abs=0.003)


def test_every_study_weighs_the_same():
    weights = study_weights([("a", 1), ("a", 2), ("b", 1)])
    np.testing.assert_allclose(weights, [0.25, 0.25, 0.5])


def test_intervals_are_as_wide_as_the_errors_ask_for():
    rng = np.random.default_rng(0)
    n, sd = 4000, 0.02
    longer = 2.0 * (np.arange(n) % 2)
    error = 2 * sd * rng.standard_normal(n)
    error += longer * (0.05 * rng.standard_normal(n) - 0.03)
    table = pd.DataFrame(
        {
            "source": [f"s{i % 20}" for i in range(n)],
            "family": "f",
            "loss_kind": "k",
            "error": error,
            "variance": sd**2,
            "size_gap": 0.0,
            "token_gap": longer,
            "row_noise": 0.0,
            "prior_distance": 4.0,
        }
    )
    prior = calibrate(load_prior(), table)
    assert prior.half_widths[0.8] == pytest.approx(2 * Z_80, rel=0.06)
    assert prior.half_widths[0.9] == pytest.approx(2 * 1.6449, rel=0.06)
    assert prior.decay_gain == pytest.approx(-0.03, abs=0.005)
    width = prior.half_widths[0.8] * np.hypot(sd, 2 * prior.decay_gain_sd)
    assert width == pytest.approx(Z_80 * np.hypot(2 * sd, 2 * 0.05), rel=0.2)


def test_families_of_many_epochs_are_not_learned_from():
    tables = learn_prior.families()
    names = {key[1] for key in tables} - {
        key[1] for key in learn_prior.learnable(tables)
    }
    assert names
    assert all(
        load_runs(family=name)["epochs"].max() > learn_prior.MOST_EPOCHS
        for name in names
    )


def test_the_shipped_prior_is_what_the_tables_give():
    rows = learn_prior.learnable(learn_prior.families())
    known = load_prior()
    again = learn_prior.learn(rows)
    np.testing.assert_allclose(again.mean, known.mean, atol=0.02)
    np.testing.assert_allclose(again.covariance, known.covariance, atol=0.03)
    assert again.sources == known.sources


def test_a_left_out_study_does_not_enter():
    rows = learn_prior.learnable(learn_prior.families())
    without = {k: r for k, r in rows.items() if k[0] != "gpt3"}
    again = learn_prior.learn(without, start=load_prior())
    np.testing.assert_allclose(again.mean, load_prior(without="gpt3").mean, atol=0.03)


def test_it_was_learned_from_the_code_and_the_tables_of_today():
    stored = json.loads(shipped(PRIOR_FILE))["fingerprint"]
    assert stored == learn_prior.current_fingerprint(), (
        "learn the prior again: python -m experiments.learn_prior; after a change that "
        "moves no number: python -m experiments.learn_prior --fingerprint"
    )


def test_the_fingerprint_alone_is_not_renewed_where_the_prior_changed(monkeypatch):
    content = json.loads(shipped(PRIOR_FILE))
    learned = load_prior()
    monkeypatch.setattr(learn_prior, "learn", lambda observed: learned)
    monkeypatch.setattr(learn_prior, "current_fingerprint", lambda: "new")
    renewed = learn_prior.with_fingerprint(content)
    assert renewed == content | {"fingerprint": "new"}
    learned.mean[0] += 0.001
    with pytest.raises(SystemExit, match="mean of the prior changed"):
        learn_prior.with_fingerprint(content)


def test_pairs_tell_how_far_differences_move():
    rng = np.random.default_rng(0)
    n = 3000
    extrapolation = rng.uniform(0, 3, n)
    difference = rng.uniform(0, 0.1, n)
    sd = pair_sd(0.005, 0.0, 0.2, difference, extrapolation)
    rows = pd.DataFrame(
        {
            "source": [f"s{i % 5}" for i in range(n)],
            "error": sd * rng.standard_t(5, n),
            "difference": difference,
            "extrapolation": extrapolation,
            "apart": 0.5 * rng.standard_normal(n),
            "width": 1.0,
        }
    )
    found = learn_pairs.learn_pairs(rows)
    assert (found["floor"], found["per_difference"]) == (0.005, 0.2)
    assert found["apart"] == pytest.approx(0.5, abs=0.03)

"""Learning a prior about scaling laws from many families."""

import json

import numpy as np
import pytest

from experiments import learn_prior
from hitchhiker import load_prior, load_runs
from hitchhiker.forecasts.posterior import LEVELLESS, Posterior, Rows, log_loss
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
        out[f"s{k}", "f", "k"] = Rows(
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
    weights = learn_prior.study_weights([("a", 1), ("a", 2), ("b", 1)])
    np.testing.assert_allclose(weights, [0.25, 0.25, 0.5])


def test_intervals_are_as_wide_as_the_errors_ask_for():
    rng = np.random.default_rng(0)
    spread = 0.02
    found = Posterior(np.zeros(5), np.eye(5), 0.01, 0.0, 4.0, 1.0)
    told = []
    for i in range(4000):
        longer = 2.0 * (i % 2)
        error = 2 * spread * rng.standard_normal() + longer * (
            0.05 * rng.standard_normal() - 0.03
        )
        told.append(
            {
                "key": (f"s{i % 20}", "f", "k"),
                "error": error,
                "variance": spread**2,
                "beyond": [0.0, longer],
                "found": found,
            }
        )
    prior = learn_prior.calibrate(load_prior(), told)
    assert prior.reach[0.8] == pytest.approx(2 * 1.2816, rel=0.06)
    assert prior.reach[0.9] == pytest.approx(2 * 1.6449, rel=0.06)
    assert prior.slip == pytest.approx(-0.03, abs=0.005)
    width = prior.reach[0.8] * np.hypot(spread, 2 * prior.slip_noise)
    assert width == pytest.approx(1.2816 * np.hypot(2 * spread, 2 * 0.05), rel=0.2)


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


def test_the_shipped_belief_is_what_the_tables_give():
    rows = learn_prior.learnable(learn_prior.families())
    known = load_prior()
    again = learn_prior.learn(rows)
    np.testing.assert_allclose(again.mean, known.mean, atol=0.02)
    np.testing.assert_allclose(again.covariance, known.covariance, atol=0.03)
    assert again.sources == known.sources


def test_each_study_has_a_belief_without_it():
    stored = json.loads(shipped("prior.json"))["priors"]
    for source in load_prior().sources:
        assert source not in stored[f"without {source}"]["sources"]
        assert stored[f"without {source}"]["mean"] != stored["all"]["mean"]


def test_a_left_out_study_does_not_enter():
    rows = learn_prior.learnable(learn_prior.families())
    without = {k: r for k, r in rows.items() if k[0] != "gpt3"}
    again = learn_prior.learn(without, start=load_prior())
    np.testing.assert_allclose(again.mean, load_prior(without="gpt3").mean, atol=0.03)


def test_the_belief_is_about_what_has_no_unit():
    np.testing.assert_array_equal(LEVELLESS @ [1, 1, 0, 1, 0], 0)

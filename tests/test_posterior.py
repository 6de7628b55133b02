"""The posterior of a family's law: its observations, its mode and its draws."""

import numpy as np
import pandas as pd
import pytest
from surfaces import SURFACES, table
from test_forecasting import ladder

from hitchhiker import ScalingLaw, load_prior
from hitchhiker.forecasts.averaging import MAX_CHECKPOINTS, thin
from hitchhiker.forecasts.observations import Observations, observations
from hitchhiker.forecasts.parametrisation import (
    TO_RATIOS,
    log_loss,
    log_loss_jacobian,
)
from hitchhiker.forecasts.posterior import negative_log_posterior, posterior
from hitchhiker.forecasts.prior import UNUSUAL
from hitchhiker.forecasts.sampling import sample


@pytest.fixture(scope="module")
def prior():
    return load_prior()


def test_thinning_keeps_the_ends():
    tokens = np.geomspace(1e9, 1e11, 100)
    keep = thin(tokens, np.repeat(0, 100))
    assert len(keep) == MAX_CHECKPOINTS
    assert {0, 99} <= set(keep)


def test_whitened_noise_is_white():
    runs = np.array([0, 0, 0, 1, 1])
    ones = np.ones(5)
    observed = Observations(ones, ones, ones, runs, np.array([2.0, 1.5, 1, 1.2, 1]))
    run, row = 0.03, 0.01
    covariance = np.diag((row * observed.noise_scale) ** 2)
    covariance += run**2 * (runs[:, None] == runs)
    white = observed.whiten(np.linalg.cholesky(covariance), run, row)
    np.testing.assert_allclose(white @ white.T, np.eye(5), atol=1e-10)


def test_seeds_of_one_size_and_length_count_as_one_run():
    runs = ladder(sizes=[1e8, 3e8], noise=0)
    twins = pd.concat([runs, runs.assign(run=runs["run"] + "b", loss=runs["loss"] * 2)])
    one, both = observations(runs), observations(twins)
    np.testing.assert_array_equal(one.log_size, both.log_size)
    np.testing.assert_allclose(both.log_loss, one.log_loss + np.log(2) / 2)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, (0.5, np.inf)),
        ({"is_final": True}, (0.0, 0.0)),
        ({"is_final": False}, (1.0, np.inf)),
        ({"is_final": False, "schedule_tokens": 4e10}, (1.0, np.log(2))),
    ],
)
def test_what_is_still_to_come_is_read_off_the_longest_runs(columns, expected):
    observed = observations(ladder().assign(**columns))
    assert (observed.unfinished, observed.remaining) == pytest.approx(expected)


def test_extrapolation_stops_where_learning_rates_have_fallen():
    runs = ladder(sizes=[1e8, 1e9], tokens=2e10).assign(is_final=False)
    point = np.log([10.0, 0.1]), np.log([8.0, 0.1])
    open_ended = observations(runs).extrapolation(*point)
    np.testing.assert_allclose(open_ended, [[np.log(10), 0], [np.log(8), 0]])
    planned = observations(runs.assign(schedule_tokens=4e10)).extrapolation(*point)
    np.testing.assert_allclose(planned[1], [np.log(2), 0])


def test_the_jacobian_is_made_of_differences(prior):
    theta = np.insert(prior.mean, 0, 0.3)
    observed = observations(ladder())
    point = observed.log_size, observed.log_tokens
    for k in range(5):
        step = np.zeros(5)
        step[k] = 1e-6
        ends = [log_loss(theta + s * step, *point) for s in (1, -1)]
        np.testing.assert_allclose(
            log_loss_jacobian(theta, *point)[:, k],
            (ends[0] - ends[1]) / 2e-6,
            atol=1e-6,
        )


@pytest.mark.parametrize("name", sorted(SURFACES))
def test_the_mode_is_a_minimum(name, prior):
    observed = observations(table(SURFACES[name], noise=0.01))
    family = posterior(observed, prior, rounds=30)
    least = family.negative_log(family.mode[None])[0]
    rng = np.random.default_rng(0)
    for size in (1e-3, 1e-2, 0.1):
        steps = size * rng.standard_normal((20, 5))
        assert (family.negative_log(family.mode + steps) > least - 1e-5).all()


def test_one_law_and_many_are_as_likely(prior):
    """The descent looks at one law at a time, sampling at all."""
    observed = observations(ladder())
    family = posterior(observed, prior)
    laws = family.mode + 0.1 * np.random.default_rng(0).standard_normal((7, 5))
    noise = family.run_noise, family.row_noise
    single = [negative_log_posterior(t, observed, prior, noise).value for t in laws]
    np.testing.assert_allclose(family.negative_log(laws), single, rtol=1e-12)


def test_draws_agree_with_a_chain(prior):
    """Importance sampling against a random walk, where the law is left open."""
    observed = observations(ladder(sizes=[1e8, 3e8], seed=5))
    family = posterior(observed, prior)
    noise = family.run_noise, family.row_noise
    rng = np.random.default_rng(1)
    root = np.linalg.cholesky(family.covariance)
    theta = family.mode
    value = negative_log_posterior(theta, observed, prior, noise).value
    kept = []
    for _ in range(12000):
        new = theta + root @ rng.standard_normal(5)
        new_value = negative_log_posterior(new, observed, prior, noise).value
        if np.log(rng.random()) < value - new_value:
            theta = new
            value = new_value
        kept.append(theta)
    chain = np.array(kept[1000:]) @ TO_RATIOS.T
    laws, weights = sample(family, n=4000)
    ratios = laws @ TO_RATIOS.T
    middle = weights @ ratios
    scale = chain.std(axis=0)
    np.testing.assert_allclose(middle, chain.mean(axis=0), atol=0.3 * scale.max())
    sd = np.sqrt(weights @ (ratios - middle) ** 2)
    np.testing.assert_allclose(sd, scale, rtol=0.25)


def test_it_predicts_what_its_law_says_where_runs_are():
    law = ScalingLaw(1.8, 480.0, 0.35, 2000.0, 0.37)
    sizes = np.array([1e8, 3e8, 1e9])
    family = posterior(observations(ladder(law, sizes, noise=0)), load_prior())
    mean, sd = family.predict(sizes, np.full(3, 2e10))
    np.testing.assert_allclose(np.exp(mean), law.predict(sizes, 2e10), rtol=0.005)
    far = family.predict(np.array([1e11]), np.array([2e10]))[1]
    assert (sd < far).all()
    assert sd.min() > family.row_noise


def test_the_distance_from_the_prior_is_counted_in_deviations(prior):
    usual = posterior(observations(ladder()), prior)
    odd = ScalingLaw(0.02, 3000.0, 0.4, 0.02, 0.3)
    unusual = posterior(observations(ladder(odd, (1e8, 3e8, 1e9, 3e9))), prior)
    assert usual.prior_distance < UNUSUAL < unusual.prior_distance
    assert unusual.prior_weight < usual.prior_weight

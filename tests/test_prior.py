"""The prior about scaling laws as it is shipped."""

import json

import numpy as np
import pytest
from scipy import stats

from hitchhiker import DataError, load_prior, load_runs
from hitchhiker.forecasts.parametrisation import TO_RATIOS
from hitchhiker.forecasts.prior import PRIOR_FILE, UNUSUAL, prior_for
from hitchhiker.runs.data import shipped


def test_each_study_has_a_prior_without_it():
    stored = json.loads(shipped(PRIOR_FILE))["priors"]
    for source in load_prior().sources:
        assert source not in stored[f"without {source}"]["sources"]
        assert stored[f"without {source}"]["mean"] != stored["all"]["mean"]


def test_a_study_it_was_not_learned_from_is_an_error_that_lists_the_others():
    with pytest.raises(DataError, match="'gpt4'.*chinchilla, datablations"):
        load_prior(without="gpt4")


def test_a_table_gets_the_prior_without_its_study():
    opt = load_runs("opt")
    assert prior_for(opt).sources == load_prior("opt").sources
    everything = load_prior().sources
    assert prior_for(opt.drop(columns="source")).sources == everything
    assert prior_for(opt.assign(source="mine")).sources == everything
    assert prior_for(load_runs("gzip")).sources == everything  # not learned from
    assert prior_for(load_runs(["opt", "gpt3"])).sources == everything


def test_it_is_about_what_has_no_unit():
    np.testing.assert_array_equal(TO_RATIOS @ [1, 1, 0, 1, 0], 0)


def test_unusual_is_one_family_in_a_hundred():
    assert stats.chi2.sf(UNUSUAL, 4) == pytest.approx(0.01, rel=0.02)


def test_the_further_the_wider():
    prior = load_prior()
    here = prior.predictive_sd(1e-4, (0.0, 0.0), 0.01, 4.0)
    assert here == pytest.approx(np.sqrt(2e-4))
    larger = prior.predictive_sd(1e-4, (2.0, 0.0), 0.01, 4.0)
    longer = prior.predictive_sd(1e-4, (0.0, 2.0), 0.01, 4.0)
    odd = prior.predictive_sd(1e-4, (0.0, 0.0), 0.01, 4 * UNUSUAL)
    assert min(larger, longer) > here
    assert odd == pytest.approx(2 * here)


def test_half_widths_grow_with_the_level_and_meet_the_calibrated_ones():
    prior = load_prior()
    levels = np.linspace(0.05, 0.95, 19)
    assert (np.diff(prior.half_width(levels)) > 0).all()
    assert prior.half_width([0.8])[0] == prior.half_widths[0.8]

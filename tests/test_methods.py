"""Forecasting methods: the paper's estimator rebuilt, borrowed values, baselines."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import OptimizeWarning, curve_fit
from surfaces import SURFACES, table

from hitchhiker import ScalingLaw, fit, load_runs, selection
from hitchhiker.evaluation import methods
from hitchhiker.evaluation.methods import BORROWED, METHODS, PAPER_START, LawMethod
from hitchhiker.laws import PARAMETERS

TARGETS = (np.array([1e11, 1e11]), np.array([1e12, 2e12]))


def released_code(runs):
    """The paper's estimator again, from its description: one start, raw losses."""
    start = np.array([6.255414, 7.3049974, 0.6254804, 0.3526596, 0.3526596])

    def law(_, a, b, e, alpha, beta):
        size, tokens = runs["num_params"].to_numpy(), runs["tokens_seen"].to_numpy()
        return np.exp(e) + np.exp(a) / size**alpha + np.exp(b) / tokens**beta

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OptimizeWarning)
        bounds = ([-np.inf] * 3 + [0, 0], [np.inf] * 5)
        p, _ = curve_fit(law, runs["num_params"], runs["loss"], p0=start, bounds=bounds)
    return ScalingLaw(np.exp(p[2]), np.exp(p[0]), p[3], np.exp(p[1]), p[4])


@pytest.mark.parametrize(
    "runs",
    [
        lambda: table(noise=0.01, seed=1),
        lambda: selection.early_cut(load_runs("opt"), 10e9),
        lambda: (
            load_runs("gpt3", loss_kind="validation")
            .query("tokens_seen > 10e9")
            .iloc[::10]
        ),
    ],
    ids=["synthetic", "opt", "gpt3"],
)
def test_paper_is_one_curve_fit_from_the_published_start(runs):
    runs = runs()
    ours, theirs = METHODS["paper"](runs, *TARGETS), released_code(runs)
    np.testing.assert_allclose(ours["loss"], theirs.predict(*TARGETS), rtol=1e-9)
    np.testing.assert_allclose(
        ours[list(PARAMETERS)].to_numpy()[0], list(theirs.as_dict().values()), rtol=1e-7
    )


def test_paper_start_is_as_published():
    assert PAPER_START == (6.255414, 7.3049974, 0.6254804, 0.3526596, 0.3526596)
    assert pytest.approx({"A": 520.82, "alpha": 0.3526596}, rel=1e-4) == BORROWED


def test_paper_tries_a_second_optimiser(monkeypatch):
    """When the first gives up, dogbox with the start as scale; then it says so."""
    calls = []

    def tired(*args, method=None, **options):
        calls.append((method, options.get("x_scale")))
        if method != "dogbox":
            raise RuntimeError("Optimal parameters not found")
        return np.array(PAPER_START), None

    monkeypatch.setattr(methods, "curve_fit", tired)
    found = METHODS["paper"](table(), *TARGETS)
    assert calls == [(None, None), ("dogbox", PAPER_START)]
    assert found["alpha"].eq(PAPER_START[3]).all()

    def exhausted(*args, **options):
        raise RuntimeError("Optimal parameters not found")

    monkeypatch.setattr(methods, "curve_fit", exhausted)
    with pytest.raises(RuntimeError, match="not found"):
        METHODS["paper"](table(), *TARGETS)


def test_fit_is_the_default_fit():
    runs = table(noise=0.01)
    found = METHODS["fit"](runs, *TARGETS)
    np.testing.assert_array_equal(
        found["loss"], fit(runs, early=None).predict(*TARGETS)
    )
    assert (found["status"] == fit(runs, early=None).status).all()


@pytest.mark.parametrize("objective", ["huber-log", "ls-log", "ls"])
def test_a_law_method_takes_objective_and_borrowed_values(objective):
    runs = table(noise=0.01)
    found = LawMethod(objective, {"beta": 0.3})(runs, *TARGETS)
    law = fit(runs, objective=objective, fixed={"beta": 0.3}, early=None).law
    np.testing.assert_array_equal(found["loss"], law.predict(*TARGETS))


def test_borrowed_keeps_the_published_values():
    """One size suffices: the rest is borrowed."""
    found = METHODS["borrowed"](table(n_sizes=1), *TARGETS)
    assert found["A"].eq(BORROWED["A"]).all()
    assert found["alpha"].eq(BORROWED["alpha"]).all()
    assert found["status"].eq("ok").all()


def test_many_selections_in_one_go_are_those_one_by_one():
    runs = table(noise=0.01, n_sizes=6).reset_index(drop=True)
    seen = np.array(
        [runs["run"].isin([f"run-{i}" for i in range(k)]) for k in (3, 4, 6)]
    )
    for name in ("fit", "borrowed"):
        together = METHODS[name].many(runs, seen, *TARGETS)
        for mask, found in zip(seen, together, strict=True):
            alone = METHODS[name](runs[mask], *TARGETS)
            np.testing.assert_allclose(found["loss"], alone["loss"], rtol=1e-6)
            assert found["status"][0] == alone["status"].iloc[0]
            assert found["alpha"][0] == pytest.approx(alone["alpha"].iloc[0], rel=1e-4)


def test_baselines():
    """Best seen is the least loss; most trained that of most FLOPs, though higher."""
    runs = pd.DataFrame(
        {
            "num_params": [10**9, 2 * 10**9, 10**9],
            "tokens_seen": [10**11, 10**11, 10**10],
            "loss": [2.5, 2.6, 2.4],
        }
    )
    np.testing.assert_array_equal(METHODS["best_seen"](runs, *TARGETS), [2.4, 2.4])
    np.testing.assert_array_equal(METHODS["most_trained"](runs, *TARGETS), [2.6, 2.6])
    np.testing.assert_array_equal(METHODS["best_seen"](runs, 1e11, 1e12), [2.4])


def test_built_in_names_are_those_of_the_contract():
    assert list(METHODS)[:5] == [
        "paper",
        "fit",
        "borrowed",
        "best_seen",
        "most_trained",
    ]


@pytest.mark.parametrize("name", ["paper", "fit", "borrowed"])
def test_forecasts_of_a_law_come_with_it(name):
    found = METHODS[name](table(), *TARGETS)
    assert list(found) == ["loss", *PARAMETERS, "status"]
    assert len(found) == 2
    law = ScalingLaw(**found.iloc[0][list(PARAMETERS)])
    np.testing.assert_allclose(found["loss"], law.predict(*TARGETS), rtol=1e-12)
    if name == "fit":
        np.testing.assert_allclose(
            found["loss"], SURFACES["chinchilla"].predict(*TARGETS), rtol=1e-8
        )

"""The solver: derivatives against differences, its optimum against another's."""

import numpy as np
import pytest
from oracle import least_objective, plain_fit
from surfaces import FIXED_PENALTIES, SURFACES, fit_all, numbers, table

from hitchhiker import fit_many, load_runs
from hitchhiker.fits import batch, curvature
from hitchhiker.fits.stack import Stack

# Two points of the parameter space: every term alive, and one term nearly gone.
POINTS = np.array([[0.5, 0.3, 0.4, 0.25, 0.3], [0.9, 1e-3, 1.1, 0.1, 0.05]])


def stack(objective, n_problems=2):
    """Two problems of random rows and weights, far enough from a fit to have slopes."""
    rng = np.random.default_rng(5)
    x, z = rng.normal(size=(2, n_problems, 12))
    y = np.exp(0.02 * rng.normal(size=x.shape)) * (0.5 + 0.3 * np.exp(-0.4 * x))
    weights = rng.integers(0, 4, size=x.shape).astype(float)
    goal = y if objective == "ls" else np.log(y)
    return Stack(x, z, goal, weights, objective, *batch.bounds({}))


def moved(problems, delta, step, shift):
    """The objective a step from POINTS, terms held at ``shift`` as the solver does."""
    theta = POINTS + step
    theta[:, (1, 3)] *= np.exp(step[:, (2, 4)] * shift)
    return curvature.expand(problems, theta, np.full((len(theta), 1), delta)).value


def unit(k, length):
    step = np.zeros_like(POINTS)
    step[:, k] = length * np.maximum(1e-2, np.abs(POINTS[:, k]))
    return step


@pytest.mark.parametrize("delta", [1e-3, 0.05, 10.0])
@pytest.mark.parametrize("objective", FIXED_PENALTIES)
def test_gradient_is_that_of_the_objective(objective, delta):
    problems = stack(objective)
    here = curvature.expand(problems, POINTS, np.full((2, 1), delta))
    gradient = here.gradient
    for k in range(5):
        h = unit(k, 1e-6)
        up = moved(problems, delta, h, here.shift)
        down = moved(problems, delta, -h, here.shift)
        np.testing.assert_allclose(
            gradient[:, k],
            (up - down) / (2 * h[:, k]),
            rtol=1e-5,
            atol=1e-7 * np.abs(gradient).max(),
        )


@pytest.mark.parametrize("objective", FIXED_PENALTIES)
def test_hessian_is_that_of_the_objective(objective):
    problems = stack(objective)
    here = curvature.expand(problems, POINTS, np.full((2, 1), 10.0))
    hessian = here.hessian
    np.testing.assert_allclose(hessian, hessian.swapaxes(1, 2), rtol=1e-10, atol=1e-12)
    for i in range(5):
        for j in range(5):
            a, b = unit(i, 1e-3), unit(j, 1e-3)
            corners = [
                moved(problems, 10.0, p * a + q * b, here.shift) * p * q
                for p in (-1, 1)
                for q in (-1, 1)
            ]
            numeric = sum(corners) / (4 * a[:, i] * b[:, j])
            np.testing.assert_allclose(
                hessian[:, i, j], numeric, rtol=1e-3, atol=1e-4 * np.abs(hessian).max()
            )


@pytest.mark.parametrize("objective", FIXED_PENALTIES)
def test_objective_is_the_sum_of_penalties(objective):
    """Recomputed for the returned law from the definition in the docstring of `fit`."""
    runs = table(noise=0.02, seed=1)
    weights = np.arange(len(runs)) % 3
    found = fit_all(runs, objective=objective, weights=weights)
    loss = found.predict(runs["num_params"], runs["tokens_seen"])
    residual = runs["loss"] - loss if objective == "ls" else np.log(runs["loss"] / loss)
    penalty = residual**2 / 2
    if objective == "huber-log":
        far = np.abs(residual) > 1e-3
        penalty = penalty.where(~far, 1e-3 * (np.abs(residual) - 0.5e-3))
    assert found.objective == pytest.approx((weights * penalty).sum(), rel=1e-10)


REAL = {
    "opt": lambda: load_runs("opt"),
    "gpt3": lambda: load_runs("gpt3", loss_kind="validation").iloc[::12],
    "chinchilla": lambda: load_runs("chinchilla").nsmallest(240, "loss"),
    "chinchilla-all": lambda: load_runs("chinchilla"),
    "datablations": lambda: load_runs(family="gpt2-c4-1ep").iloc[::4],
    "repeated": lambda: load_runs(family="gpt2-c4-44ep").iloc[::4],
    "pythia": lambda: load_runs(family="pythia-v1", loss_kind="lambada-last-word"),
    "noise-1%": lambda: table(noise=0.01, seed=1),
    "noise-3%": lambda: table(SURFACES["asymmetric"], noise=0.03, seed=2),
    "noise-10%": lambda: table(SURFACES["symmetric"], noise=0.1, seed=3),
    "noise-30%": lambda: table(noise=0.3, seed=4),
}


@pytest.mark.parametrize("objective", FIXED_PENALTIES)
@pytest.mark.parametrize("name", REAL)
def test_no_other_optimiser_finds_better(name, objective):
    """Ours is not above theirs, and theirs is no straw man: the two agree."""
    runs = REAL[name]()
    ours = fit_all(runs, objective=objective).objective
    theirs = least_objective(runs, objective)
    assert ours <= theirs * (1 + 1e-8)
    assert theirs <= ours * (1 + 1e-6), "the second opinion did not converge"


def test_the_plain_method_gives_the_same_law():
    """Its parameters, not only its sum, in the user's units."""
    runs = table(noise=0.01, seed=1)
    law, lowest = plain_fit(runs)
    found = fit_all(runs)
    np.testing.assert_allclose(law, numbers(found.law), rtol=1e-4)
    assert lowest == pytest.approx(found.objective, rel=1e-9)


@pytest.mark.parametrize("objective", FIXED_PENALTIES)
def test_resamples_are_solved_as_well_as_the_table(objective):
    """Weights are counts: a resample is solved as well as the repeated rows."""
    runs = load_runs("opt").drop(columns=["run", "model"])
    weights = np.random.default_rng(3).poisson(1.0, size=(5, len(runs)))
    fits = fit_many(runs, objective=objective, weights=weights)
    for counts, found in zip(weights, fits, strict=True):
        repeated = runs.loc[runs.index.repeat(counts)]
        theirs = least_objective(repeated, objective)
        assert found.objective <= theirs * (1 + 1e-8)


@pytest.mark.parametrize("name", ["A", "B"])
@pytest.mark.parametrize("seed", [9, 26, 47, 162])
def test_a_borrowed_size_alone_does_not_hide_the_optimum(name, seed):
    """Its exponent has a narrow valley, which a grid for free exponents steps over."""
    runs = table(SURFACES["symmetric"], noise=0.05, seed=seed).drop(columns="run")
    free = fit_all(runs, objective="ls-log")
    borrowed = fit_all(runs, objective="ls-log", fixed={name: getattr(free.law, name)})
    assert borrowed.objective == pytest.approx(free.objective, rel=1e-6)


@pytest.mark.parametrize("objective", FIXED_PENALTIES)
def test_many_problems_are_each_solved_alone(objective):
    """A table each, of different length, gives what `fit` gives for each."""
    tables = [
        table(law, n_sizes=3 + i, n_tokens=9 - i, noise=0.01, seed=i)
        for i, law in enumerate(SURFACES.values())
    ]
    together = fit_many(tables, objective=objective)
    for one, found in zip(tables, together, strict=True):
        alone = fit_all(one, objective=objective)
        assert found.objective == pytest.approx(alone.objective, rel=1e-9)
        assert found.status == alone.status


def test_chunks_do_not_change_the_answer(monkeypatch):
    """Problems are solved in chunks to save memory; two at a time give the same."""
    runs = table(noise=0.02, seed=6)
    weights = np.random.default_rng(0).poisson(1.0, size=(5, len(runs)))
    whole = fit_many(runs, weights=weights)
    calls, solve_chunk = [], batch.solve_chunk
    monkeypatch.setattr(batch, "MAX_WEIGHTS", 2 * len(runs))
    monkeypatch.setattr(
        batch, "solve_chunk", lambda *a: calls.append(len(a[2])) or solve_chunk(*a)
    )
    parts = fit_many(runs, weights=weights)
    assert calls == [2, 2, 1]
    np.testing.assert_allclose(
        parts.table["objective"], whole.table["objective"], rtol=1e-9
    )
    assert [f.warnings for f in parts] == [f.warnings for f in whole]
    assert parts.table["status"].tolist() == whole.table["status"].tolist()

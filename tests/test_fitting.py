"""Estimates: recovery, published numbers, borrowed parameters, weights, refusals."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from surfaces import FIXED_PENALTIES, SURFACES, fit_all, numbers, table

from hitchhiker import Fit, ScalingLaw, fit_many, load_runs
from hitchhiker.laws import PARAMETERS

LAWS = pytest.mark.parametrize("law", SURFACES.values(), ids=SURFACES)
EACH = pytest.mark.parametrize("objective", FIXED_PENALTIES)


@EACH
@LAWS
def test_noise_free_recovery(law, objective):
    found = fit_all(table(law), objective=objective)
    np.testing.assert_allclose(numbers(found.law), numbers(law), rtol=1e-7)
    assert found.status == "ok"
    assert found.warnings == ()
    assert found.objective < 1e-16


@EACH
@LAWS
def test_five_points_determine_five_parameters(law, objective):
    """The least that can be asked: three sizes, three token counts, five rows."""
    runs = table(law, n_sizes=3, n_tokens=3).iloc[[0, 1, 2, 3, 6]]
    found = fit_all(runs, objective=objective)
    np.testing.assert_allclose(numbers(found.law), numbers(law), rtol=1e-5)
    assert found.status == "ok"


@pytest.fixture(scope="module")
def chinchilla():
    """Chinchilla's points without the five of largest loss, as in Besiroglu et al."""
    runs = load_runs("chinchilla")
    assert len(runs) == 245
    return runs.nsmallest(240, "loss")


def test_chinchilla_points_give_the_known_optimum(chinchilla):
    """The global optimum of the summed Huber objective, to the digits printed."""
    found = fit_all(chinchilla, objective="huber-log")
    assert f"{found.objective:.6e}" == "1.018274e-03"
    printed = [
        f"{v:.{d}f}" for v, d in zip(numbers(found.law), (3, 0, 3, 0, 3), strict=True)
    ]
    assert printed == ["1.817", "478", "0.347", "2143", "0.367"]
    assert (found.status, found.n_rows, found.n_runs) == ("ok", 240, 240)


def test_chinchilla_agrees_with_besiroglu_et_al(chinchilla):
    """Within the standard errors of arXiv:2404.10102, table 1."""
    published = np.array([1.82, 482.01, 0.348, 2085.43, 0.366])
    errors = np.array([0.03, 124.58, 0.02, 1293.23, 0.02])
    assert (np.abs(numbers(fit_all(chinchilla).law) - published) < errors).all()


def test_monte_carlo_is_unbiased():
    """Mean of 60 estimates of E within four standard errors of the truth."""
    law = SURFACES["chinchilla"]
    runs = table(law, n_tokens=10)
    fits = fit_many(
        [table(law, n_tokens=10, noise=1e-3, seed=s) for s in range(60)],
        objective="ls-log",
    ).table
    error = fits["E"].std() / np.sqrt(len(fits))
    assert abs(fits["E"].mean() - law.E) < 4 * error
    assert error < 0.01
    assert fits["n_rows"].eq(len(runs)).all()


@EACH
@pytest.mark.parametrize(
    "names",
    [
        ("E",),
        ("A",),
        ("alpha",),
        ("B", "beta"),
        ("A", "alpha"),
        ("alpha", "beta"),
        PARAMETERS,
    ],
    ids="-".join,
)
def test_borrowed_parameters_are_kept(names, objective):
    """Fixed at the truth they let the others be recovered, and come back as given."""
    law = SURFACES["chinchilla"]
    fixed = {name: getattr(law, name) for name in names}
    found = fit_all(table(law), objective=objective, fixed=fixed)
    np.testing.assert_allclose(numbers(found.law), numbers(law), rtol=1e-6)
    assert {name: getattr(found.law, name) for name in names} == fixed
    assert found.fixed == fixed
    assert found.status == "ok"


@EACH
def test_fixing_at_the_fitted_value_changes_nothing(objective):
    runs = table(noise=0.01, seed=2)
    free = fit_all(runs, objective=objective)
    for name in PARAMETERS:
        again = fit_all(
            runs, objective=objective, fixed={name: getattr(free.law, name)}
        )
        assert again.objective == pytest.approx(free.objective, rel=1e-7)
        np.testing.assert_allclose(numbers(again.law), numbers(free.law), rtol=1e-3)


def test_scaled_threshold_follows_the_residuals():
    """Its objective is that of its threshold, which outliers do not move."""
    runs = table(noise=0.02, seed=4, n_sizes=8, n_tokens=20)
    clean = fit_all(runs, objective="huber-scaled")
    residual = np.abs(
        np.log(runs["loss"] / clean.predict(runs["num_params"], runs["tokens_seen"]))
    )
    delta = 1.345 * 1.4826 * residual.median()
    penalty = np.where(
        residual <= delta, residual**2 / 2, delta * (residual - delta / 2)
    ).sum()
    assert clean.objective == pytest.approx(penalty, rel=0.01)
    far = runs.assign(loss=runs["loss"] * np.where(np.arange(160) % 20 == 7, 1.5, 1.0))
    at, truth = (1e11, 1e12), SURFACES["chinchilla"].predict(1e11, 1e12)
    errors = {
        o: abs(fit_all(far, objective=o).predict(*at) / truth - 1)
        for o in ("huber-scaled", "ls-log")
    }
    assert errors["huber-scaled"] < 0.01 < errors["ls-log"]


def test_scaled_threshold_without_noise():
    found = fit_all(table(), objective="huber-scaled")
    np.testing.assert_allclose(
        numbers(found.law), numbers(SURFACES["chinchilla"]), rtol=1e-6
    )
    assert found.status == "ok"


def test_scaled_threshold_counts_weights_and_knows_no_unit():
    runs = table(noise=0.02, seed=5).drop(columns="run")
    counts = np.random.default_rng(0).integers(0, 3, len(runs))
    one = fit_all(runs, objective="huber-scaled", weights=counts)
    two = fit_all(
        runs.loc[runs.index.repeat(counts)].assign(loss=lambda t: 7 * t["loss"]),
        objective="huber-scaled",
    )
    assert two.objective == pytest.approx(one.objective, rel=1e-6)
    assert two.predict(1e11, 1e12) / 7 == pytest.approx(
        one.predict(1e11, 1e12), rel=1e-5
    )


def test_borrowing_wrongly_costs_and_says_so():
    """A wrong borrowed exponent raises the objective and is named in the summary."""
    found = fit_all(table(), fixed={"alpha": 0.2})
    assert found.objective > 1e-5
    assert "alpha = 0.2   (borrowed)" in found.summary()


@EACH
def test_rows_of_weight_zero_are_not_seen(objective):
    runs = table(noise=0.01)
    weights = np.array([i % 3 > 0 for i in range(len(runs))])
    kept, weighed = (
        fit_all(runs[weights], objective=objective),
        fit_all(runs, objective=objective, weights=weights),
    )
    np.testing.assert_allclose(numbers(weighed.law), numbers(kept.law), rtol=1e-5)
    assert (weighed.n_rows, weighed.n_runs) == (weights.sum(), 5)


def test_a_problem_without_rows_carries_no_number():
    """All weights zero: no estimate, no crash, and the other problem is not touched."""
    runs = table()
    fits = fit_many(runs, weights=[[0] * len(runs), [1] * len(runs)])
    assert fits.table["status"].tolist() == ["too_few_points", "ok"]
    assert np.isnan(numbers(fits[0].law)).all()
    assert "0 checkpoints cannot determine 5" in fits[0].warnings[0]
    np.testing.assert_allclose(
        numbers(fits[1].law), numbers(SURFACES["chinchilla"]), rtol=1e-7
    )


def test_fits_is_a_sequence_and_a_table():
    runs = table(noise=0.01)
    fits = fit_many([runs, runs.iloc[:30], runs.iloc[:4]])
    assert isinstance(fits, Sequence)
    assert len(fits) == 3
    assert [type(f) for f in fits] == [Fit] * 3
    assert fits[-1] == fits[2]
    assert fits[0:2] == [fits[0], fits[1]]
    assert fits[np.int64(1)] == fits[1]
    with pytest.raises(IndexError):
        fits[3]
    columns = [*PARAMETERS, "objective", "status", "n_runs", "n_rows"]
    assert list(fits.table) == columns
    assert fits.table["n_rows"].tolist() == [40, 30, 4]
    assert fits[1].law == ScalingLaw(**fits.table.loc[1, list(PARAMETERS)])
    assert list(fits.laws) == [f.law for f in fits]
    assert fits.status.tolist() == fits.table["status"].tolist()


def test_generator_of_tables_and_shared_tables_agree():
    runs = table(noise=0.01)
    apart = fit_many(runs.iloc[:n] for n in (24, 40))
    shared = fit_many(runs, weights=[np.arange(40) < n for n in (24, 40)])
    np.testing.assert_allclose(
        apart.table["objective"], shared.table["objective"], rtol=1e-8
    )


def test_a_fit_predicts_as_its_law():
    found = fit_all(table())
    assert found.predict(7e10, 1.4e12) == found.law.predict(7e10, 1.4e12)


def test_summary_reads_as_sentences():
    found = fit_all(table(n_sizes=2), fixed={"E": 1.8172})
    lines = found.summary().splitlines()
    assert lines[0] == "L = E + A / N^alpha + B / D^beta   [ok]"
    assert lines[1].startswith("16 checkpoints of 2 runs, objective huber-log = ")
    assert lines[2] == "     E = 1.8172   (borrowed)"
    assert lines[4].startswith(" alpha = 0.3478   (80 %: ")
    assert any(line.startswith("worth about ") for line in lines)
    open_fit = fit_all(table(n_sizes=2))
    assert open_fit.summary().splitlines()[-1] == f"warning: {open_fit.warnings[0]}"


def test_the_table_is_not_changed():
    runs = table().sample(frac=1, random_state=0)
    before = runs.copy()
    fit_all(runs, weights=pd.Series(1, index=runs.index))
    pd.testing.assert_frame_equal(runs, before)

"""A report of a forecast: filled in where the tool knows, blank where it does not."""

import numpy as np

from ..fits.fitting import fit
from ..fits.uncertainty import sensitivity
from ..forecasts.forecasting import Forecast
from ..runs import selection
from ..runs.arguments import instance, text, texts
from ..runs.checks import check_table, run_names
from ..runs.thinning import thinned
from ..runs.words import in_markdown, shortened
from .evaluating import evaluate

BLANK = "____"
MOST_CHOICES = 3  # of the fit that move the forecast most, named in the report
MOST_NAMES = 20  # of one kind that are written
MOST_REFITTED = 5000  # checkpoints that are fitted again and again for the report


def report(runs, result, *, notes=(), title="Forecast of a scaling law"):
    """The checklist of a trustworthy scaling-law report, as Markdown.

    Parameters
    ----------
    runs : DataFrame
        The table that the forecast was made from.
    result : Forecast
        From `hitchhiker.forecast`.
    notes : sequence of str
        What was done to the file on the way, as from
        `hitchhiker.read_export`.
    title : str

    Returns
    -------
    str
        Lines with ``____`` are the author's to fill in. Names and notes are written so
        that Markdown shows them letter by letter. Of more than 5,000 checkpoints the
        fits of the report use as many, and say so.

    Raises
    ------
    DataError
        If the table or another argument cannot be used.

    References
    ----------
    Li et al. 2025, (Mis)Fitting (arXiv:2502.18969), whose checklist the groups follow.

    Examples
    --------
    >>> from hitchhiker import forecast, load_runs
    >>> opt = load_runs("opt")
    >>> small = opt[opt["num_params"] < 1e11]
    >>> written = report(small, forecast(small, 175e9, 280e9))
    >>> "## Uncertainty" in written, written.count("____") > 5
    (True, True)
    """
    check_table(runs)
    instance("result", result, Forecast, "as from hitchhiker.forecast")
    notes = [in_markdown(note) for note in texts("notes", notes)]
    few = thinned(runs, MOST_REFITTED)
    parts = [f"# {in_markdown(text('title', title))}\n"]
    sections = {
        "Question": _question(result),
        "Runs": _runs(runs),
        "Measurement": _measurement(runs),
        "Accounting": _accounting(runs),
        "Selection": _selection(runs, notes),
        "Fit": _fit(few, len(runs), result.warnings),
        "Uncertainty": _uncertainty(result),
        "Validation": _validation(few, result),
        "Use": _use(result),
        "Release": [f"Table and code: {BLANK} (text, not pickles); licence: {BLANK}"],
    }
    for name, lines in sections.items():
        parts.append(f"## {name}\n\n" + "\n".join(f"- {line}" for line in lines) + "\n")
    return "\n".join(parts)


def _interval(row, level):
    return f"{row[f'low_{level}']:.4g} to {row[f'high_{level}']:.4g}"


def _parameters(law):
    return ", ".join(f"{name} = {value:.6g}" for name, value in law.as_dict().items())


def _question(result):
    levels = [c[4:] for c in result.table if c.startswith("low_")]
    for row in result.table.to_dict("records"):
        intervals = ", ".join(f"{k} %: {_interval(row, k)}" for k in levels)
        yield (
            f"Loss at {row['num_params']:.4g} parameters and {row['tokens_seen']:.4g} "
            f"tokens: **{row['loss']:.4g}** ({intervals})"
        )
    yield f"Decision it serves, and the error it can bear: {BLANK}"
    yield f"Written down before the target was seen: {BLANK}"


def _runs(runs):
    size, tokens = runs["num_params"], runs["tokens_seen"]
    yield (
        f"{run_names(runs).nunique()} runs, {len(selection.sizes(runs))} sizes from "
        f"{size.min():.4g} to {size.max():.4g} parameters, {len(runs)} checkpoints up "
        f"to {tokens.max():.4g} tokens, {selection.cost(runs):.3g} FLOPs"
    )
    for column, what in (
        ("arch", "Architecture"),
        ("corpus", "Data"),
        ("schedule", "Schedule"),
        ("seed", "Seeds"),
    ):
        yield f"{what}: {_names(runs, column) or BLANK}"
    yield f"Tokenizer, unique tokens, epochs: {BLANK}"
    yield f"How learning rate and batch were chosen for each size: {BLANK}"
    yield f"Failed or diverged runs: {BLANK}"


def _measurement(runs):
    kind, unit = (_names(runs, c) or BLANK for c in ("loss_kind", "loss_unit"))
    yield f"Loss: {kind}; unit: {unit}; split and tokens evaluated: {BLANK}"
    yield f"Smoothing: {BLANK}; evaluation noise as a number: {BLANK}"


def _names(runs, column):
    """What a column holds, as Markdown shows it letter by letter."""
    known = runs[column].dropna().unique() if column in runs else []
    return in_markdown(shortened(known, MOST_NAMES))


def _accounting(runs):
    counted = (
        "as the table says" if "flops" in runs else "6 FLOPs a parameter and token"
    )
    yield f"FLOPs: {counted}; parameters with or without embedding and head: {BLANK}"


def _selection(runs, notes):
    dropped = len(runs) - len(selection.early_cut(runs))
    yield (
        f"First tenth of each run, at most {selection.EARLY_TOKENS:.0e} tokens, left "
        f"out: {dropped} of {len(runs)} checkpoints"
    )
    yield from notes or ["No other row was left out or changed by the tool"]
    yield f"Rows left out before: {BLANK}"


def _fit(runs, n_rows, told):
    plain = fit(selection.early_cut(runs), force=True)
    yield "Equation: L(N, D) = E + A / N^alpha + B / D^beta"
    if len(runs) < n_rows:
        yield (
            f"Plain fit and validation use {len(runs):,} of {n_rows:,} checkpoints, "
            "evenly over the logarithm of tokens"
        )
    yield (
        f"Plain fit (Huber on the log loss, sum, delta 1e-3): {_parameters(plain.law)};"
        f" status {plain.status}"
    )
    yield from (in_markdown(word) for word in plain.warnings if word not in told)


def _uncertainty(result):
    yield (
        f"Forecast: mean over laws under a prior learned from {len(result.sources)} "
        f"studies ({', '.join(result.sources)}); most plausible: "
        f"{_parameters(result.law)}"
    )
    yield (
        "Runs, not checkpoints, count as independent; intervals calibrated on other "
        "studies"
    )
    yield from (f"Warning: {in_markdown(w)}" for w in result.warnings)


def _validation(runs, result):
    yield (
        _held_out(runs)
        if len(selection.sizes(runs)) > 1
        else ("One size: nothing can be held out")
    )
    last = result.table.iloc[-1]
    target = last["num_params"], last["tokens_seen"]
    choices = sensitivity(runs, *target, force=True).iloc[1:]
    order = choices["moved"].abs().sort_values(ascending=False).index
    for row in choices.loc[order[:MOST_CHOICES]].itertuples():
        if np.isfinite(row.moved):
            yield (
                f"The plain fit's forecast moves by {100 * row.moved:+.1f} % with: "
                f"{in_markdown(row.change)}"
            )


def _held_out(runs):
    """How well the largest size is forecast from the others."""
    rows = evaluate(
        runs.drop(columns=["source", "family"], errors="ignore"),
        ["forecast", "fit", "best_seen"],
        force=True,
    )
    errors = ", ".join(
        f"{row['method']} {100 * row['are']:.1f} %" for row in rows.to_dict("records")
    )
    return (
        f"Largest size held out and forecast from the others (scale-up "
        f"{rows['scale_up'].iloc[0]:.1f}): ARE {errors}"
    )


def _use(result):
    yield from (f"Would narrow it: {a}" for a in result.advice)
    bounds = BLANK
    if "low_90" in result.table:
        bounds = f"a loss outside {_interval(result.table.iloc[-1], '90')}"
    yield f"What would falsify it: {bounds}"

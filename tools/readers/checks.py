"""What a reader gives back must keep the contract, or nothing is written."""

import numpy as np
import pandas as pd

from . import DATA, EVALUATION_COLUMNS, LOSS_COLUMNS, RUN_FACTS
from .rawfiles import SourceError

SCORE_KEY = ["run", "step", "tokens_seen", "task", "metric", "shots"]


def check_frames(source: str, runs: pd.DataFrame, losses: pd.DataFrame) -> None:
    """Raise `SourceError` unless a reader's runs and losses keep the contract.

    Parameters
    ----------
    source : str
        Name of the source; every run must carry it.
    runs, losses : DataFrame
        What ``read`` returned.
    """
    _check_columns(source, runs, RUN_FACTS)
    _check_columns(source, losses, LOSS_COLUMNS)
    _check_runs(source, runs, losses)
    _check_losses(source, runs, losses)


def _check_runs(source: str, runs: pd.DataFrame, losses: pd.DataFrame) -> None:
    unexplained = (runs["family"].fillna("") == "") & (runs["note"].fillna("") == "")
    bad_params = ~(runs["num_params"].astype(float) > 0)
    silent = ~runs["run"].isin(losses["run"])
    _refuse(source, runs, runs["run"].duplicated(), "run names that occur twice")
    _refuse(source, runs, runs["source"] != source, "runs of another source")
    _refuse(source, runs, unexplained, "no family and no note")
    _refuse(source, runs, bad_params, "parameter counts that are not positive")
    _refuse(source, runs, silent, "runs without a loss")


def _check_losses(source: str, runs: pd.DataFrame, losses: pd.DataFrame) -> None:
    declared = pd.read_csv(DATA / "loss_kinds.csv")["loss_kind"]
    unknown = ~losses["run"].isin(runs["run"])
    undeclared = ~losses["loss_kind"].isin(declared)
    good = np.isfinite(losses["loss"]) & (losses["loss"] > 0)
    tokens, step = losses["tokens_seen"].astype(float), losses["step"].astype(float)
    bad_tokens = (tokens <= 0) | np.isinf(tokens)
    no_axis = tokens.isna() & ~(step > 0)
    known = tokens.notna().groupby([losses["run"], losses["loss_kind"]])
    mixed = known.transform("any") & tokens.isna()
    _refuse(source, losses, unknown, "losses of unknown runs")
    _refuse(source, losses, undeclared, "kinds of loss not in data/loss_kinds.csv")
    _refuse(source, losses, ~good, "losses that are not positive and finite")
    _refuse(source, losses, bad_tokens, "tokens that are not positive")
    _refuse(source, losses, no_axis, "neither tokens nor a positive step")
    _refuse(source, losses, mixed, "tokens known for a part of the run only")


def check_scores(source: str, scores: pd.DataFrame, runs: pd.DataFrame) -> None:
    """Raise `SourceError` unless a reader's scores keep the contract.

    Parameters
    ----------
    source : str
        Name of the source.
    scores : DataFrame
        What ``read_evaluations`` returned.
    runs : DataFrame
        The source's runs.
    """
    _check_columns(source, scores, EVALUATION_COLUMNS)
    unknown = ~scores["run"].isin(runs["run"])
    fraction = scores["value"].between(0, 1)
    _refuse(source, scores, unknown, "scores of unknown runs")
    _refuse(source, scores, scores.duplicated(SCORE_KEY), "scores that occur twice")
    _refuse(source, scores, ~fraction, "scores that are no fractions")


def _check_columns(source: str, table: pd.DataFrame, columns: tuple) -> None:
    if tuple(table.columns) != columns:
        raise SourceError(
            f"{source}: columns are {list(table.columns)}, not {list(columns)}."
        )
    if table.empty:
        raise SourceError(f"{source}: the reader found no rows.")


def _refuse(source: str, table: pd.DataFrame, bad: pd.Series, what: str) -> None:
    if bad.any():
        examples = ", ".join(map(str, table.loc[bad, "run"].unique()[:3]))
        raise SourceError(
            f"{source}: {int(bad.sum())} rows with {what}, such as {examples}."
        )

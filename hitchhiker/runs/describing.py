"""What families a table of runs holds."""

import pandas as pd


def describe(runs):
    """Describe the families of a table: one row a source, family and loss kind.

    Returns
    -------
    DataFrame
        ``source, family, loss_kind, n_sizes, n_runs, n_rows, checkpoints`` (median a
        run) ``, min_params, max_params, first_tokens`` (median over runs of the first
        checkpoint) ``, max_tokens, min_loss``.
    """
    keys = ["source", "family", "loss_kind"]
    by_run = runs.groupby([*keys, "run"], sort=False)["tokens_seen"].agg(
        ["size", "min"]
    )
    by_run = by_run.groupby(keys, sort=False).median()
    group = runs.groupby(keys, sort=False)
    return pd.DataFrame(
        {
            "n_sizes": group["model"].nunique(),
            "n_runs": group["run"].nunique(),
            "n_rows": group.size(),
            "checkpoints": by_run["size"],
            "min_params": group["num_params"].min(),
            "max_params": group["num_params"].max(),
            "first_tokens": by_run["min"],
            "max_tokens": group["tokens_seen"].max(),
            "min_loss": group["loss"].min(),
        }
    ).reset_index()

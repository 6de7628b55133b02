"""The files in ``data/examples``, made from real runs, their targets left out.

``python -m experiments.example_files`` writes them.
"""

import pandas as pd

from hitchhiker.runs import selection
from hitchhiker.runs.data import load_runs, tables_folder

EXAMPLE_COLUMNS = (
    "run source family num_params tokens_seen loss loss_kind is_final"
).split()
LADDER_SERIES = {"family": "overtrain-c4", "loss_kind": "validation-c4-val"}
RECIPES = {"recipe_a": "overtrain-redpajama", "recipe_b": "overtrain-refinedweb"}
RECIPE_TEXT = "validation-paloma-ptb"
RECIPE_RATIO = (19, 21)  # tokens per parameter of the runs of both recipes
WATCHED_RUN = "gpt3-175b"
WATCHED_UNTIL = 0.6  # of its tokens
WATCHED_EVERY = 4  # checkpoints of all runs, one is kept
ONE_RUN_MODEL = "opt-1.3b"
TRACKED = {  # runs of the tracker's export: name there, tokens of a step
    "overtrain-c4-d=96_l=8_h=4-32x": ("nano 11M", 5e5),
    "overtrain-c4-d=512_l=8_h=4-8x": ("micro 79M", 5e5),
    "overtrain-c4-d=576_l=24_h=8-4x": ("mini 154M", 1e6),
    "overtrain-c4-d=1024_l=24_h=8-2x": ("base 412M", 2e6),
}
RESTARTED = "mini 154M"
TRACKED_ROWS = 40  # at least, of each run


def _without_target(runs):
    """Rows of the smaller sizes, smallest first."""
    smaller = selection.hold_out(runs)[0].sort_values(["num_params", "tokens_seen"])
    return smaller[EXAMPLE_COLUMNS].reset_index(drop=True)


def ladder():
    """Finished runs of one family at many lengths."""
    return _without_target(load_runs(**LADDER_SERIES))


def recipe(name):
    """Finished runs of one of `RECIPES`, all of about as many tokens per parameter."""
    runs = load_runs(family=RECIPES[name], loss_kind=RECIPE_TEXT)
    ratio = runs["tokens_seen"] / runs["num_params"]
    return _without_target(runs[ratio.between(*RECIPE_RATIO)])


def run_in_progress():
    """Seven finished GPT-3 runs and the first part of the largest, some checkpoints."""
    runs = load_runs("gpt3", loss_kind="validation")
    watched = runs["run"] == WATCHED_RUN
    end = runs.loc[watched, "tokens_seen"].max()
    runs = runs[~watched | (runs["tokens_seen"] <= WATCHED_UNTIL * end)]
    from_end = runs.groupby("run").cumcount(ascending=False)
    kept = runs.loc[from_end % WATCHED_EVERY == 0, EXAMPLE_COLUMNS]
    return _eight_digits(kept.reset_index(drop=True))


def one_small_model():
    """One run of OPT, to its end."""
    runs = load_runs("opt")
    one = runs.loc[runs["run"] == ONE_RUN_MODEL, EXAMPLE_COLUMNS]
    return _eight_digits(one.reset_index(drop=True))


def tracker_export():
    """Four runs of one family as a tracker would write them: wide, in steps, faulty.

    The losses are real.  Names, batches, bounds, a restart of one run, empty rows and a
    row before the first step are ours.
    """
    runs = load_runs("overtrain", "overtrain-c4", "train")
    parts = []
    for run, (name, batch) in TRACKED.items():
        part = _tracked(runs[runs["run"] == run], name, batch)
        parts.append(_restarted(part) if name == RESTARTED else part)
    start = {part.columns[1]: 10.9 for part in parts}
    first = pd.DataFrame({"Step": [0]}).assign(**start)
    gaps = pd.DataFrame({"Step": [777, 7777, 17777]})
    table = pd.concat([first, gaps, *parts], ignore_index=True)
    return _eight_digits(table.sort_values("Step", kind="stable"))


def _tracked(run, name, batch):
    """Steps, losses and bounds of one run under the names that a tracker gives them."""
    run = run.iloc[:: max(1, len(run) // TRACKED_ROWS)]
    loss = run["loss"].round(4)
    return pd.DataFrame(
        {
            "Step": (run["tokens_seen"] / batch).round().astype(int),
            f"{name} - train/loss": loss,
            f"{name} - train/loss__MIN": loss - 0.01,
            f"{name} - train/loss__MAX": loss + 0.01,
        }
    )


def _restarted(part):
    """A run that stopped, and went on from an earlier step."""
    redone = part.iloc[20:23]
    again = redone.assign(**{c: redone[c] + 0.02 for c in part.columns[1:]})
    return pd.concat([part.iloc[:20], again, redone, part.iloc[23:]])


def _eight_digits(table):
    """The table with fractions written to eight digits: no source has more."""
    fractions = table.select_dtypes(float)
    return table.assign(
        **{c: fractions[c].map("{:.8g}".format, na_action="ignore") for c in fractions}
    )


FILES = {
    "ladder": ladder,
    **{name: lambda name=name: recipe(name) for name in RECIPES},
    "run_in_progress": run_in_progress,
    "one_small_model": one_small_model,
    "tracker_export": tracker_export,
}

if __name__ == "__main__":
    for name, make in FILES.items():
        path = tables_folder() / "examples" / f"{name}.csv"
        make().to_csv(path, index=False)
        print(f"wrote {path}")

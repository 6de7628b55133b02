"""Readers: one module a source, raw files in, rows of our own tables out.

Each reader module has ``read(folder) -> (runs, losses)``, two tables with the
columns `RUN_FACTS` and `LOSS_COLUMNS`, and, where the source has scores,
``read_evaluations(folder)``, a table with the columns `EVALUATION_COLUMNS`.  What is
known of the runs beyond the raw files stands in ``data/facts.toml``, whose blocks are
the list of sources.  ``python -m tools.readers DIR`` checks the raw files against the
manifest in DIR, calls every reader and writes ``data/``.
"""

from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "data"

RUN_FACTS = (
    "run",  # unique over all sources, e.g. "pythia-v1-410m-deduped"
    "source",  # folder of the raw files, e.g. "pythia"
    "family",  # scaled model family; empty only with a note why
    "model",  # one size of one family
    "arch",  # decoder, encoder-decoder, mixture-of-experts, state-space, hybrid
    "corpus",  # training data
    "num_params",  # parameters, as the source counts them
    "params_non_embedding",  # parameters without embedding and head, where known
    "seed",  # of the run, where its configuration or a paper of its authors tells it
    # passes over the training data at the end of the run; 1: nothing was repeated
    "epochs",
    "unique_tokens",  # tokens
    "batch_tokens",  # tokens a step
    "context",  # tokens
    "tokenizer",
    "schedule",  # learning rate: constant, cosine, linear, inverse-sqrt, wsd, two-stage
    "schedule_tokens",  # tokens at which the schedule ends
    "complete",  # True: the log reaches the end of the training
    "digitised",  # True: read from a figure
    "corrected",  # what was wrong in the original reader and is right here
    "note",  # anything a user of this run should know
    "citation",  # where the run, and facts beyond the raw file, come from
)

LOSS_COLUMNS = ("run", "loss_kind", "step", "tokens_seen", "loss", "n_averaged")

EVALUATION_COLUMNS = (
    "run",
    "step",
    "tokens_seen",  # empty: not known
    "task",
    # accuracy, accuracy-normalised (by length), f1; score: the source does not say
    "metric",
    "value",  # fraction
    "stderr",  # fraction
    "shots",  # worked examples in the prompt
)

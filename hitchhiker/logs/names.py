"""Names of columns: those that trackers and papers use, and what they mean."""

import re

from ..runs.checks import DataError

USUAL_NAMES = {  # in lower case with _ between words, by ours, the likeliest first
    "num_params": (
        "params",
        "parameters",
        "n_params",
        "num_parameters",
        "n_parameters",
        "parameter_count",
        "param_count",
        "params_total",
        "total_params",
        "total_parameters",
        "model_params",
        "active_params",
        "active_parameters",
        "params_active",
        "trainable_params",
        "non_embedding_params",
        "params_non_embedding",
        "num_scaling_params",
        "model_size",
        "size",
        "n",
    ),
    "tokens_seen": (
        "tokens",
        "num_tokens",
        "n_tokens",
        "n_tokens_seen",
        "num_tokens_seen",
        "total_tokens",
        "tokens_total",
        "train_tokens",
        "training_tokens",
        "tokens_trained",
        "trained_tokens",
        "tokens_processed",
        "consumed_tokens",
        "consumed_train_tokens",
        "tokens_consumed",
        "throughput_total_tokens",
        "num_input_tokens_seen",
        "train_num_input_tokens_seen",
        "train_tokens_seen",
        "train_total_tokens",
        "train_tokens_total",
        "d",
    ),
    "run": (
        "run_name",
        "run_id",
        "runid",
        "run_hash",
        "name",
        "experiment",
        "experiment_name",
        "exp_name",
        "experiment_id",
        "display_name",
        "job_name",
        "model",
        "model_name",
    ),
    "step": (
        "trainer_global_step",
        "train_global_step",
        "global_step",
        "steps",
        "iteration",
        "iterations",
        "iter",
        "iters",
        "it",
        "train_step",
        "training_step",
        "optimizer_step",
        "num_updates",
        "update",
        "updates",
        "current_steps",
        "_step",
    ),
    "batch_tokens": (
        "batch_size_in_tokens",
        "batch_size_tokens",
        "tokens_per_step",
        "tokens_per_batch",
        "tokens_per_iter",
        "global_batch_tokens",
        "global_batch_size_in_tokens",
    ),
    "epoch": ("train_epoch", "trainer_epoch", "current_epoch"),
    "samples_seen": ("consumed_samples", "consumed_train_samples"),
}
METRIC_NAMES = ("metric", "metric_name", "metricname", "tag", "metric_key")
VALUE_NAMES = ("value", "metric_value", "metricvalue")
CONTEXT_NAMES = (
    "subset",
    "split",
    "context",
    "metric_context",
    "run_context",
    "runcontext",
    "dataset",
    "stage",
    "phase",
    "mode",
    "partition",
    "eval_set",
    "loss_kind",
)
SEED = re.compile(r"(.*_)?seed")
SIZE = re.compile(r".*param.*|n_(non|no)_embed.*")  # of another count of parameters
LOSS = re.compile(
    r"(^|_)(loss|losses|nll|cross_?entropy(_?loss)?|crossentropyloss|ce|xent|ppl|"
    r"perplexity|bpb|bpc|bpt|bits_per_(byte|char|character|token))(_|$)"
)
NO_LOSS = re.compile(
    r"(^|_)(loss_scale|scale|aux|auxiliary|z_loss|zloss|balanc\w*|router|stderr|std|"
    r"kind|unit|type|name|var|sem|min|max|mask|weight|count|spikes?|delta|diff|(byte|word|char)_perplexity)"
    r"(_|$)"
)
HELD_OUT = re.compile(
    r"(^|_)(val|valid|validate|validation|eval|evaluation|evaluate|test|dev|heldout|"
    r"held_out)(_|$)"
)
TRAINING = re.compile(r"(^|_)(train|training|tr|batch|iter)(_|$)")
NO_RUN = re.compile(  # of a column that is neither a loss nor a run
    r"(^|_)(lr|learning_rate|learning_rate_peak|grad_norm|gradnorm|norm|epochs?|times?|"
    r"timestamp|runtime|wall_time|walltime|date|datetime|mfu|tflops|flops|tps|"
    r"throughput|memory|samples_per_second|steps_per_second|tokens_per_second|"
    r"loss_scale|accuracy|acc|hellaswag\w*|seed|batch_size|depth|width|layers|n_layer|"
    r"index|unnamed_\d+|column_\d+|weight_decay|momentum|beta1|beta2|dropout|gpu\w*|"
    r"elapsed\w*|ms|duration|percent\w*|progress|budget|flops_budget)(_|$)"
)
UNIT_IN_NAME = re.compile(
    r"(?P<name>.+?)(?:[\s_]*[\[(]\s*(?:in\s+)?(?P<short>k|m|b|t|mn|bn|thousands?|"
    r"millions?|billions?|trillions?)\s*[\])]|_(?:in_)?(?P<long>millions?|billions?|"
    r"trillions?))",
    re.IGNORECASE,
)
UNIT_OF_LOSS = {  # by words of a column's name
    "perplexity": re.compile(r"(^|_)(ppl|perplexity)(_|$)"),
    "bits-per-byte": re.compile(r"(^|_)(bpb|bpc|bits_per_(byte|char|character))(_|$)"),
    "bits": re.compile(r"(^|_)(bpt|bits_per_token|bits)(_|$)"),
}


def plain(name):
    """A column's name in lower case, one _ for whatever stands between its words.

    Examples
    --------
    >>> plain("Trainer/global step"), plain("batchSize")
    ('trainer_global_step', 'batch_size')
    """
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(name).strip())
    words = re.sub(r"[^0-9a-z]+", "_", text.lower())
    words = words.strip("_")
    return f"_{words}" if str(name).strip().startswith("_") else words


def find(table, names):
    """Columns of a table that bear one of these names, in the order of the names."""
    known = {}
    for column in table:
        if len(str(column)) == 1 and str(column).islower():
            continue  # N and D are names of papers, n and d are not
        known.setdefault(plain(column), []).append(column)
        squeezed = plain(column)[:1] + plain(column)[1:].replace("_", "")
        known.setdefault(squeezed, []).append(column)
    found = [c for name in names for c in known.get(name, ())]
    return list(dict.fromkeys(found))


def is_loss(name):
    """Whether a name speaks of a loss in any unit, not of something about it."""
    words = plain(name)
    return bool(LOSS.search(words)) and not NO_LOSS.search(words)


def held_out(name):
    """Whether a name speaks of data that was not trained on."""
    return bool(HELD_OUT.search(plain(name)))


def unit_of_loss(name):
    """The unit that a name of a loss tells, or None.

    Examples
    --------
    >>> unit_of_loss("val/ppl"), unit_of_loss("val_bpb"), unit_of_loss("val_loss")
    ('perplexity', 'bits-per-byte', None)
    """
    words = plain(name)
    return next((u for u, told in UNIT_OF_LOSS.items() if told.search(words)), None)


def rename(table, columns, notes):
    """The table with the names asked for; a column of such a name is kept aside."""
    ours = list(columns.values())
    twice = {name for name in ours if ours.count(name) > 1}
    if twice:
        raise DataError(f"two columns are to become {min(twice)}: name one")
    aside = {}
    for theirs, our in columns.items():
        if our in table and our not in columns and our != theirs:
            aside[our] = f"{our} (file)"
            notes.append(
                f"column {theirs} read as {our}, the file's own {our} is kept as "
                f"{our} (file)"
            )
    return table.rename(columns=aside | columns)

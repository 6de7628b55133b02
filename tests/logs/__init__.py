"""Logs of every kind that people have, with what must come of each."""

from dataclasses import replace

from . import broken, counts, files, formats, names, sizes, steps, texts, two_losses
from . import units as units_

KINDS = (
    two_losses.train_and_eval,
    sizes.two_sizes,
    two_losses.two_metrics,
    two_losses.long_metrics,
    two_losses.subsets,
    steps.two_steps,
    steps.counter_restarts,
    names.numeric_names,
    units_.two_units,
    steps.repeated_epochs,
    files.tensorboard,
    files.trainer_state,
    files.csv_logger,
    texts.nanogpt_logs,
    texts.llm_c_logs,
    texts.megatron_logs,
    texts.torchtitan_logs,
    names.usual_names,
    names.index_column,
    steps.one_token_count,
    counts.products,
    formats.encodings,
    formats.nested_json,
    units_.bits_per_byte,
    broken.degenerate,
    formats.grouped_export,
    formats.nan_json,
    counts.text_numbers,
    steps.warm_restarts,
    units_.perplexity_names,
    sizes.params_unit,
    sizes.size_of_unknown_run,
    counts.decimal_commas,
    names.unknown_run_column,
    broken.text_cell,
    sizes.numeric_names_size,
    names.seeds,
    sizes.run_with_two_sizes,
    units_.header_units,
    files.two_files_of_one_run,
)


def cases():
    """Every case of every kind."""
    for kind in KINDS:
        for case in kind():
            yield replace(case, kind=kind.__name__)

"""Units of a loss: what a file holds, turned into nats per token where it can be."""

import numpy as np

from ..runs.checks import DataError
from .names import unit_of_loss

LOSS_UNITS = {  # from a loss and bytes per token to nats per token
    "nats": lambda loss, _: loss,
    "perplexity": lambda loss, _: np.log(loss),
    "bits": lambda loss, _: loss * np.log(2),
    "bits-per-byte": lambda loss, bytes_per_token: loss * np.log(2) * bytes_per_token,
    "as-is": lambda loss, _: loss,
}


def in_unit(table, name, unit, bytes_per_token, notes):
    """The table with losses in nats per token, or in the unit that it says.

    ``name`` is that of the loss in the file, which may tell its unit; ``unit`` is what
    the caller says, or None.
    """
    if bytes_per_token is not None and not 0 < bytes_per_token < np.inf:
        raise DataError(f"bytes_per_token must be above zero, got {bytes_per_token!r}")
    by_name = unit_of_loss(name or "")
    told = unit or by_name or ("bits-per-byte" if bytes_per_token else "nats")
    if told == "bits-per-byte" and not bytes_per_token:
        if unit:
            raise DataError(
                "bits per byte become nats per token only with bytes_per_token "
                "(--bytes-per-token 4.2); --loss-unit as-is forecasts in bits per byte"
            )
        notes.append(
            f"{name} holds bits per byte by its name, and so does the forecast: "
            "--bytes-per-token turns them into nats per token"
        )
        return table.assign(loss_unit="bits per byte")
    if told in ("nats", "as-is"):
        return table.assign(loss_unit="as in the file") if told == "as-is" else table
    with np.errstate(invalid="ignore", divide="ignore"):
        losses = LOSS_UNITS[told](table["loss"], bytes_per_token)
    why = f", by the name {name}" if by_name and not unit else ""
    why = why or ("" if unit else ", since bytes per token are given")
    notes.append(f"losses turned from {told} into nats per token{why}")
    return table.assign(loss=losses)

"""Choose size and tokens of a large run for a budget."""

import numpy as np
import pandas as pd

from ..laws import ScalingLaw, training_flops
from ..runs.arguments import instance, number


def allocation(law, flops, *, price=0.01, inference_tokens=0.0):
    """Size and tokens for a budget: the optimum, and how far one may stray from it.

    Parameters
    ----------
    law : ScalingLaw
    flops : float
        FLOPs of training.
    price : float
        Relative rise of the loss that the range may cost.
    inference_tokens : float
        Tokens that the model will read and write in use, 2 FLOPs a parameter each: the
        cheapest model of the optimum's loss over training and use is smaller and sees
        more.

    Returns
    -------
    DataFrame
        ``choice, num_params, tokens_seen, flops`` (training) ``, loss``: the optimum,
        the smallest and the largest size within the price, and the one for inference.

    Raises
    ------
    DataError
        If an argument cannot be used or the law has no optimum.

    References
    ----------
    Hoffmann et al. 2022, approach 3; Sardana et al. 2024 (arXiv:2401.00448), eq. 3.

    Examples
    --------
    >>> from hitchhiker import ScalingLaw
    >>> law = ScalingLaw(E=1.82, A=482.0, alpha=0.348, B=2085.0, beta=0.366)
    >>> allocation(law, 1e22)["choice"].tolist()
    ['optimum', 'smallest within 1 %', 'largest within 1 %']
    """
    instance("law", law, ScalingLaw, "such as the .law of a fit or forecast")
    flops = number("flops", flops, above=0)
    price = number("price", price, above=0)
    inference_tokens = number("inference_tokens", inference_tokens, least=0)
    size, tokens = law.compute_optimal(flops)
    least = law.predict(size, tokens)
    around = size * np.geomspace(1e-3, 1e3, 4001)
    inside = around[law.predict(around, flops / (6 * around)) <= least * (1 + price)]
    words = f"within {100 * price:g} %"
    choices = ["optimum", f"smallest {words}", f"largest {words}"]
    sizes = [size, inside.min(), inside.max()]
    points = [(n, flops / (6 * n)) for n in sizes]
    if inference_tokens:
        choices.append(f"cheapest with {inference_tokens:.3g} tokens in use")
        points.append(_cheapest(law, least, around, inference_tokens))
    size, tokens = np.array(points).T
    return pd.DataFrame(
        {
            "choice": choices,
            "num_params": size,
            "tokens_seen": tokens,
            "flops": training_flops(size, tokens),
            "loss": law.predict(size, tokens),
        }
    )


def _cheapest(law, loss, sizes, inference_tokens):
    """Size and tokens that reach a loss with the fewest FLOPs of training and use."""
    token_term = loss - law.E - law.A * sizes**-law.alpha
    able = token_term > 0
    tokens = (law.B / token_term[able]) ** (1 / law.beta)
    total = 6 * sizes[able] * tokens + 2 * sizes[able] * inference_tokens
    best = int(np.argmin(total))
    return sizes[able][best], tokens[best]

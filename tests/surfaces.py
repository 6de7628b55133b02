"""Named laws and tables made from them: the synthetic truth that tests recover."""

import itertools
from functools import partial

import numpy as np
import pandas as pd

from hitchhiker import ScalingLaw, fit

SURFACES = {
    "symmetric": ScalingLaw(E=1.69, A=400.0, alpha=0.31, B=400.0, beta=0.31),
    "chinchilla": ScalingLaw(E=1.8172, A=482.01, alpha=0.3478, B=2085.43, beta=0.3658),
    "asymmetric": ScalingLaw(E=1.69, A=1500.0, alpha=0.465, B=60.0, beta=0.155),
}
# Objectives whose penalty does not follow the residuals.
FIXED_PENALTIES = ("huber-log", "ls-log", "ls")
# The estimate itself, from every row of any table; test_early.py has the early cut,
# test_plausibility.py what is refused.
fit_all = partial(fit, early=None, force=True)


def table(
    law=SURFACES["chinchilla"],
    n_sizes=5,
    n_tokens=8,
    noise=0.0,
    seed=0,
    sizes=(1e8, 1e10),
    tokens=(5e9, 3e11),
):
    """One run a size, checkpoints on a geometric grid, log-normal noise on the loss."""
    counts = [np.geomspace(*sizes, n_sizes), np.geomspace(*tokens, n_tokens)]
    grid = np.array(list(itertools.product(*counts)))
    shift = noise * np.random.default_rng(seed).normal(size=len(grid))
    loss = law.predict(*grid.T) * np.exp(shift)
    return pd.DataFrame(
        {
            "run": np.repeat([f"run-{i}" for i in range(n_sizes)], n_tokens),
            "num_params": grid[:, 0],
            "tokens_seen": grid[:, 1],
            "loss": loss,
        }
    )


def numbers(law):
    """The five parameters as an array."""
    return np.array(list(law.as_dict().values()))

"""Loss curves of the runs of a table as flat arrays, to compare them in one go."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from .naming import run_names

# Runs whose tokens do not overlap are compared up to this ratio of tokens.
NEARLY_EQUAL = 1.25
SHARES_COMPARED = (0.2, 0.6, 1.0)  # of the log tokens that two runs have in common


@dataclass(frozen=True)
class Curves:
    """The rows of a table by run and, within a run, by tokens.

    Attributes
    ----------
    row : array of int, shape (n_rows,)
        Positions in the table.
    run : array of int, shape (n_rows,)
        Runs as codes from 0.
    log_tokens, log_loss : array, shape (n_rows,)
    first, last : array of int, shape (n_runs,)
        Where a run begins and ends in the arrays above.
    log_size : array, shape (n_runs,)
    names : array, shape (n_runs,)
    """

    row: np.ndarray
    run: np.ndarray
    log_tokens: np.ndarray
    log_loss: np.ndarray
    first: np.ndarray
    last: np.ndarray
    log_size: np.ndarray
    names: np.ndarray

    @classmethod
    def of(cls, runs):
        """Curves of a table that `hitchhiker.runs.checks.check_table` has passed."""
        codes, names = pd.factorize(run_names(runs))
        log_tokens = np.log(runs["tokens_seen"].to_numpy(float))
        row = np.lexsort((log_tokens, codes))
        run = codes[row]
        first = np.searchsorted(run, np.arange(len(names)))
        last = np.append(first[1:], len(run)) - 1
        log_loss = np.log(runs["loss"].to_numpy(float))[row]
        log_size = np.log(runs["num_params"].to_numpy(float)[row[first]])
        return cls(
            row,
            run,
            log_tokens[row],
            log_loss,
            first,
            last,
            log_size,
            np.asarray(names),
        )

    @property
    def final(self):
        """Log loss of the last row of each run, shape (n_runs,)."""
        return self.log_loss[self.last]

    @property
    def counts(self):
        """Rows of each run, shape (n_runs,)."""
        return self.last - self.first + 1

    @cached_property
    def _keys(self):
        """One rising number a row, and what a run adds to it."""
        step = np.ptp(self.log_tokens) + 1.0
        start = self.log_tokens.min()
        return self.log_tokens - start + step * self.run, start, step

    def at(self, run, log_tokens):
        """Log loss of runs (n,) at log tokens (n,), that of an end beyond it."""
        keys, start, step = self._keys
        low, high = self.log_tokens[self.first[run]], self.log_tokens[self.last[run]]
        wanted = np.clip(log_tokens, low, high) - start + step * run
        return np.interp(wanted, keys, self.log_loss)

    def compared(self, one, other):
        """Log ratios of losses of other runs over some at equal tokens.

        Parameters
        ----------
        one, other : array of int, shape (n,)
            Runs.

        Returns
        -------
        array, shape (n, 3)
            Along the tokens that both have seen, the last where the shorter one ends;
            NaN where they have none in common.
        """
        starts, ends = self.log_tokens[self.first], self.log_tokens[self.last]
        low = np.maximum(starts[one], starts[other])
        high = np.minimum(ends[one], ends[other])
        ratios = [
            self.at(other, tokens) - self.at(one, tokens)
            for tokens in (low + share * (high - low) for share in SHARES_COMPARED)
        ]
        apart = low - high > np.log(NEARLY_EQUAL)
        return np.where(apart[:, None], np.nan, np.stack(ratios, axis=1))

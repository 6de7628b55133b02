"""The equation of a scaling law, for one law or a table of them, and what follows."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
import pandas as pd
from scipy.special import ndtri

from .runs import arguments
from .runs.checks import DataError
from .runs.words import first_rows

PARAMETERS = ("E", "A", "alpha", "B", "beta")
# Standard deviations on either side of the mean that hold 80 % of a Gaussian.
Z_80 = float(ndtri(0.9))


@dataclass(frozen=True)
class ScalingLaw:
    r"""Loss as a function of parameters and tokens.

    .. math:: L(N, D) = E + A / N^\alpha + B / D^\beta

    with N ``num_params`` and D ``tokens_seen``.

    Parameters
    ----------
    E : float
        Irreducible loss, in the unit of the loss (nats per token).
    A, alpha : float
        Size and exponent of what too few parameters cost; A has the unit of the
        loss times parameters to the power alpha.
    B, beta : float
        The same for too few tokens.

    References
    ----------
    Hoffmann et al. 2022 (arXiv:2203.15556), equation 2 and approach 3.

    Examples
    --------
    >>> law = ScalingLaw(E=1.8172, A=482.01, alpha=0.3478, B=2085.43, beta=0.3658)
    >>> round(law.predict(70e9, 1.4e12), 3)
    1.974
    """

    E: float
    A: float
    alpha: float
    B: float
    beta: float

    def __post_init__(self):
        """Store plain floats, so that laws print and compare cleanly."""
        for field in fields(self):
            value = arguments.single(field.name, getattr(self, field.name))
            object.__setattr__(self, field.name, value)

    def __repr__(self):
        values = (f"{k}={float(f'{v:.6g}')!r}" for k, v in self.as_dict().items())
        return f"ScalingLaw({', '.join(values)})"

    def terms(self, num_params, tokens_seen):
        """What too few parameters and too few tokens cost: the two power terms.

        Takes and refuses what `predict` does; arrays in the unit of E.

        Examples
        --------
        >>> law = ScalingLaw(E=2.0, A=100.0, alpha=0.5, B=1000.0, beta=0.5)
        >>> [round(float(term), 3) for term in law.terms(1e6, 1e8)]
        [0.1, 0.1]
        """
        size, tokens = _counts(num_params, tokens_seen)
        return _power(self.A, self.alpha, size), _power(self.B, self.beta, tokens)

    def predict(self, num_params, tokens_seen):
        """Loss at the given parameters and tokens, in the unit of E.

        Parameters
        ----------
        num_params : float or array, shape (n,)
            Parameters, above zero.
        tokens_seen : float or array, shape (n,)
            Tokens, above zero.

        Returns
        -------
        float or array, shape (n,)

        Raises
        ------
        DataError
            If a count is not above zero, or their shapes do not go together.
        """
        size_term, token_term = self.terms(num_params, tokens_seen)
        loss = self.E + size_term + token_term
        return float(loss) if loss.ndim == 0 else loss

    def compute_optimal(self, flops):
        r"""Parameters and tokens of least loss for a budget of training FLOPs.

        With FLOPs C = 6 N D the minimum is at
        :math:`N = G (C/6)^{\beta/(\alpha+\beta)}`, D = C / 6N, where
        :math:`G = (\alpha A / \beta B)^{1/(\alpha+\beta)}`.

        Parameters
        ----------
        flops : float or array
            FLOPs.

        Returns
        -------
        num_params, tokens_seen : float or array

        Raises
        ------
        DataError
            If A, B, alpha or beta is zero: then no optimum exists.  If the budget is
            not above zero.

        References
        ----------
        Hoffmann et al. 2022, equation 4.

        Examples
        --------
        >>> law = ScalingLaw(E=1.8172, A=482.01, alpha=0.3478, B=2085.43, beta=0.3658)
        >>> n, d = law.compute_optimal(5.76e23)
        >>> f"{n:.3g} parameters, {d / n:.0f} tokens each"
        '7.22e+10 parameters, 18 tokens each'
        """
        if min(self.A, self.B, self.alpha, self.beta) <= 0:
            raise DataError(
                "no compute-optimal size exists: A, B, alpha and beta must all be "
                f"above zero, the law is {self}"
            )
        return _optimum(self, flops)

    def as_dict(self):
        """The five parameters by name."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Laws(Sequence):
    """A table of scaling laws: a sequence of `ScalingLaw` that predicts at once.

    Parameters
    ----------
    E, A, alpha, B, beta : array, shape (n_laws,)
        As in `ScalingLaw`; NaN where a fit gave no law.

    Raises
    ------
    DataError
        If the five are not one-dimensional or differ in length.

    Examples
    --------
    >>> both = [ScalingLaw(1.8, 480, 0.3, 2e3, 0.4), ScalingLaw(2, 0, 0.3, 90, 0.2)]
    >>> laws = Laws.from_table(pd.DataFrame(both))
    >>> laws.predict([1e9, 1e10], [2e10, 2e11]).round(3)
    array([[2.909, 2.34 ],
           [2.783, 2.494]])
    >>> laws[1]
    ScalingLaw(E=2.0, A=0.0, alpha=0.3, B=90.0, beta=0.2)
    """

    E: np.ndarray
    A: np.ndarray
    alpha: np.ndarray
    B: np.ndarray
    beta: np.ndarray

    def __post_init__(self):
        """Store arrays of floats of one length."""
        for name in PARAMETERS:
            values = arguments.numbers(name, getattr(self, name))
            if values.shape != (np.size(self.E),):
                raise DataError(
                    f"{name} has shape {values.shape}, E has {np.size(self.E)} values: "
                    "give one value a law"
                )
            object.__setattr__(self, name, values)

    @classmethod
    def from_table(cls, table):
        """Laws from a DataFrame with columns E, A, alpha, B, beta, one law a row.

        Examples
        --------
        >>> table = pd.DataFrame([[1.8, 480, 0.35, 2e3, 0.37]], columns=PARAMETERS)
        >>> Laws.from_table(table).predict(7e10, 1.4e12).round(3)
        array([1.941])
        """
        arguments.table("table", table, PARAMETERS)
        return cls(*(table[name] for name in PARAMETERS))

    @property
    def table(self):
        """The same as a DataFrame, one law a row."""
        return pd.DataFrame({name: getattr(self, name) for name in PARAMETERS})

    def __repr__(self):
        return f"Laws: {len(self)} scaling laws\n{first_rows(self.table)}"

    def __len__(self):
        return len(self.E)

    def __getitem__(self, index):
        """One law for an integer, a table of them for a slice, a mask or places."""
        chosen = [getattr(self, name)[index] for name in PARAMETERS]
        return ScalingLaw(*chosen) if np.ndim(chosen[0]) == 0 else Laws(*chosen)

    def terms(self, num_params, tokens_seen):
        """The two power terms of each law, in the shape that `predict` describes."""
        size, tokens = _counts(num_params, tokens_seen)
        down = (-1, *[1] * np.broadcast(size, tokens).ndim)
        A, alpha, B, beta = (getattr(self, k).reshape(down) for k in PARAMETERS[1:])
        return _power(A, alpha, size), _power(B, beta, tokens)

    def predict(self, num_params, tokens_seen):
        """Loss of each law (n_laws, n_points), or (n_laws,) at a single point.

        Takes and refuses what `ScalingLaw.predict` does.
        """
        size_term, token_term = self.terms(num_params, tokens_seen)
        floor = self.E.reshape(-1, *[1] * (size_term.ndim - 1))
        return floor + size_term + token_term

    def compute_optimal(self, flops):
        """Parameters and tokens (n_laws,) of least loss for one budget of FLOPs.

        NaN where a law has no optimum; see `ScalingLaw.compute_optimal`.
        """
        flops = arguments.number("flops", flops, above=0)
        has_one = np.min([self.A, self.B, self.alpha, self.beta], axis=0) > 0
        out = np.full((2, len(self)), np.nan)
        out[:, has_one] = _optimum(self[has_one], flops)
        return out[0], out[1]


def _power(scale, exponent, count):
    """A term of the law, scale / count^exponent."""
    return scale * np.exp(-exponent * np.log(count))


def _counts(num_params, tokens_seen):
    """Parameters and tokens as arrays of floats, if all are above zero."""
    size = arguments.counts("num_params", num_params)
    tokens = arguments.counts("tokens_seen", tokens_seen)
    return arguments.together("num_params", "tokens_seen", size, tokens)


def _optimum(law, flops):
    """Parameters and tokens of least loss of a law, or of each of several."""
    flops = arguments.counts("flops", flops, most=arguments.HIGHEST)
    total = law.alpha + law.beta
    log_scale = np.log(law.alpha * law.A / (law.beta * law.B)) / total
    product = np.divide(flops, 6.0)
    num_params = np.exp(log_scale + law.beta / total * np.log(product))
    return num_params, product / num_params


def training_flops(num_params, tokens_seen):
    """FLOPs of training ``num_params`` parameters on ``tokens_seen`` tokens.

    The usual estimate of six FLOPs per parameter and token (Kaplan et al. 2020,
    section 2.1), which ignores attention and so is low for short and wide models
    at long context.

    Parameters
    ----------
    num_params : float or array
        Parameters.
    tokens_seen : float or array
        Tokens.

    Returns
    -------
    float or array
        FLOPs.

    Examples
    --------
    >>> f"{training_flops(1e9, 20e9):.1e}"
    '1.2e+20'

    Raises
    ------
    DataError
        If they are not numbers, below zero, or their shapes do not go together.
    """
    size = arguments.not_below_zero("num_params", num_params)
    tokens = arguments.not_below_zero("tokens_seen", tokens_seen)
    arguments.together("num_params", "tokens_seen", size, tokens)
    return np.multiply(6.0, num_params) * np.asarray(tokens_seen, dtype=float)

"""The equation of a scaling law, and what follows from it alone."""

from dataclasses import asdict, dataclass, fields

import numpy as np

PARAMETERS = ("E", "A", "alpha", "B", "beta")


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
            object.__setattr__(self, field.name, float(getattr(self, field.name)))

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
        ValueError
            If a count is not above zero.
        """
        size = np.asarray(num_params, dtype=float)
        tokens = np.asarray(tokens_seen, dtype=float)
        for name, counts in (("num_params", size), ("tokens_seen", tokens)):
            if not np.all(counts > 0):
                raise ValueError(f"{name} must be above zero, got {counts.min():g}")
        loss = (
            self.E
            + self.A * np.exp(-self.alpha * np.log(size))
            + self.B * np.exp(-self.beta * np.log(tokens))
        )
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
        ValueError
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
            raise ValueError(
                "no compute-optimal size exists: A, B, alpha and beta must all be above "
                f"zero, the law is {self}"
            )
        if not np.all(np.asarray(flops, dtype=float) > 0):
            raise ValueError(f"flops must be above zero, got {np.min(flops):g}")
        total = self.alpha + self.beta
        log_scale = np.log(self.alpha * self.A / (self.beta * self.B)) / total
        product = np.divide(flops, 6.0)
        num_params = np.exp(log_scale + self.beta / total * np.log(product))
        return num_params, product / num_params

    def as_dict(self):
        """The five parameters by name."""
        return asdict(self)


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
    """
    return np.multiply(6.0, num_params) * np.asarray(tokens_seen, dtype=float)

"""Laws estimated from runs, with an honest status and their uncertainty.

``fitting`` has `fit` and `fit_many`, ``uncertainty`` the bootstrap and what else would
move a forecast, ``results`` what they return, ``identification`` the status.  ``batch``
turns tables into problems without units (``stack``), which ``solver`` solves all at
once: starts from a ``grid`` of exponents with ``linear`` fits, then ``newton`` steps
down the objective's ``curvature``.
"""

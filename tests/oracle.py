"""A second opinion on the least objective: the plain method that a chapter shows.

The code stands in the chapter on fitting and is read from there.  It shares nothing
with the package's solver: SciPy's optimiser, no derivatives, no linear fits, no batch.
"""

from tools.book import ROOT, code_notebook

PAGE = ROOT / "chapters" / "fitting.md"
OPTIONS = {
    "huber-log": {},
    "ls-log": {"penalty": "linear"},
    "ls": {"penalty": "linear", "on_logs": False},
}


def defined_in(page, name):
    """Return the function of that name from the one cell of a page that defines it."""
    sources = [cell.source for cell in code_notebook(page).cells]
    (source,) = [source for source in sources if f"def {name}(" in source]
    names = {}
    exec(compile(source, str(page), "exec"), names)
    return names[name]


plain_fit = defined_in(PAGE, "plain_fit")


def least_objective(runs, objective, exponents=(0.2, 0.6)):
    """Least objective from any start, in the unit that `hitchhiker.fit` reports."""
    return plain_fit(runs, exponents=exponents, **OPTIONS[objective])[1]

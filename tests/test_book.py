"""What chapters call besides the package: numbers for the prose, tables to download."""

import sys
import types

import pandas as pd

from experiments.book import note, percent, save_table, shell, show_table


def shelf(monkeypatch, shell=True):
    """Stand in for a notebook with the book's tools; returns what is glued."""
    glued = {}
    ipython, myst = types.ModuleType("IPython"), types.ModuleType("myst_nb")
    ipython.get_ipython = (lambda: object()) if shell else (lambda: None)
    myst.glue = lambda name, value, display: glued.update({name: value})
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "myst_nb", myst)
    return glued


def test_note_glues_plain_numbers(monkeypatch):
    """Six digits, as plain floats: a stored number is the same on every machine."""
    glued = shelf(monkeypatch)
    note(are=pd.Series([0.0312345678]).mean(), count=12, family="gpt3")
    assert glued == {"are": 0.0312346, "count": 12.0, "family": "gpt3"}
    assert type(glued["are"]) is float


def test_note_outside_a_notebook_does_nothing(monkeypatch):
    glued = shelf(monkeypatch, shell=False)
    note(are=0.03)
    assert glued == {}


def test_note_without_the_books_tools_does_nothing(monkeypatch):
    monkeypatch.setitem(sys.modules, "myst_nb", None)  # an import of it fails
    note(are=0.03)


def test_save_table_writes_only_where_asked(monkeypatch, tmp_path):
    table = pd.DataFrame({"family": ["opt"], "are": [0.0312345678]})
    monkeypatch.delenv("HITCHHIKER_TABLES", raising=False)
    save_table(table, "example")
    monkeypatch.setenv("HITCHHIKER_TABLES", str(tmp_path / "tables"))
    save_table(table, "example")
    assert (
        tmp_path / "tables" / "example.csv"
    ).read_text() == "family,are\nopt,0.0312346\n"


def test_per_cent_has_two_digits_and_never_an_exponent():
    shares = (0.00123, 0.0996, 0.1, 0.996, 3.0)
    printed = [percent(share).replace("\N{NO-BREAK SPACE}", " ") for share in shares]
    assert printed == ["0.12 %", "10 %", "10 %", "100 %", "300 %"]


def test_a_table_is_shown_formatted_and_without_its_index():
    table = pd.DataFrame({"share": [0.5]}, index=["hidden"])
    html = show_table(table, {"share": "{:.0%}"}, "example").to_html()
    assert "50%" in html
    assert "hidden" not in html
    assert html == show_table(table, {"share": "{:.0%}"}, "example").to_html()


def test_the_shell_finds_the_example_files(capsys):
    shell("hitchhiker forecast one_small_model.csv --params 30B --tokens 280B")
    first, *rest = capsys.readouterr().out.splitlines()
    assert (
        first == "$ hitchhiker forecast one_small_model.csv --params 30B --tokens 280B"
    )
    assert any("30" in line for line in rest)
    assert "Error" not in "".join(rest)

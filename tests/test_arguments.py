"""Every argument of every public function: a clear error, or a right answer."""

import sys

import pytest
from doors import DOORS, WRONG

import hitchhiker
from hitchhiker import DataError, bootstrap
from hitchhiker.plots import style
from hitchhiker.runs.words import arrived

pytestmark = pytest.mark.slow  # many calls of every function, once is enough

NUMBER = {"a number"}
FROM_ZERO = NUMBER | {"zero"}
LIST = NUMBER | {"three numbers"}
ARRAY = LIST | {"a square", "another table"}  # a table of numbers is an array of them
EMPTY = {"empty list", "empty table"}
ANY_NUMBER = FROM_ZERO | {"nan", "infinite", "minus infinite", "negative"}
FLOPS = {"num_params", "tokens_seen"}
# Values that are right for an argument, whichever function has it ...
RIGHT = {
    "fixed": {"none", "empty dict"},
    "weights": {"none"},
    "early": FROM_ZERO | {"none"},
    "seed": {"none", "zero"},
    "progress": {"true", "numpy true"},
    "prior": {"none"},
    "flops": NUMBER,
    "price": NUMBER,
    "least_params": NUMBER,
    "inference_tokens": FROM_ZERO,
    "title": {"a word", "a count in letters", "no letters"},
    "notes": {"a word", "a count in letters", "no letters", "empty list"}
    | {"list of words"},
    "methods": {"a class"},  # can be called; that it fails is a row of the table
    "sizes": {"none", "zero", "list of none", "dict"},
    "tail": {"zero"},
    "protocol": {"empty dict"},
    "source": {"none"},
    "family": {"none"},
    "loss_kind": {"none"},
    "task": {"none"},
    "without": {"none"},
    "k": {"zero"},
    "q": {"zero"},
    "counts": {"none"} | EMPTY,
    "ends": {"none"} | EMPTY,
    "names": set(WRONG) - {"a word", "a count in letters", "no letters", "bytes"},
    "tokens": FROM_ZERO | {"none"},
    "actual": ARRAY,
    "predicted": (ARRAY | ANY_NUMBER | {"list of nan"}),
}
# ... and by function where they differ.
RIGHT_OF = {
    ("interval", "num_params"): LIST,
    ("interval", "tokens_seen"): LIST,
    ("forecast", "num_params"): {"three numbers"},
    ("forecast", "tokens_seen"): {"three numbers"},
    ("sensitivity", "num_params"): NUMBER,
    ("sensitivity", "tokens_seen"): NUMBER,
    ("ScalingLaw.compute_optimal", "flops"): ARRAY | EMPTY,
    ("selection.early_cut", "runs"): {"empty table", "another table"},
}
for law in ("ScalingLaw", "Laws"):
    for parameter in ("E", "A", "alpha", "B", "beta"):
        RIGHT_OF[law, parameter] = ANY_NUMBER | {"list of nan"}
    for method in ("predict", "terms"):
        for count in FLOPS:
            RIGHT_OF[f"{law}.{method}", count] = ARRAY | EMPTY | {"infinite"}
for count in FLOPS:
    RIGHT_OF["training_flops", count] = (
        ARRAY | EMPTY | FROM_ZERO | {"nan", "infinite", "list of nan"}
    )
# How a message names an argument that holds a table, or several things.
ALSO_NAMED = {
    "runs": "column",
    "first": "column",
    "second": "column",
    "problems": "weights have",
    "families": "famil",
    "methods": "method",
}
# Values that an error quotes, or names the type of.
SHORT = {"a word", "a count in letters", "no letters", "none", "true", "complex"}
ARGUMENTS = [(door, name) for door, (_, good) in DOORS.items() for name in good]
COUNTS = {"tried": 0, "clear errors": 0, "right answers": 0}


def outcome(door, name, value):
    """The error of a call with one wrong argument, None without one."""
    function, good = DOORS[door]
    try:
        function(**good | {name: value})
    except DataError as error:
        return str(error)
    return None


@pytest.mark.parametrize("door", DOORS)
def test_the_good_arguments_are_good(door):
    function, good = DOORS[door]
    assert function(**good) is not None


@pytest.mark.parametrize(("door", "name"), ARGUMENTS)
def test_a_wrong_value_is_named(door, name):
    right = RIGHT_OF.get((door, name), RIGHT.get(name, set()))
    for label, value in WRONG.items():
        COUNTS["tried"] += 1
        said = outcome(door, name, value)
        if said is None:
            COUNTS["right answers"] += 1
            assert label in right, f"{label} is accepted"
            continue
        COUNTS["clear errors"] += 1
        assert "\n" not in said
        assert len(said) < 2000  # some list all that is known
        if label in SHORT and name != "weights":  # named by type and shape
            assert arrived(value) in said or type(value).__name__ in said, said
        named = [name, ALSO_NAMED.get(name, name), "pandas DataFrame", "table"]
        assert any(words in said for words in named), said


def test_every_public_function_has_a_door():
    open_doors = {door.partition(".")[2] or door for door in DOORS}
    public = {
        name
        for name in hitchhiker.__all__
        if callable(getattr(hitchhiker, name)) and name[0].islower()
    }
    # Readers of files have tests of their own.
    assert public - open_doors == {"read_export", "read_runs"}
    missing = set(hitchhiker.selection.__all__) - open_doors
    assert not missing - {"without_runs"}


def test_the_counts_of_wrong_values():
    print(COUNTS, file=sys.stderr)
    assert COUNTS["tried"] == COUNTS["clear errors"] + COUNTS["right answers"]
    assert COUNTS["clear errors"] >= 10 * COUNTS["right answers"]


@pytest.mark.parametrize(
    ("door", "name", "value", "said"),
    [
        ("fit", "fixed", {"Q": 1}, "fixed names 'Q'"),
        ("fit", "objective", "hubert", "'hubert' is none of huber-log"),
        ("bootstrap", "n", 0, "n must be at least 1, got 0"),
        ("bootstrap", "n_jobs", 0, "n_jobs must be 1 or more"),
        ("load_prior", "without", "typo", "without='typo'"),
        ("forecast", "levels", (0.8, 80), "level 80 of levels"),
        ("forecast", "levels", "0.8", "levels must be a list"),
        ("forecast", "num_params", [1e9, 2e9], None),
        ("forecast", "prior", "x", "prior must be a Prior"),
        ("allocation", "flops", 0, "flops must be above zero, got 0"),
        ("allocation", "law", {"E": 1}, "law must be a ScalingLaw"),
        ("plan", "most_sizes", 1e9, "most_sizes must be a whole number"),
        ("report", "result", "a forecast", "result must be a Forecast"),
        ("evaluate", "methods", ["fit", "magic"], "unknown method 'magic'"),
        ("interval", "fits", [1], "fits must be a Fits, as from hitchhiker.bootstrap"),
    ],
)
def test_words_of_some_errors(door, name, value, said):
    found = outcome(door, name, value)
    assert found is None if said is None else said in found


def test_counts_that_do_not_go_together_are_named():
    with pytest.raises(DataError, match=r"num_params has shape \(2,\), tokens_seen"):
        hitchhiker.ScalingLaw(1, 1, 1, 1, 1).predict([1e9, 2e9], [1e9, 2e9, 3e9])
    with pytest.raises(DataError, match="give as many of each"):
        hitchhiker.forecast(
            DOORS["forecast"][1]["runs"], [1e9, 2e9], [1e11, 2e11, 3e11]
        )


def test_what_n_jobs_needs_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(ImportError, match="pip install joblib"):
        bootstrap(DOORS["fit"][1]["runs"], n=2, n_jobs=2)


@pytest.mark.parametrize("ax", [None, "axes", 3, []])
def test_what_is_no_axes_is_named(ax):
    with pytest.raises(DataError, match="ax must be a Axes"):
        style.axes(ax)

"""Every recipe runs as a reader would run it: the package alone, in an empty folder.

The blocks of a page run in order, in one process, beside the example files that they
name and without a network.  Blocks that need a clone name what only a clone has: their
Python runs in the checkout, and what their commands call must exist there.
"""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from shutil import copy2
from zipfile import ZipFile

import pytest

from tools.book import ROOT, blocks, pages

RUN = {"python", "bash"}
SHOWN = {"text", "json", "csv"}  # output and files
TEXTS = [*pages(), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md"))]
TEXTS += [ROOT / "data" / "README.md"]
EXAMPLES = sorted((ROOT / "data" / "examples").iterdir())
CLONE = re.compile(r"^make |\bexperiments\b|\bladder/|\bdata/", re.MULTILINE)
CALLED = re.compile(
    r"^make (?P<target>[\w-]+)|^\S*python -m (?P<module>[\w.]+)"
    r"|^\S*python (?P<script>\S+\.py)",
    re.MULTILINE,
)

# It finds the unpacked wheel before all else, no checkout, and no network.
DRIVER = """
import json, pathlib, socket, subprocess, sys

def is_checkout(path):
    return pathlib.Path(path, "experiments").is_dir()

def refuse(*_):
    raise OSError("a recipe asked for the network")

sys.path[:] = [sys.argv[1], *(path for path in sys.path if not is_checkout(path))]
socket.socket.connect = refuse
import hitchhiker
assert hitchhiker.__file__.startswith(sys.argv[1]), hitchhiker.__file__
names = {"__name__": "__main__"}
for place, language, text in json.load(sys.stdin):
    print(place, flush=True)
    if language == "python":
        exec(compile(text, place, "exec"), names)
    else:
        subprocess.run(["bash", "-euo", "pipefail", "-c", text], check=True)
"""
LAUNCHER = """\
#!{python} -I
import sys
sys.path.insert(0, {site!r})
from hitchhiker.cli import main
main()
"""


def title(page):
    """Return the name of a page below the checkout."""
    return page.relative_to(ROOT).as_posix()


def recipes(page, clone):
    """Return the blocks of a page that need a clone, or the others."""
    return [
        block
        for block in blocks(page)
        if block.language in RUN and bool(CLONE.search(block.text)) is clone
    ]


def clean_environment():
    """Return the environment without what points at the checkout."""
    ours = ("HITCHHIKER_", "PYTHONPATH")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)}


def succeed(command, **options):
    """Run a command and return what it prints; show everything if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return a folder with the unpacked wheel and the command of the package."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    succeed(build, cwd=ROOT, env=clean_environment())
    (built,) = folder.glob("*.whl")
    site = folder / "site"
    ZipFile(built).extractall(site)
    command = folder / "bin" / "hitchhiker"
    command.parent.mkdir()
    command.write_text(LAUNCHER.format(python=sys.executable, site=str(site)))
    command.chmod(0o755)
    return folder


def run(chosen, wheel, folder):
    """Run (place, language, text) in order in one process; return what is printed."""
    path = f"{wheel / 'bin'}:{os.environ['PATH']}"
    env = clean_environment() | {"PATH": path, "MPLBACKEND": "agg"}
    command = [sys.executable, "-I", "-c", DRIVER, str(wheel / "site")]
    return succeed(command, cwd=folder, env=env, input=json.dumps(chosen))


@pytest.mark.parametrize(
    "page", [page for page in TEXTS if recipes(page, clone=False)], ids=title
)
def test_recipes_run_with_the_package_alone(page, wheel, tmp_path):
    chosen = recipes(page, clone=False)
    for example in EXAMPLES:
        if any(example.name in block.text for block in chosen):
            copy2(example, tmp_path)
    told = [(f"{title(page)}:{b.line}", b.language, b.text) for b in chosen]
    run(told, wheel, tmp_path)


@pytest.mark.parametrize(
    "page", [page for page in TEXTS if recipes(page, clone=True)], ids=title
)
def test_recipes_of_a_clone_run_there(page):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for block in recipes(page, clone=True):
        if block.language == "python":
            succeed([sys.executable, "-c", block.text], cwd=ROOT)
            continue
        calls = list(CALLED.finditer(block.text))
        assert calls, f"{title(page)}:{block.line} calls nothing that a clone has"
        for call in calls:
            if call["target"]:
                assert f"\n{call['target']}: " in makefile, call[0]
            elif call["module"]:
                assert find_spec(call["module"]), call[0]
            else:
                assert (ROOT / call["script"]).exists(), call[0]


@pytest.mark.parametrize("page", TEXTS, ids=title)
def test_every_block_says_what_it_is(page):
    for block in blocks(page):
        where = f"{title(page)}:{block.line}"
        assert block.language in RUN | SHOWN, (
            f"{where}: ```{block.language} is not known"
        )


@pytest.mark.parametrize(
    "text",
    [
        "import experiments",
        "from tools import book",
        "import urllib.request as u\nu.urlopen('http://127.0.0.1:9')",
        "open('my_family.csv')",
    ],
)
def test_a_recipe_that_leans_on_more_than_the_package_fails(text, wheel, tmp_path):
    with pytest.raises(AssertionError, match="Error"):
        run([("page:1", "python", text)], wheel, tmp_path)

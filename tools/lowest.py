"""Print requirements with the lowest versions that pyproject.toml promises.

The tools of the tests stay as ``requirements-unit.txt`` pins them; ``numpy>=2.0`` of
pyproject.toml becomes ``numpy==2.0.*``.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Newer ones warn of what matplotlib 3.9 calls, and warnings are errors in the tests.
ALSO_PINNED = ["pyparsing<3.3"]
PROMISE = re.compile(r"([\w.-]+)>=(\d+\.\d+)")


def promised():
    """Return the name of every dependency of the package and its lowest version."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    extras = project["optional-dependencies"].values()
    lines = [*project["dependencies"], *(line for extra in extras for line in extra)]
    return dict(PROMISE.match(line).groups() for line in lines)


def lowest():
    """Return the lines of the requirements."""
    versions = promised()
    path = ROOT / "requirements-unit.txt"
    pinned = path.read_text(encoding="utf-8").splitlines()
    tools = [line for line in pinned if line.split("==")[0] not in versions]
    lines = [line.replace("-e .", f"-e {ROOT}") for line in tools]
    lines += [f"{name}=={version}.*" for name, version in versions.items()]
    return lines + ALSO_PINNED


if __name__ == "__main__":
    print("\n".join(lowest()))

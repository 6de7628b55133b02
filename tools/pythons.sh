#!/usr/bin/env bash
# Run the unit tests on every Python of the list that this machine has, each in an
# environment of its own below a folder, then on the lowest versions that
# pyproject.toml promises: tools/pythons.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
cache=$1
wanted=(3.11 3.12 3.13)

candidates() {
    local version=$1 root
    echo "python$version"
    root=${PYENV_ROOT:-$(pyenv root 2>/dev/null || echo "$HOME/.pyenv")}
    ls -d "$root/versions/$version".*/bin/python 2>/dev/null || true
    echo python3
}

find_python() {  # the first candidate that starts and is of this version
    local version=$1 python
    for python in $(candidates "$version"); do
        if "$python" -c "import ensurepip, sys
sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null; then
            echo "$python"
            return
        fi
    done
}

missing=()
for version in "${wanted[@]}"; do
    python=$(find_python "$version")
    if [ -z "$python" ]; then
        missing+=("$version")
        continue
    fi
    echo "Unit tests on Python $version ($python):"
    make --no-print-directory unit PYTHON="$python" VENV="$cache/python-$version" \
        REQUIREMENTS=requirements-unit.txt
done

python=$(find_python 3.11)
if [ -n "$python" ]; then
    echo "Unit tests on the lowest versions that pyproject.toml promises, Python 3.11:"
    make --no-print-directory unit-lowest PYTHON="$python" CACHE="$cache"
else
    missing+=("3.11 for the lowest versions")
fi

if [ ${#missing[@]} -gt 0 ]; then
    printf 'Not tested, as it is not on this machine: Python %s\n' "${missing[@]}"
else
    echo "Tested on Python ${wanted[*]} and on the lowest versions."
fi

"""The command line as ``python -m hitchhiker``."""

from .cli import main

main(prog_name="hitchhiker")

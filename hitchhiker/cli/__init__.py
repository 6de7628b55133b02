"""The command line: ``hitchhiker forecast|plan|compare|watch|report|allocate``."""

from . import budgets, commands
from .group import main

__all__ = ["budgets", "commands", "main"]

"""The command line: ``hitchhiker forecast|plan|compare|watch|report|allocate``."""

from .commands import main

__all__ = ["main"]

"""The command itself, which the others hang on, and the options they share."""

import shlex
from pathlib import Path

import click

from .output import COMMAND

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 96}
FILE_NAMES = click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path)
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
TABLE = click.Path(dir_okay=False, path_type=Path)


def out_option(files):
    """The option of a folder for some files."""
    folder = click.Path(file_okay=False, path_type=Path)
    return click.option("--out", type=folder, help=f"Folder for {files}.")


class Commands(click.Group):
    """Commands that know how they were typed."""

    def make_context(self, info_name, args, parent=None, **extra):
        """Keep the words before click takes them apart."""
        typed = shlex.join(["hitchhiker", *args])
        context = super().make_context(info_name, args, parent, **extra)
        context.meta[COMMAND] = typed
        return context


@click.group(cls=Commands, context_settings=SETTINGS)
@click.version_option(package_name="hitchhiker-scaling", prog_name="hitchhiker")
def main():
    """Forecast the loss of large language models from small runs.

    Exit status: 0; 2 where something given cannot be used, with one line on standard
    error; 3 from `watch` where the run left its band.
    """

"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

Env = Annotated[str, typer.Argument(metavar="ENV", help="Environment: a folder in inventories.")]
Inventories = Annotated[
    Optional[Path],
    typer.Option(help="Folder with one folder per environment.", envvar="IADEPLOY_INVENTORIES"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Actor = Annotated[
    Optional[str], typer.Option(help="Who asks; by default GitHub's actor or the log-in name.")
]
Check = Annotated[bool, typer.Option("--check", help="Plan only; change nothing.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
AllowDestructive = Annotated[
    bool,
    typer.Option("--allow-destructive", help="Run a migration that ends all going back."),
]
PastDestructive = Annotated[
    bool, typer.Option("--past-destructive", help="Go back past a destructive migration.")
]
ProjectFolder = Annotated[
    Optional[Path],
    typer.Option("--project", help="The project's top folder; by default the current one."),
]
Output = Annotated[Path, typer.Option(help="Folder for what it leaves.")]
Only = Annotated[
    str, typer.Option(metavar="GATE,GATE", help="Only these gates, such as the table names them.")
]
ProjectPython = Annotated[
    Optional[Path],
    typer.Option("--python", help="The project's own Python; by default its .venv/bin/python."),
]

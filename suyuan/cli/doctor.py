"""``suyuan doctor``: is the store sound, and what is in it."""

from typing import Annotated

import typer

from suyuan.cli.output import JsonOption, StoreOption, note, print_json
from suyuan.service.checkup import checkup
from suyuan.service.workspace import Workspace

app = typer.Typer()


@app.command()
def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every record and compare it with what was written.")
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a store; print its graph hash and what it holds. Exit status 1 if something is wrong."""
    with Workspace.open(store) as workspace:
        report = checkup(workspace, deep=deep)
    if as_json:
        print_json(report)
    else:
        typer.echo(f"store     {report['store']}")
        typer.echo(f"snapshot  {report['snapshot']}")
        for table, count in report["records"].items():
            typer.echo(f"  {table:<20}{count:>12,}")
        for problem in report["problems"]:
            note(f"{problem['what']}: {problem['where']}: {problem['detail']}")
        note("No problem found." if not report["problems"] else f"{len(report['problems'])} problems found.")
    raise typer.Exit(1 if report["problems"] else 0)

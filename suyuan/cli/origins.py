"""``suyuan origins``: which one or few origins explain many cases, and which of the cases are false leads."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.box import SIMPLE
from rich.table import Table

from suyuan.cli.console import people_console
from suyuan.cli.output import (
    NOT_A_FINDING,
    AsOfOption,
    JsonOption,
    KnownAtOption,
    StoreOption,
    note,
    numbered_lines,
    print_json,
    progress_bar,
)
from suyuan.cli.trace_options import ParametersOption, parameters_from
from suyuan.service.origin_groups import GroupRequest, OriginGroups
from suyuan.service.tracing import Start, Tracer
from suyuan.service.workspace import Workspace

app = typer.Typer()

_SHOWN = 10


def _checked_sources(value: str) -> str:
    if value != "auto" and not (value.isascii() and value.isdigit() and int(value) >= 1):
        raise typer.BadParameter(f"{value!r} is not possible; expected auto or a number from 1 on")
    return value


@app.command()
def origins(
    cases: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID...",
            help="Cases of one group: Listing, Seller, Shipment, Lot, Site, Seizure, Exhibit or Lead.",
            show_default=False,
        ),
    ] = None,
    cases_file: Annotated[
        str | None,
        typer.Option(
            "--cases-file",
            metavar="FILE",
            help="A group of cases a line, ids separated by spaces; - for standard input. JSON lines out.",
        ),
    ] = None,
    sources: Annotated[
        str,
        typer.Option(
            metavar="auto|K",
            callback=_checked_sources,
            help="How many origins: auto, or a number to look for.",
        ),
    ] = "auto",
    keep_licensed: Annotated[
        bool,
        typer.Option(
            "--keep-licensed",
            help="Count factories also for goods that they made under licence, which are left out otherwise.",
        ),
    ] = False,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    parameters: ParametersOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the one or few origins that explain a group of cases, and the cases that are false leads."""
    groups: list[Sequence[str | Start]] = [
        *([cases] if cases else []),
        *(
            [Start(given, place) for given in line.split()]
            for place, line in numbered_lines(cases_file, "--cases-file")
        ),
    ]
    if not groups:
        raise typer.BadParameter("Give at least one id, or --cases-file.", param_hint="ID")
    request = GroupRequest(
        sources=None if sources == "auto" else int(sources),
        keep_licensed=keep_licensed,
        as_of=as_of,
        known_at=known_at,
        parameters=parameters_from(parameters),
    )
    with Workspace.open(store) as workspace, progress_bar("Origins") as progress:
        for report in OriginGroups(Tracer(workspace)).reports(groups, request, progress):
            if as_json or cases_file is not None:
                print_json(report)
            else:
                print_group(report)


def print_group(report: dict[str, Any]) -> None:
    """A report for people, on standard output."""
    console = people_console()
    if report["sources"]:
        console.print(_sources_table(report))
    else:
        console.print("None of the cases leads to an origin.")
    for tie in report["ties"]:
        console.print(f"Not told apart 无法区分: {' '.join(tie['sites'])}")
    for lead in report["false_leads"]:
        console.print(
            f"Probably a false lead 可能误报: {lead['case']} {lead['probability']:.1%}, {lead['reason']}"
        )
    for site in report["licensed"]:
        console.print(
            f"Left out, made under licence 获许可生产, 未计入: {site['site']}, {len(site['cases'])} of the cases"
        )
    for case in report["untraced"]:
        console.print(f"Not traced 无法追溯: {case['case']}, {case['reason']}")
    if report["truncated"]:
        console.print("A limit cut the trace of a case; suyuan trace tells which.")
    note(NOT_A_FINDING)


def _sources_table(report: dict[str, Any]) -> Table:
    table = Table("Probable common origin 可能共同来源地", "Name", "Posterior", "Cases", box=SIMPLE)
    for source in report["sources"]:
        explained = " ".join(source["cases"][:_SHOWN])
        more = len(source["cases"]) - _SHOWN
        cases = f"{len(source['cases'])}: {explained}" + (f" and {more} more" if more > 0 else "")
        table.add_row(source["site"], source["name"] or "", f"{source['posterior']:.1%}", cases)
    for other in report["runners_up"][:3]:
        table.add_row(
            f"or else {other['site']}",
            other["name"] or "",
            f"{other['posterior']:.1%}",
            f"instead of {other['instead_of']}",
        )
    return table

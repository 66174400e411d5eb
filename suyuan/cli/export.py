"""``suyuan export``: tables or the whole graph to files."""

from pathlib import Path
from typing import Annotated

import typer

from suyuan.cli.output import (
    JsonOption,
    KnownAtOption,
    StoreOption,
    note,
    one_of,
    print_json,
    progress_bar,
    usage_errors,
)
from suyuan.graph.ids import kind_named
from suyuan.service.exporting import FORMATS, ExportRequest, export_graph
from suyuan.service.times import microseconds
from suyuan.service.workspace import Workspace

app = typer.Typer()


@app.command()
def export(
    format_: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT",
            callback=one_of(*FORMATS),
            help="csv, jsonl, parquet, xlsx (tables); graphml, gexf, ftm (FollowTheMoney), neo4j-admin (graph).",
        ),
    ],
    out: Annotated[
        Path, typer.Argument(help="Folder for tables and neo4j-admin, file for graphml, gexf and ftm.")
    ],
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Only these node kinds (repeat for several).")
    ] = None,
    division: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Only what carries a division code within this one (GB/T 2260)."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="T", help="Only records written after this time (ISO 8601, UTC)."),
    ] = None,
    around: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this node and what is near it; see --hops.")
    ] = None,
    hops: Annotated[
        int | None, typer.Option(min=1, help="How many relationships from --around; default 1.")
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only this network (suyuan networks list): all that belongs to it."),
    ] = None,
    known_at: KnownAtOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write exchange tables, or the graph, whole or in part."""
    if network is not None and known_at is not None:
        raise typer.BadParameter("cannot go with --known-at", param_hint="--network")
    if hops is not None and around is None:
        raise typer.BadParameter("needs --around ID", param_hint="--hops")
    with usage_errors():
        kinds = tuple(kind_named(name) for name in kind or ())
        microseconds("since", since)
    request = ExportRequest(
        format=format_,
        kinds=kinds,
        division=division,
        since=since,
        around=around,
        hops=hops or 1,
        network=network,
        known_at=known_at,
    )
    with Workspace.open(store) as workspace, progress_bar("Exporting") as progress:
        report = export_graph(workspace, out, request, progress)
    if as_json:
        print_json(report)
    else:
        note(f"Wrote {sum(report['counts'].values()):,} entries to {out}.")

"""``suyuan export``: tables or the whole graph to files."""

from pathlib import Path
from typing import Annotated

import typer

from suyuan.cli.output import JsonOption, KnownAtOption, StoreOption, note, print_json, progress_bar
from suyuan.service.exporting import ExportRequest, export_graph
from suyuan.service.workspace import Workspace

app = typer.Typer()


@app.command()
def export(
    format_: Annotated[
        str, typer.Argument(metavar="FORMAT", help="csv, jsonl, parquet, xlsx (tables) or graphml.")
    ],
    out: Annotated[Path, typer.Argument(help="Folder for tables, file for graphml.")],
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Only these node kinds (repeat for several).")
    ] = None,
    known_at: KnownAtOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write exchange tables, or the graph as GraphML."""
    with Workspace.open(store) as workspace, progress_bar("Exporting") as progress:
        request = ExportRequest(format=format_, kinds=tuple(kind or ()), known_at=known_at)
        report = export_graph(workspace, out, request, progress)
    if as_json:
        print_json(report)
    else:
        note(f"Wrote {sum(report['counts'].values()):,} entries to {out}.")

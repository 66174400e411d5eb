"""``suyuan trace listings``: the probable origins of every listing of a market."""

from pathlib import Path
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
    print_json,
    progress_bar,
    usage_errors,
)
from suyuan.cli.trace_options import MaxHopsOption, ParametersOption, UnknownTimesOption, parameters_from
from suyuan.service.listing_origins import listing_origins
from suyuan.service.row_files import check_row_file
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace

app = typer.Typer()

_SHOWN = 20


def _checked_out(value: Path | None) -> Path | None:
    if value is not None:
        with usage_errors():
            check_row_file(value)
    return value


@app.command()
def listings(
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            callback=_checked_out,
            help="Write a row for each listing and origin: a file that ends in .csv, .parquet or .jsonl.",
        ),
    ] = None,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    max_hops: MaxHopsOption = 12,
    unknown_times: UnknownTimesOption = "infer",
    parameters: ParametersOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Trace every listing in one pass: where the goods of the whole market were made. 全部商品链接溯源"""
    request = TraceRequest(
        as_of=as_of,
        known_at=known_at,
        max_hops=max_hops,
        unknown_times=unknown_times,
        parameters=parameters_from(parameters),
    )
    with Workspace.open(store) as workspace, progress_bar("Tracing listings") as progress:
        report = listing_origins(Tracer(workspace), request, out, progress)
    if as_json:
        print_json(report)
    else:
        _print_report(report)


def _print_report(report: dict[str, Any]) -> None:
    """What came out over all listings, for people."""
    console = people_console()
    if not report["listings"]:
        console.print("There are no listings in the store. 库中没有商品链接")
        return
    console.print(f"{report['listings']:,} listings 商品链接, {report['traced']:,} of them traced.")
    if report["unresolved"] is not None:
        console.print(f"Unresolved on average 平均未能溯源: {report['unresolved']:.1%}")
    if report["origins"]:
        console.print(_table(report["origins"][:_SHOWN]))
    if len(report["origins"]) > _SHOWN:
        console.print(f"And {len(report['origins']) - _SHOWN:,} origins more; --json names all.")
    if report["out"] is None:
        note("--out FILE writes the origins of each listing.")
    else:
        note(f"Wrote {report['rows']:,} rows to {report['out']}.")
    note(NOT_A_FINDING)


def _table(origins: list[dict[str, Any]]) -> Table:
    table = Table("Probable origin 可能来源地", "Name", "Listings 链接数", "First for 首位", box=SIMPLE)
    for origin in origins:
        table.add_row(
            origin["site"], origin["name"] or "", f"{origin['listings']:,.1f}", f"{origin['first']:,}"
        )
    return table

"""``suyuan impact``: what came from here."""

from typing import Annotated, Any

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from suyuan.cli.console import people_console, strong
from suyuan.cli.output import (
    NOT_A_FINDING,
    AsOfOption,
    JsonOption,
    KnownAtOption,
    StoreOption,
    note,
    print_json,
)
from suyuan.cli.trace_options import parameters_from
from suyuan.service.impact import impact_report
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace

app = typer.Typer()

SHOWN = 5


@app.command()
def impact(
    starts: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...",
            help="Site, Shipment, Lot, Seller, Listing, Seizure, Exhibit or Lead; several are taken together.",
            show_default=False,
        ),
    ],
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what goods from here came to: sites, sellers, listings, rights, divisions, with expected units."""
    with Workspace.open(store) as workspace:
        report = impact_report(Tracer(workspace), starts, forward_request(as_of, known_at))
    if as_json:
        print_json(report)
    else:
        print_impact(report)


def forward_request(as_of: str | None, known_at: str | None) -> TraceRequest:
    """What is asked of goods that are followed forward."""
    return TraceRequest(direction="forward", as_of=as_of, known_at=known_at, parameters=parameters_from(None))


def print_impact(report: dict[str, Any]) -> None:
    """A report for people, on standard output."""
    console = people_console()
    console.print(strong(", ".join(report["starts"]), f"  rule: {', '.join(dict.fromkeys(report['rules']))}"))
    console.print(
        f"{amount(report['units'])} {report['counted_in']} left on the first shipments; "
        f"{report['movements']} shipments can hold some of them."
    )
    tables = (
        ("sites", "Place passed 途经", "site", "Share of inflow"),
        ("sellers", "Seller 店铺", "seller", "Share of dispatch"),
        ("listings", "Listing 商品链接", "listing", "Share of dispatch"),
        ("rights", "Right 知识产权", "right", "Share of its goods"),
        ("jurisdictions", "Division 区划", "division", "Share of inflow"),
    )
    for key, title, column, of in tables:
        _print_entries(console, report[key], title, column, of)
    for limit, count in report["truncated_counts"].items():
        console.print(f"Cut by {limit}: {count}")
    note(NOT_A_FINDING)


def _print_entries(console: Console, entries: list[dict[str, Any]], title: str, column: str, of: str) -> None:
    if not entries:
        return
    table = Table(f"{title} ({len(entries)})", "Name", "Expected units 预计数量", of, box=SIMPLE)
    for entry in entries[:SHOWN]:
        name = entry.get("name") or entry.get("number") or ""
        table.add_row(entry[column] or "not recorded", name, amount(entry["units"]), f"{entry['mass']:.1%}")
    console.print(table)


def amount(units: float) -> str:
    """Expected units as people read them."""
    return f"{units:,.1f}"

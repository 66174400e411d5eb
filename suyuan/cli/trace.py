"""``suyuan trace``: where was it made, by which way did it come."""

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
    numbered_lines,
    one_of,
    print_json,
)
from suyuan.cli.trace_options import MaxHopsOption, ParametersOption, UnknownTimesOption, parameters_from
from suyuan.service.tracing import Start, Tracer, TraceRequest
from suyuan.service.workspace import Workspace

app = typer.Typer()

_SHOWN = 5


@app.command(
    epilog="Also: suyuan trace fit (parameters from confirmed origins), suyuan trace evaluate TRUTH.csv, "
    "suyuan trace listings (all at once).",
)
def trace(
    starts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID...",
            help="Listing, Seller, Shipment, Lot, Site, Seizure, Exhibit or Lead: Listing:shop:L000001.",
            show_default=False,
        ),
    ] = None,
    ids_file: Annotated[
        str | None, typer.Option("--ids-file", metavar="FILE", help="Ids, one a line; - for standard input.")
    ] = None,
    direction: Annotated[
        str, typer.Option(callback=one_of("backward", "forward"), help="backward or forward.")
    ] = "backward",
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    max_hops: MaxHopsOption = 12,
    unknown_times: UnknownTimesOption = "infer",
    mode: Annotated[
        str,
        typer.Option(
            callback=one_of("mass", "foodchainlab"), help="mass, or foodchainlab for that tool's rules."
        ),
    ] = "mass",
    reachable: Annotated[
        bool, typer.Option("--reachable", help="List everything reachable as well.")
    ] = False,
    parameters: ParametersOption = None,
    no_intervals: Annotated[
        bool,
        typer.Option(
            "--no-intervals",
            help="Leave out the intervals of probabilities, which take longer than the rest.",
        ),
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Trace things back to where they were made, or forward to where they went."""
    asked = [
        *(Start(given) for given in starts or []),
        *(Start(line, place) for place, line in numbered_lines(ids_file, "--ids-file")),
    ]
    if not asked:
        raise typer.BadParameter("Give at least one id, or --ids-file.", param_hint="ID")
    request = TraceRequest(
        direction=direction,  # pyright: ignore[reportArgumentType] - checked by the service
        as_of=as_of,
        known_at=known_at,
        max_hops=max_hops,
        unknown_times=unknown_times,
        mode=mode,  # pyright: ignore[reportArgumentType]
        parameters=parameters_from(parameters),
        reachable=reachable,
        intervals=not no_intervals,
    )
    with Workspace.open(store) as workspace:
        for report in Tracer(workspace).reports(asked, request):
            if as_json:
                print_json(report)
            else:
                print_report(report)


def print_report(report: dict[str, Any]) -> None:
    """A report for people, on standard output."""
    console = people_console()
    reach = report["reachable"]
    console.print(strong(report["start"], f"  {report['direction']}, rule: {report['rule']}"))
    console.print(f"Reachable: {reach['sites']} sites, {reach['movements']} movements.")
    if "origins" in report and report["direction"] == "backward":
        console.print(_origins_table(report))
        console.print(f"Intervals 区间: {report['intervals']}", highlight=False)
        _print_ways(console, report)
        _print_explanation(console, report)
        _print_event_paths(console, report.get("event_paths", []))
        note(NOT_A_FINDING)
    for limit, count in report["truncated_counts"].items():
        console.print(f"Cut by {limit}: {count}")
    for conflict in report.get("time_conflicts", []):
        console.print(
            f"Times do not fit: {conflict['event']} ({conflict['earlier']}) names {conflict['lot']}, which was not "
            f"there before {conflict['later']}"
        )
    for key in ("reachable_sites", "reachable_movements", "reachable_lots", "reachable_events"):
        if key in report:
            console.print(f"{key}: {' '.join(report[key])}")


def _origins_table(report: dict[str, Any]) -> Table:
    has_intervals = any(origin["low"] is not None for origin in report["origins"])
    interval = ("5 %-95 % 区间",) if has_intervals else ()
    table = Table("Probable origin 可能来源地", "Name", "Probability", *interval, box=SIMPLE)
    for origin in report["origins"][:_SHOWN]:
        interval = (f"{origin['low']:.1%}-{origin['high']:.1%}",) if has_intervals else ()
        table.add_row(origin["site"], origin["name"] or "", f"{origin['probability']:.1%}", *interval)
    for place in report["unresolved"][:_SHOWN]:
        table.add_row(f"unresolved at {place['site']}", place["reason"], f"{place['probability']:.1%}")
    return table


def _print_event_paths(console: Console, paths: list[dict[str, Any]]) -> None:
    if paths:
        console.print("Chains through events:")
    for path in paths:
        places = zip(path["sites"], path["names"], strict=True)
        way = " -> ".join(name or site.partition(":")[2] for site, name in places)
        console.print(f"  {way}  ({len(path['lots'])} lots, {len(path['events'])} events)")


def _print_explanation(console: Console, report: dict[str, Any]) -> None:
    """Why, where the chain can be cut, and what to look into next."""
    for origin in report["origins"][:1]:
        console.print("Why 理由:")
        for reason in origin["reasons"]:
            console.print(f"  {reason}", highlight=False)
    if report["choke_points"]:
        console.print("Places most goods passed 关键节点:")
    for point in report["choke_points"][:_SHOWN]:
        always = "  every chain to an origin passes it 所有来源路径必经" if point["dominates"] else ""
        name = f" {point['name']}" if point["name"] else ""
        console.print(f"  {point['share']:.1%}  {point['site']}{name}{always}")
    if report["next_inspections"]:
        console.print("To look into next 建议下一步核查:")
    for inspection in report["next_inspections"][:_SHOWN]:
        console.print(f"  {inspection['expected_gain_bits']:.2f} bits  {inspection['text']}")


def _print_ways(console: Console, report: dict[str, Any]) -> None:
    console.print("Most probable ways:")
    for path in report["paths"][:_SHOWN]:
        way = " -> ".join(site.partition(":")[2] for site in path["sites"])
        shipments = ", ".join(movement.partition(":")[2] for movement in path["movements"])
        console.print(f"  {path['probability']:.1%}  {way}  (shipments {shipments})")

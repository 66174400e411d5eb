"""``suyuan trace``: where was it made, by which way did it come."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from suyuan.cli.output import (
    AsOfOption,
    JsonOption,
    KnownAtOption,
    StoreOption,
    note,
    one_of,
    print_json,
)
from suyuan.errors import ConfigError
from suyuan.service.tracing import Start, Tracer, TraceRequest
from suyuan.service.workspace import Workspace
from suyuan.traceback.parameters import DEFAULT_PARAMETERS, TraceParameters, UnknownTimes

app = typer.Typer()

_SHOWN = 5


@app.command()
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
    max_hops: Annotated[int, typer.Option(min=1, help="Longest chain looked at.")] = 12,
    unknown_times: Annotated[
        str,
        typer.Option(
            callback=one_of(*(mode.value for mode in UnknownTimes)),
            help="Movements without times: infer their bounds, exclude or include them.",
        ),
    ] = "infer",
    mode: Annotated[
        str,
        typer.Option(
            callback=one_of("mass", "foodchainlab"), help="mass, or foodchainlab for that tool's rules."
        ),
    ] = "mass",
    reachable: Annotated[
        bool, typer.Option("--reachable", help="List everything reachable as well.")
    ] = False,
    parameters: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Parameters of the computation (JSON).")
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Trace things back to where they were made, or forward to where they went."""
    asked = [*(Start(given) for given in starts or []), *_ids_from(ids_file)]
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
    )
    with Workspace.open(store) as workspace:
        for report in Tracer(workspace).reports(asked, request):
            if as_json:
                print_json(report)
            else:
                print_report(report)


def _ids_from(file: str | None) -> list[Start]:
    """The ids of a file with the lines they stand on; empty lines and those that begin with # are left out."""
    if file is None:
        return []
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} cannot be read: {error}", param_hint="--ids-file") from error
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), start=1))
    named = "standard input" if file == "-" else file
    return [
        Start(line, f"{named}, line {number}") for number, line in lines if line and not line.startswith("#")
    ]


def parameters_from(file: Path | None) -> TraceParameters:
    """The parameters of a JSON file, the defaults without one."""
    if file is None:
        return DEFAULT_PARAMETERS
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"--parameters {file} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"--parameters {file} holds no JSON object.")
    return TraceParameters.from_json(document)


def print_report(report: dict[str, Any]) -> None:
    """A report for people, on standard output."""
    console = Console(soft_wrap=True, emoji=False)
    reach = report["reachable"]
    console.print(f"[bold]{report['start']}[/bold]  {report['direction']}, rule: {report['rule']}")
    console.print(f"Reachable: {reach['sites']} sites, {reach['movements']} movements.")
    if "origins" in report and report["direction"] == "backward":
        console.print(_origins_table(report))
        _print_ways(console, report)
        _print_event_paths(console, report.get("event_paths", []))
        note("Machine estimate, not a finding. 机器推断，非违法认定。")
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
    table = Table("Probable origin 可能来源地", "Name", "Probability", box=SIMPLE)
    for origin in report["origins"][:_SHOWN]:
        table.add_row(origin["site"], origin["name"] or "", f"{origin['probability']:.1%}")
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


def _print_ways(console: Console, report: dict[str, Any]) -> None:
    console.print("Most probable ways:")
    for path in report["paths"][:_SHOWN]:
        way = " -> ".join(site.partition(":")[2] for site in path["sites"])
        shipments = ", ".join(movement.partition(":")[2] for movement in path["movements"])
        console.print(f"  {path['probability']:.1%}  {way}  (shipments {shipments})")

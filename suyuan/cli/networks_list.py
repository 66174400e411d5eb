"""``suyuan networks list``: who hangs together, and where somebody recurs."""

from typing import Annotated, Any, Final

import typer

from suyuan.cli.console import people_console
from suyuan.cli.output import (
    NOT_A_FINDING,
    AsOfOption,
    JsonOption,
    StoreOption,
    note,
    print_json,
    usage_errors,
)
from suyuan.cli.tables import table_for_people
from suyuan.service.network_report import NetworkRequest, network_rows
from suyuan.service.networks import networks_of
from suyuan.service.times import microseconds
from suyuan.service.workspace import Workspace

app = typer.Typer()

TOP = 20
_NETWORK: Final = "Network 关联主体网络"
_COUNTS: Final = (
    "Actors 主体",
    "Accounts 账号",
    "Findings 认定",
    "Force 生效",
    "Recur 重复",
    "Rights 权利",
    "Areas 区划",
)


@app.command()
def list_(
    division: Annotated[
        str | None,
        typer.Option(
            metavar="CODE", help="Only networks with an account or finding in this division (GB/T 2260)."
        ),
    ] = None,
    min_findings: Annotated[
        int, typer.Option(min=0, help="Only networks with at least so many findings that count.")
    ] = 0,
    top: Annotated[int | None, typer.Option(min=0, help="At most so many; 0 = all.")] = None,
    as_of: AsOfOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """List networks, those with the most findings first; all with --json, 20 for people."""
    with usage_errors():
        request = NetworkRequest(division=division, min_findings=min_findings)
    with Workspace.open(store) as workspace:
        networks = networks_of(workspace, microseconds("as_of", as_of))
        rows = network_rows(networks, request)
    shown = top if top is not None else 0 if as_json else TOP
    chosen = rows[:shown] if shown else rows
    if as_json:
        print_json({"as_of": as_of, "networks": chosen, "networks_in_all": len(networks.ids)})
    else:
        _print_list(chosen, len(networks.ids))


def _print_list(rows: list[dict[str, Any]], in_all: int) -> None:
    table = table_for_people(_NETWORK, *_COUNTS, whole=(_NETWORK,), numbers=_COUNTS, close=True)
    for row in rows:
        numbers = (len(row["actors"]), len(row["accounts"]), row["findings"])
        more = (row["findings_in_force"], row["repeat_offenders"], len(row["rights"]), len(row["divisions"]))
        table.add_row(row["id"], *(str(value) for value in (*numbers, *more)))
    people_console().print(table)
    note(f"{len(rows)} of {in_all} networks. {NOT_A_FINDING}")

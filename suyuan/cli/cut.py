"""``suyuan cut``: which places to close so that goods from here no longer reach the market."""

from typing import Annotated, Any

import typer
from rich.box import SIMPLE
from rich.table import Table

from suyuan.cli.console import people_console, strong
from suyuan.cli.impact import amount, forward_request
from suyuan.cli.output import (
    NOT_A_FINDING,
    AsOfOption,
    JsonOption,
    KnownAtOption,
    StoreOption,
    note,
    print_json,
)
from suyuan.service.impact import cut_report
from suyuan.service.tracing import Tracer
from suyuan.service.workspace import Workspace

app = typer.Typer()


def _checked_share(value: float) -> float:
    if not 0.0 < value <= 1.0:
        raise typer.BadParameter(f"{value} is not possible; expected a share above 0, at most 1")
    return value


@app.command()
def cut(
    origins: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...",
            help="Origins, taken together: Site:FAC0001; of a listing or another case, its probable origins.",
            show_default=False,
        ),
    ],
    share: Annotated[
        float,
        typer.Option(callback=_checked_share, help="Share of the flow to the market to stop, 0 to 1."),
    ],
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the fewest sites and sellers whose closing stops a share of the flow from some origins."""
    with Workspace.open(store) as workspace:
        report = cut_report(Tracer(workspace), origins, share, forward_request(as_of, known_at))
    if as_json:
        print_json(report)
    else:
        print_plan(report)


def print_plan(report: dict[str, Any]) -> None:
    """A plan for people, on standard output."""
    console = people_console()
    flow = f"{amount(report['units'])} {report['counted_in']} reach the market"
    console.print(strong(", ".join(report["origins"]), f"  {flow}"))
    if not report["closings"]:
        console.print("Nothing recorded from these origins reaches the market.")
        return
    table = Table(
        "Close 阻断点", "Name", "Stops", "Together 累计", "Lawful units lost 合法贸易损失", box=SIMPLE
    )
    for closing in report["closings"]:
        table.add_row(
            closing["id"],
            closing["name"] or "",
            f"{closing['stops']:.1%}",
            f"{closing['share_stopped']:.1%}",
            amount(closing["lawful_units"]),
        )
    console.print(table)
    console.print(
        f"{len(report['closings'])} closings stop {report['share_stopped']:.1%} and cost "
        f"{amount(report['lawful_units'])} {report['counted_in']} of other trade. {_proof(report)}"
    )
    for limit, count in report["truncated_counts"].items():
        console.print(f"Cut by {limit}: {count}")
    note(NOT_A_FINDING)


def _proof(report: dict[str, Any]) -> str:
    if report["exact"]:
        return "Fewer cannot do it."
    return f"At least {report['least_closings']} are needed; fewer than {len(report['closings'])} were not found."

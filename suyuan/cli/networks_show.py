"""``suyuan networks show``: one network, its members, who recurs, and the evidence for each tie."""

from typing import Annotated, Any

import typer
from rich.console import Console

from suyuan.cli.console import people_console, strong
from suyuan.cli.output import NOT_A_FINDING, AsOfOption, JsonOption, StoreOption, note, print_json
from suyuan.cli.tables import table_for_people
from suyuan.service.network_report import network_document, network_number
from suyuan.service.networks import networks_of
from suyuan.service.times import microseconds
from suyuan.service.workspace import Workspace

app = typer.Typer()

TIES_SHOWN = 10


@app.command()
def show(
    network: Annotated[
        str,
        typer.Argument(metavar="ID", help="Network; or an actor, shop or firm in it.", show_default=False),
    ],
    as_of: AsOfOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one network: members with their roles, who recurs, and the evidence for each tie."""
    with Workspace.open(store) as workspace:
        networks = networks_of(workspace, microseconds("as_of", as_of))
        document = network_document(networks, network_number(networks, network))
    if as_json:
        print_json(document)
    else:
        _print_network(document)


def _print_network(document: dict[str, Any]) -> None:
    console = people_console()
    console.print(strong(document["id"], f"  {document['display_label']}"))
    for name, title in (
        ("rights", "Rights 权利"),
        ("divisions", "Divisions 区划"),
        ("origins", "Origins 来源地"),
    ):
        console.print(f"{title}: {', '.join(document[name]) or '-'}")
    value = ", ".join(
        f"{entry['value']:,.0f} {entry['currency'] or ''}".strip() for entry in document["value"]
    )
    console.print(f"Units shown as sold 显示销量: {document['units']:,.0f}; value 金额: {value or '-'}")
    if grown := document["growth"]:
        console.print(f"Since the last run 较上次: +{len(grown['joined'])} -{len(grown['left'])}")
    _print_members(console, document["members"])
    _print_repeat(console, document["repeat"])
    _print_ties(console, document["ties"])
    note(NOT_A_FINDING)


def _print_members(console: Console, members: list[dict[str, Any]]) -> None:
    heads = ("Actor 主体", "Name 名称", "Role 角色", "Accounts 账号", "Force 生效", "Standing 状态")
    table = table_for_people(*heads, whole=heads[:1], numbers=heads[3:5], close=True)
    for member in sorted(members, key=lambda one: (-one["centrality"], one["actor"])):
        table.add_row(
            member["actor"],
            member["name"] or "",
            ", ".join(member["roles"]),
            str(len(member["accounts"])),
            str(member["records_with_findings_in_force"]),
            member["display_label"],
        )
    console.print(table)


def _print_repeat(console: Console, repeat: list[dict[str, Any]]) -> None:
    for row in repeat:
        console.print(
            f"{row['actor']}: {row['findings_in_force']} findings in force 生效认定, "
            f"days 日期 {', '.join(row['finding_days'])}"
        )
        if row["legal_repeat"]:
            console.print("  repeat in law, check the decisions 符合法定重复情形，须核对决定书")
        if row["re_emergence_suspected"]:
            console.print(
                f"  opened after a decision, needs an officer 决定后新开，须人工核实: "
                f"{', '.join(row['accounts_after'])} ({row['days_to_re_emergence']} days 天)"
            )
        console.print(f"  tied by 关联依据: {', '.join(row['tied_by'][:5])}")


def _print_ties(console: Console, ties: list[dict[str, Any]]) -> None:
    if not ties:
        return
    console.print("Ties, the strongest first: kind, weight, actors, evidence 关联：类型、权重、主体、依据")
    for tie in sorted(ties, key=lambda one: (-one["weight"], one["from"], one["to"], one["kind"]))[
        :TIES_SHOWN
    ]:
        first = tie["evidence"][0]["record"] if tie["evidence"] else ""
        more = f" +{tie['evidence_count'] - 1}" if tie["evidence_count"] > 1 else ""
        console.print(f"  {tie['kind']:<14}{tie['weight']:.2f}  {tie['from']} - {tie['to']}")
        console.print(f"      {first}{more}")
    if len(ties) > TIES_SHOWN:
        console.print(f"{TIES_SHOWN} of {len(ties)} ties; all with --json. 全部见 --json")

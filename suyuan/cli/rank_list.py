"""``suyuan rank list``: working lists that are taken from rankings, with who approved them and why."""

from typing import Annotated, Any

import typer

from suyuan.cli.console import people_console
from suyuan.cli.output import (
    NOT_A_FINDING,
    AsOfOption,
    JsonOption,
    StoreOption,
    note,
    one_of,
    print_json,
    usage_errors,
)
from suyuan.cli.tables import table_for_people
from suyuan.service.priority_lists import (
    LIST_KINDS,
    decide_list,
    list_history,
    propose_list,
    show_list,
)
from suyuan.service.risk_ranking import RankingRequest, RiskRanking
from suyuan.service.workspace import Workspace

app = typer.Typer(help="Working lists with inspection priority. 重点关注清单（内部）", no_args_is_help=True)

_TOP = 50
ListName = Annotated[str, typer.Argument(metavar="products|firms|rights", callback=one_of(*LIST_KINDS))]
Version = Annotated[int, typer.Argument(min=1, help="Number of the version. 版本号")]
By = Annotated[str, typer.Option(metavar="NAME", help="Who answers for it. 责任人")]
Why = Annotated[str, typer.Option(metavar="TEXT", help="For what reason. 理由")]


@app.command()
def propose(
    name: ListName,
    by: By,
    why: Why,
    top: Annotated[int, typer.Option(min=1, help="How many of the ranking. 条数")] = _TOP,
    division: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only in this division. 行政区划")
    ] = None,
    as_of: AsOfOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put the first rows of a ranking forward as the next version. 提出清单"""
    request = RankingRequest(LIST_KINDS[name].ranking, division=division, as_of=as_of, top=top)
    with Workspace.open(store) as workspace, usage_errors():
        report = RiskRanking(workspace).report(request)
        version = propose_list(workspace.store.documents, name, report, by=by, why=why)
    _print(version, as_json)


@app.command()
def approve(
    name: ListName,
    version: Version,
    by: By,
    why: Why,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Approve a version that somebody else proposed; it takes the place of the one before. 批准清单"""
    with Workspace.open(store) as workspace, usage_errors():
        decided = decide_list(workspace.store.documents, name, version, by=by, why=why)
    _print(decided, as_json)


@app.command()
def reject(
    name: ListName,
    version: Version,
    by: By,
    why: Why,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Reject a version that somebody else proposed. 不予批准"""
    with Workspace.open(store) as workspace, usage_errors():
        decided = decide_list(workspace.store.documents, name, version, by=by, why=why, approve=False)
    _print(decided, as_json)


@app.command()
def show(
    name: ListName,
    version: Annotated[int | None, typer.Option(min=1, help="Another version than the approved one.")] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the approved version, or another one. 查看清单"""
    with Workspace.open(store) as workspace, usage_errors():
        found = show_list(workspace.store.documents, name, version)
    _print(found, as_json)


@app.command()
def history(name: ListName, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Every version: who proposed and decided it, why, and what changed. 清单历史"""
    with Workspace.open(store) as workspace, usage_errors():
        versions = list_history(workspace.store.documents, name)
    if as_json:
        print_json({"list": name, "versions": versions})
        return
    for one in versions:
        typer.echo(
            f"{one['version']:>3} {one['state']:<10} {one['entries']} entries 条 (+{len(one['added'])} "
            f"-{len(one['removed'])}), proposed 提出 {one['proposed_at'][:10]} {one['proposed_by']}: {one['why']}"
        )
        if one["decided_by"]:
            typer.echo(f"    decided 决定 {one['decided_at'][:10]} {one['decided_by']}: {one['decided_why']}")


def _print(version: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(version)
        return
    console = people_console()
    console.print(
        f"{version['title']}, version 版本 {version['version']}, {version['state']}; internal 内部; data up to "
        f"数据截至 {version['as_of']}; proposed by 提出 {version['proposed_by']}: {version['why']}"
    )
    if version["decided_by"]:
        console.print(f"Decided by 决定 {version['decided_by']}: {version['decided_why']}")
    heads = ("#", "Id", "Name 名称", "Score 评分", "Label 称谓")
    table = table_for_people(*heads, whole=heads[:2], numbers=("#", heads[3]))
    for entry in version["entries"]:
        table.add_row(
            str(entry["rank"]),
            entry["id"],
            entry["name"] or "",
            f"{entry['score']:.1f}",
            entry["display_label"],
        )
    console.print(table)
    note(NOT_A_FINDING)

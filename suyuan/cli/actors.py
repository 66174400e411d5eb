"""``suyuan actors``: who is behind the shops, firms and persons, and what analysts decided about it."""

import getpass
from typing import Annotated, Any

import typer

from suyuan.cli.console import people_console, strong
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
from suyuan.service.actor_building import actor_history, build_actors, present_actors
from suyuan.service.actor_reports import actor_list, review_list
from suyuan.service.actors import actor_state
from suyuan.service.judgements import add_judgement, judgement_json, undo_judgement
from suyuan.service.times import microseconds
from suyuan.service.workspace import Workspace
from suyuan.traceback.explanation import Standing

app = typer.Typer(help="Who is behind the shops, firms and persons. 关联主体", no_args_is_help=True)

TopOption = Annotated[int, typer.Option("--top", min=0, help="At most so many; 0 for all.")]
ByOption = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who decides; the user's name if not given.")
]

_HUBS_SHOWN = 10


@app.command()
def build(store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Work out all actors and keep the build with what changed. 归并关联主体"""
    with Workspace.open(store) as workspace:
        report = build_actors(workspace).to_json()
    if as_json:
        print_json(report)
        return
    counts, changed = report["counts"], report["changed"]
    console = people_console()
    console.print(
        f"Build {report['run']}: {counts['records']:,} records, {counts['actors']:,} actors, "
        f"{counts['joined']:,} of two or more 关联主体; {counts['judgements']} judgements in force 人工判定"
    )
    console.print(
        f"Since the build before: {changed['new']:,} records new 新增, {changed['moved']:,} moved 变动, "
        f"{changed['left']:,} left 移除, {changed['gone']:,} actors gone"
    )
    if report["hubs"]:
        heads = ("Shared by strangers 公用标识", "Owners 持有者", "Why 原因")
        table = table_for_people(*heads, whole=heads[:1], numbers=heads[1:2])
        for hub in report["hubs"][:_HUBS_SHOWN]:
            table.add_row(hub["identifier"], f"{hub['owners']:,}", hub["why"])
        console.print(table)
        if len(report["hubs"]) > _HUBS_SHOWN:
            console.print(f"... and {len(report['hubs']) - _HUBS_SHOWN:,} more (--json)")
    note(NOT_A_FINDING)


@app.command("list")
def list_(
    top: TopOption = 20, as_of: AsOfOption = None, store: StoreOption = None, as_json: JsonOption = False
) -> None:
    """List actors of two or more records, largest first. 关联主体列表"""
    with Workspace.open(store) as workspace:
        report = actor_list(workspace, top, microseconds("as_of", as_of))
    if as_json:
        print_json(report)
        return
    console = people_console()
    for actor in report["actors"]:
        console.print(
            strong(actor["id"], f"  {actor['size']} records  {actor['display_label']}{_decided(actor)}")
        )
        for record, name in zip(actor["record_standings"], actor["names"], strict=True):
            label = "" if record["standing"] == Standing.LEAD.value else f"  {record['display_label']}"
            console.print(f"    {record['id']}  {name or ''}{label}")
    cut_off = f", data up to 数据截至 {report['as_of']}" if report["as_of"] else ""
    console.print(f"{len(report['actors']):,} of {report['total']:,} actors 关联主体{cut_off}")
    note(NOT_A_FINDING)


def _decided(actor: dict[str, Any]) -> str:
    """How many records the decisions in force name; empty if none."""
    count = actor["records_with_findings_in_force"]
    return f"  findings in force on {count} of {actor['size']} 有生效认定的记录" if count else ""


@app.command()
def review(top: TopOption = 20, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """List pairs that a person should look at, the most uncertain first. 待人工核对"""
    with Workspace.open(store) as workspace:
        report = review_list(workspace, top)
    if as_json:
        print_json(report)
        return
    console = people_console()
    for pair in report["pairs"]:
        console.print(
            strong(
                f"{pair['a']} ~ {pair['b']}", f"  {pair['match_probability']:.1%} 同一概率  {_place(pair)}"
            )
        )
        console.print(f"    {pair['prior_bits']:+.1f} bits: two records that share nothing 先验")
        for reason in pair["reasons"]:
            console.print(f"    {reason['text']}")
    for judgement in report["overruled"]:
        console.print(f"Overruled by newer ones 被新判定推翻: {_sentence(judgement)}")
    console.print(f"{len(report['pairs']):,} of {report['total']:,} pairs 待核对")
    note(NOT_A_FINDING)


def _place(pair: dict[str, Any]) -> str:
    if pair["held_apart"]:
        return "held apart by a judgement 人工判定分开"
    return "one actor now 现为同一主体" if pair["together"] else "two actors now 现为不同主体"


def _sentence(judgement: dict[str, Any]) -> str:
    said = f"{judgement['a']} {judgement['verdict']} {judgement['b']}"
    return f"{judgement['id']}: {said} ({judgement['by']}, {judgement['at']}: {judgement['why']})"


@app.command()
def judge(
    a: Annotated[str, typer.Argument(metavar="A", help="Seller, firm or person by its id.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    verdict: Annotated[str, typer.Argument(metavar="same|different|unsure", help="What you decide.")],
    why: Annotated[str, typer.Option("--why", help="The reason, for those who come later.")],
    by: ByOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide whether two records are one party's; this outranks the machine. 人工判定"""
    with Workspace.open(store) as workspace:
        with usage_errors():
            made = add_judgement(workspace.store, a, b, verdict, by=by or getpass.getuser(), why=why)
        state = actor_state(workspace)
        report = judgement_json(made, state.verdicts)
        report["actors"] = present_actors(state, made.judgement.pair)
    if as_json:
        print_json({"judgement": report})
        return
    people_console().print(f"{_sentence(report)}\nActors now 现有主体: {', '.join(report['actors'])}")
    note(f"Take it back with: suyuan actors undo {report['id']} --why TEXT 可撤销")


@app.command()
def undo(
    judgement: Annotated[str, typer.Argument(metavar="JUDGEMENT", help="Id of the judgement.")],
    why: Annotated[str, typer.Option("--why", help="The reason.")] = "taken back 撤销",
    by: ByOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a judgement back; the actors are again what they are without it. 撤销判定"""
    with Workspace.open(store) as workspace:
        documents = workspace.store.documents
        with usage_errors():
            undone = undo_judgement(documents, judgement, by=by or getpass.getuser(), why=why)
        report = judgement_json(undone, actor_state(workspace).verdicts)
    if as_json:
        print_json({"judgement": report})
        return
    people_console().print(f"Taken back 已撤销: {_sentence(report)}")


@app.command()
def history(
    actor: Annotated[str, typer.Argument(metavar="A", help="Id of an actor, or of one of its records.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell which records came to an actor and left it, build by build. 变更历史"""
    with Workspace.open(store) as workspace:
        found, entries = actor_history(workspace, actor)
    if as_json:
        print_json({"actor": found, "history": [entry.to_json() for entry in entries]})
        return
    console = people_console()
    console.print(strong(found))
    for entry in (each.to_json() for each in entries):
        console.print(f"Build {entry['run']} ({entry['at'][:19]}): {_event(entry)}")
    if not entries:
        console.print("No build yet 尚无记录; keep one with: suyuan actors build")


def _event(entry: dict[str, Any]) -> str:
    records = ", ".join(entry["records"])
    if entry["happened"] == "joined":
        what = f"{records} joined 加入, " + (f"from {entry['other']}" if entry["other"] else "new 新增")
    else:
        what = f"{records} left 离开, " + (
            f"to {entry['other']}" if entry["other"] else "no longer in the data"
        )
    return what + (f"; judgements 判定: {', '.join(entry['judgements'])}" if entry["judgements"] else "")

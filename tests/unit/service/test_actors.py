"""Actors as a use case: judgements and builds in a store."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from suyuan.analytics.actors import resolve
from suyuan.errors import ConflictError, NotFoundError, ParameterError, UnknownNodeError
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.actor_building import ActorBuild, actor_history, build_actors
from suyuan.service.actor_evidence import actor_evidence
from suyuan.service.actor_reports import actor_list, review_list
from suyuan.service.actor_runs import KnownActors
from suyuan.service.actors import actor_state, resolve_actors
from suyuan.service.judgements import add_judgement, stored_judgements, undo_judgement, verdicts_at
from suyuan.service.times import microseconds
from suyuan.service.workspace import Workspace

SELLERS = "platform,seller_id,name,opened_at\n" + "".join(f"shop,{n},,2025-01-01\n" for n in range(1, 7))
PHONES = (
    "owner,type,value,observed_at\n"
    "Seller:shop:1,phone,13912345671,2025-01-02\nSeller:shop:2,phone,13912345671,2025-01-02\n"
    "Seller:shop:1,wechat,w1,2025-01-02\nSeller:shop:2,wechat,w1,2025-01-02\n"
    "Seller:shop:3,phone,13912345673,2025-01-02\nSeller:shop:4,phone,13912345673,2025-02-02\n"
)
A, B, C, D, E, F = (f"Seller:shop:{n}" for n in range(1, 7))
Read = Callable[[dict[str, str]], None]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(f"sqlite:///{tmp_path / 'actors.db'}", create=True) as workspace:
        yield workspace


@pytest.fixture
def read(opened: Workspace, tmp_path: Path) -> Read:
    """Ingests tables; called once here already."""
    folders = iter(range(100))

    def take(tables: dict[str, str]) -> None:
        folder = tmp_path / f"tables{next(folders)}"
        folder.mkdir()
        for name, text in tables.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        assert ingest(opened.store, [folder], IngestOptions()).to_json()["rejected"] == 0

    take({"sellers": SELLERS, "identifiers": PHONES})
    return take


def groups(workspace: Workspace, as_of: int | None = None) -> set[tuple[str, ...]]:
    return {members for _, members in resolve_actors(workspace, as_of).actors()}


def actors(build: ActorBuild) -> list[dict[str, object]]:
    return build.to_json()["actors"]


def judge(workspace: Workspace, left: str, right: str, verdict: str, why: str = "实地核查") -> str:
    return add_judgement(workspace.store, left, right, verdict, by="li", why=why).id


def recomputed(workspace: Workspace) -> list[tuple[str, tuple[str, ...]]]:
    """Everything worked out anew from what is stored."""
    known = KnownActors()
    known.read(workspace.store.documents)
    verdicts = verdicts_at(stored_judgements(workspace.store.documents))
    evidence = actor_evidence(workspace.view())
    return list(resolve(evidence, verdicts, known_since=known.since, run=known.next_run).actors())


@pytest.mark.usefixtures("read")
def test_judgements_outrank_the_machine_and_undoing_restores_the_build_before(opened: Workspace) -> None:
    first = build_actors(opened)
    assert {tuple(actor["members"]) for actor in actors(first)} == {(A, B), (C, D), (E,), (F,)}  # pyright: ignore[reportArgumentType]
    one, other = judge(opened, A, B, "different"), judge(opened, "seller:shop:5", F, "same")
    second = build_actors(opened)
    assert groups(opened) == {(A,), (B,), (C, D), (E, F)}
    assert second.run.counts["judgements"] == 2
    for judgement in (one, other):
        undo_judgement(opened.store.documents, judgement, by="wang", why="误判")
    third = build_actors(opened)
    assert actors(third) == actors(first)
    assert list(resolve_actors(opened).actors()) == recomputed(opened)


@pytest.mark.usefixtures("read")
def test_what_is_judged_carries_over_and_through(opened: Workspace) -> None:
    judge(opened, C, D, "different")
    judge(opened, D, E, "same")
    build_actors(opened)
    assert groups(opened) == {(A, B), (C,), (D, E), (F,)}
    state = actor_state(opened)
    assert state.verdicts.verdict(C, E) == "different"
    judge(opened, C, E, "same")
    assert [one.verdict for one in actor_state(opened).verdicts.overruled] == ["different"]
    assert groups(opened) == {(A, B), (C, D, E), (F,)}


def test_ids_stay_while_data_comes_in_and_updates_equal_recomputation(opened: Workspace, read: Read) -> None:
    first = {str(actor["id"]): actor["members"] for actor in actors(build_actors(opened))}
    # Its id sorts before all others, so only the order of arrival keeps the actor's name.
    read(
        {
            "sellers": "platform,seller_id\nmall,0\n",
            "identifiers": "owner,type,value\nSeller:mall:0,phone,13912345671\nSeller:mall:0,wechat,w1\n",
        }
    )
    second = build_actors(opened)
    ids = {str(actor["id"]): actor["members"] for actor in actors(second)}
    assert set(ids) == set(first)
    grown = resolve_actors(opened).actor_of(A)
    assert ids[grown] == ["Seller:mall:0", A, B]
    assert second.to_json()["changed"] == {"new": 1, "moved": 0, "left": 0, "gone": 0}
    assert list(resolve_actors(opened).actors()) == recomputed(opened)
    with Workspace.open(opened.store.url) as again:
        assert list(resolve_actors(again).actors()) == recomputed(opened)


@pytest.mark.usefixtures("read")
def test_history_tells_who_came_and_who_went_and_which_judgement_did_it(opened: Workspace) -> None:
    build_actors(opened)
    made = judge(opened, A, B, "different")
    build_actors(opened)
    undo_judgement(opened.store.documents, made, by="wang", why="误判")
    build_actors(opened)
    actor, entries = actor_history(opened, B)
    assert actor == resolve_actors(opened).actor_of(A)
    assert [(one.run, one.happened, one.records, one.judgements) for one in entries] == [
        (1, "joined", (A, B), ()),
        (2, "left", (B,), (made,)),
        (3, "joined", (B,), (made,)),
    ]
    assert entries[1].other == entries[2].other
    gone, lone = actor_history(opened, str(entries[1].other))
    assert gone == entries[1].other
    assert [one.happened for one in lone] == ["joined", "left"]
    for unknown in ("Actor:0000000000000000", "Seller:shop:99"):
        with pytest.raises((NotFoundError, UnknownNodeError), match=unknown.partition(":")[2]):
            actor_history(opened, unknown)


@pytest.mark.usefixtures("read")
def test_a_cut_off_hides_later_identifiers_and_later_judgements(opened: Workspace) -> None:
    judge(opened, E, F, "same")
    january = 1_738_000_000_000_000  # 2025-01-27
    assert groups(opened, january) == {(A, B), (C,), (D,), (E,), (F,)}
    assert groups(opened) == {(A, B), (C, D), (E, F)}
    newest = stored_judgements(opened.store.documents)[0].judgement.at
    assert (E, F) in groups(opened, newest)
    assert (E, F) not in groups(opened, newest - 1)
    undo_judgement(opened.store.documents, stored_judgements(opened.store.documents)[0].id, by="li", why="误")
    assert (E, F) in groups(opened, newest)
    assert (E, F) not in groups(opened)


@pytest.mark.usefixtures("read")
def test_resolutions_are_worked_out_once(opened: Workspace) -> None:
    assert resolve_actors(opened) is resolve_actors(opened)
    before = resolve_actors(opened)
    made = judge(opened, E, F, "same")
    assert resolve_actors(opened) is not before
    undo_judgement(opened.store.documents, made, by="li", why="误")
    assert list(resolve_actors(opened).actors()) == list(before.actors())


@pytest.mark.usefixtures("read")
def test_what_cannot_be_judged(opened: Workspace) -> None:
    with pytest.raises(NotFoundError, match="shop:99"):
        judge(opened, A, "Seller:shop:99", "same")
    with pytest.raises(ParameterError, match="one of its members"):
        judge(opened, A, resolve_actors(opened).actor_of(B), "same")
    with pytest.raises(ParameterError, match="another record"):
        judge(opened, A, "seller:shop:1", "same")
    with pytest.raises(ParameterError, match="same, different, unsure"):
        judge(opened, A, B, "maybe")
    with pytest.raises(ParameterError, match="why"):
        judge(opened, A, B, "same", why=" ")
    assert stored_judgements(opened.store.documents) == []


@pytest.mark.usefixtures("read")
def test_a_judgement_is_undone_once(opened: Workspace) -> None:
    documents = opened.store.documents
    with pytest.raises(NotFoundError, match="judgement"):
        undo_judgement(documents, "Judgement:0", by="li", why="误")
    made = judge(opened, A, B, "different")
    undone = undo_judgement(documents, made.partition(":")[2], by="wang", why="误")
    assert (undone.undone_by, undone.undone_why) == ("wang", "误")
    with pytest.raises(ConflictError, match="taken back by wang") as refused:
        undo_judgement(documents, made, by="li", why="误")
    assert not refused.value.retryable


@pytest.mark.usefixtures("read")
def test_review_asks_about_what_judgements_hold_apart_and_tells_the_overruled(opened: Workspace) -> None:
    assert [pair["held_apart"] for pair in review_list(opened)["pairs"]] == [False]
    old = judge(opened, A, B, "same")
    judge(opened, A, B, "different")
    report = review_list(opened)
    held = [pair for pair in report["pairs"] if pair["held_apart"]]
    assert [(pair["a"], pair["b"], pair["together"]) for pair in held] == [(A, B, False)]
    assert [one["id"] for one in report["overruled"]] == [old]
    (pair,) = held
    assert pair["prior_bits"] + sum(reason["bits"] for reason in pair["reasons"]) == pytest.approx(
        pair["bits"]
    )
    assert "the same phone 同一电话 +8613912345671 (2 owners)" in pair["reasons"][1]["text"]


@pytest.mark.usefixtures("read")
def test_lists_show_the_largest_first_with_their_standing(opened: Workspace, read: Read) -> None:
    judge(opened, C, E, "same")
    read(
        {
            "findings": "finding_id,subject,kind,outcome,finality,decided_at\n"
            f"F1,{B},ruling,infringing,in_force,2025-03-01\n"
        }
    )
    report = actor_list(opened)
    assert [(actor["size"], actor["members"]) for actor in report["actors"]] == [(3, [C, D, E]), (2, [A, B])]
    assert {(actor["standing"], actor["display_label"]) for actor in report["actors"]} == {
        ("LEAD", "linked accounts 关联主体")
    }
    assert [actor["records_with_findings_in_force"] for actor in report["actors"]] == [0, 1]
    assert report["actors"][1]["record_standings"] == [
        {"id": A, "standing": "LEAD", "display_label": "subject of a lead 线索对象"},
        {"id": B, "standing": "DECIDED_IN_FORCE", "display_label": "finding in force 有生效认定"},
    ]
    assert (len(actor_list(opened, 1)["actors"]), report["total"]) == (1, 2)


def test_a_list_as_of_a_time_shows_nothing_of_later(opened: Workspace, read: Read) -> None:
    read(
        {
            "findings": "finding_id,subject,kind,outcome,finality,decided_at\n"
            f"F1,{B},ruling,infringing,in_force,2025-03-01\n"
        }
    )
    days = {day: actor_list(opened, as_of=microseconds("as_of", day)) for day in ("2025-01-27", "2025-02-28")}
    assert [actor["members"] for actor in days["2025-01-27"]["actors"]] == [[A, B]]
    assert [actor["members"] for actor in days["2025-02-28"]["actors"]] == [[A, B], [C, D]]
    assert days["2025-02-28"]["actors"][0]["records_with_findings_in_force"] == 0
    assert actor_list(opened)["actors"][0]["records_with_findings_in_force"] == 1
    assert actor_list(opened)["as_of"] is None
    assert days["2025-01-27"]["as_of"] == "2025-01-27T23:59:59.999999Z"

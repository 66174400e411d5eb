import pytest

from suyuan.api.masking import Sight, mask_text
from suyuan.graph.store.base import GraphEdge, Node, Provenance
from suyuan.graph.tables import TABLES

CLEAR, MASKED = Sight(personal=True), Sight(personal=False)
ROW = Provenance("watch_lists", "x", "f.csv", "0" * 64, 1, "run", 1)


def _edge(kind: str, source: str, target: str) -> GraphEdge:
    return GraphEdge(f"{kind}|{source}|{target}|x", kind, source, target, {}, ROW)


def _firm(**properties: str) -> Node:
    return Node("Firm:F1", "Firm", {"firm_id": "F1", **properties}, provenance=ROW)


@pytest.mark.parametrize(("text", "masked"), [("张晓明", "张***"), ("x", "x***"), ("", "***")])
def test_one_character_is_left(text: str, masked: str) -> None:
    assert mask_text(text) == masked


def test_personal_columns_are_masked_and_others_kept() -> None:
    for table in TABLES.values():
        row = {column.name: "value" for column in table.columns if column.type == "text"}
        assert CLEAR.properties(table.name, row) == row
        masked = MASKED.properties(table.name, row)
        assert {name for name in row if masked[name] != "value"} == {
            column.name for column in table.columns if column.personal and column.name in row
        }


def test_ids_of_identifiers_are_masked_wherever_they_stand() -> None:
    row = {"subject": "Identifier:phone:+86139", "list": "a", "more": ["Identifier:email:x", "Firm:F1"]}
    assert MASKED.properties("leads", row) == {
        "subject": "Identifier:***",
        "list": "a",
        "more": ["Identifier:***", "Firm:F1"],
    }


@pytest.mark.parametrize(
    ("edge", "seen"),
    [
        (_edge("HAS", "Firm:F1", "Identifier:phone:1"), False),
        (_edge("LISTED_ON", "Identifier:phone:1", "WatchList:a"), False),
        (_edge("AGAINST", "Finding:1", "Identifier:phone:1"), False),
        (_edge("LISTED_ON", "Seller:shop:1", "WatchList:Identifier:"), True),
    ],
)
def test_relationships_to_identifiers_are_withheld(edge: GraphEdge, seen: bool) -> None:
    assert MASKED.sees_edge(edge) == seen
    assert CLEAR.sees_edge(edge)


def test_withheld_kinds_are_never_asked_for() -> None:
    assert MASKED.edge_kinds(["HAS", "OWNS"]) == ("OWNS",)
    assert MASKED.edge_kinds(["HAS"]) == ()
    assert "HAS" not in (MASKED.edge_kinds(None) or ("HAS",))
    assert MASKED.node_kinds(["Identifier"]) == ()
    assert "Identifier" not in (MASKED.node_kinds(None) or ("Identifier",))
    assert CLEAR.edge_kinds(None) is None
    assert CLEAR.node_kinds(["Identifier"]) == ("Identifier",)
    assert CLEAR.withheld_kinds() == frozenset()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("远山", True),
        ("远山贸易", True),
        ("远山 明路", True),
        ("f1", True),
        ("F", True),
        ("Firm:F1", True),
        ("卢晓岚", False),
        ("远山 卢晓岚", False),
        ("山路", False),
        ("义乌", False),
    ],
)
def test_a_search_gives_what_it_found_by_readable_text(text: str, found: bool) -> None:
    firm = _firm(name="远山贸易", legal_representative="卢晓岚", address="明路1号")
    assert MASKED.found_by(text, firm) == found
    assert CLEAR.found_by(text, firm)

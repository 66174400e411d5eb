import pytest

from suyuan.errors import UnknownKindError, UnknownNodeError
from suyuan.graph.rows import snapshot_of_rows
from suyuan.service.connecting import ConnectionHop, connections

GRAPH = snapshot_of_rows(
    {
        "sellers": [{"platform": "shop", "seller_id": "1", "firm_id": "F1"}],
        "firms": [{"firm_id": "F1"}],
        "identifiers": [
            {"owner": "Seller:shop:1", "type": "phone", "value": "+8613900000000"},
            {"owner": "Firm:F1", "type": "phone", "value": "+8613900000000"},
        ],
    }
)


def test_ways_are_told_by_ids_with_relationships_in_their_own_direction() -> None:
    (by_phone, direct) = sorted(
        connections(GRAPH, ["seller:shop:1"], ["Identifier:phone:+8613900000000"], 5, without=frozenset())
        + connections(GRAPH, ["Firm:F1"], ["Seller:shop:1"], 5, without=frozenset()),
        key=lambda way: way.nodes[-1],
    )
    assert by_phone.nodes == ("Seller:shop:1", "Identifier:phone:+8613900000000")
    assert direct.nodes == ("Firm:F1", "Seller:shop:1")
    assert direct.hops == (ConnectionHop("RUN_BY", "Seller:shop:1", "Firm:F1"),)


@pytest.mark.parametrize("without", [frozenset({"HAS"}), frozenset({"Identifier"})])
def test_kinds_left_out_are_not_passed(without: frozenset[str]) -> None:
    without |= {"RUN_BY"}
    assert connections(GRAPH, ["Firm:F1"], ["Seller:shop:1"], 5, without=frozenset({"RUN_BY"}))
    assert connections(GRAPH, ["Firm:F1"], ["Seller:shop:1"], 5, without=without) == []


def test_ends_that_are_not_there_are_said() -> None:
    with pytest.raises(UnknownNodeError):
        connections(GRAPH, ["Firm:F1"], ["Firm:F2"], 5, without=frozenset())
    with pytest.raises(UnknownKindError):
        connections(GRAPH, ["Firm:F1"], ["House:1"], 5, without=frozenset())

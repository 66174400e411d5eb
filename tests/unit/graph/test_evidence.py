"""Edges of a snapshot lead back to the records that make them."""

import random
from collections import defaultdict
from dataclasses import replace

import pytest

from suyuan.errors import UnknownKindError
from suyuan.graph.build import build_from_view
from suyuan.graph.edgebuild import in_movements
from suyuan.graph.evidence import record_of_edge
from suyuan.graph.model import EDGE_KINDS, Table
from suyuan.graph.projection import edges_of
from suyuan.graph.tables import TABLES
from tests.unit.graph.markets import DictionaryView, random_tables


def _without_movements(table: Table) -> Table:
    return replace(table, edges=tuple(edge for edge in table.edges if not in_movements(edge)))


@pytest.mark.parametrize("seed", range(8))
def test_record_behind_each_edge(seed: int) -> None:
    stream = random.Random(seed)
    view = DictionaryView(stream)
    view.write(random_tables(stream, most=8))
    snapshot = build_from_view(view)
    rows = view.rows()
    rights: dict[str, list[str]] = defaultdict(list)
    for row in rows["rights"]:
        rights[row["number"]].append(row["id"])
    declared = {
        (edge.kind, edge.source, edge.target, name, edge.record)
        for name, table_rows in rows.items()
        for table in [_without_movements(TABLES[name])]
        for row in table_rows
        for edge in edges_of(table, row, lambda kind, by, value: rights[value])
    }
    found = {
        (
            edges.kind,
            snapshot.nodes[edges.source_kind].id_at(edges.source[place]),
            snapshot.nodes[edges.target_kind].id_at(edges.target[place]),
            *record_of_edge(snapshot, edges, place),
        )
        for edges in snapshot.edges.values()
        for place in range(len(edges))
    }
    assert found == declared


def test_each_edge_set_has_one_declaration() -> None:
    sets = [
        (edge.kind, source, target)
        for table in TABLES.values()
        for edge in table.edges
        if not in_movements(edge)
        for source in ([edge.source.kind] if edge.source.kind else _kinds(edge.source.kinds, edge.kind, 0))
        for target in ([edge.target.kind] if edge.target.kind else _kinds(edge.target.kinds, edge.kind, 1))
        if edge.source.by is None
    ]
    assert len(sets) == len(set(sets))


def test_ends_of_records_that_are_no_nodes_are_told_by_their_keys() -> None:
    for table in TABLES.values():
        if table.kind is None:
            for edge in table.edges:
                assert {*edge.source.columns, *edge.target.columns} == set(table.key)


def test_edges_of_no_table_have_no_record() -> None:
    stream = random.Random(1)
    view = DictionaryView(stream)
    view.write(random_tables(stream, most=8))
    snapshot = build_from_view(view)
    held = snapshot.edges["HAS", "Seller", "Identifier"]
    strange = replace(held, kind="SOLD_BY")
    with pytest.raises(UnknownKindError):
        record_of_edge(snapshot, strange, 0)


def _kinds(given: tuple[str, ...], kind: str, place: int) -> tuple[str, ...]:
    return given or (EDGE_KINDS[kind].sources, EDGE_KINDS[kind].targets)[place]

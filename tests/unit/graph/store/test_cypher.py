"""Query text made of declared names alone."""

import re

import pytest

from suyuan.graph.model import EDGE_KINDS, NODE_KINDS
from suyuan.graph.store import cypher, cypher_read, cypher_write
from suyuan.graph.store.cypher import homes, is_own, label, quoted, relationship, schema, stored_properties
from suyuan.graph.tables import TABLES


@pytest.mark.parametrize("name", ["", "a b", "a`b", "1a", "a-b", "a)", "名"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        quoted(name)


def test_only_declared_kinds_become_labels_and_types() -> None:
    assert label("Site") == "`Site`"
    assert relationship("SOLD_BY") == "`SOLD_BY`"
    with pytest.raises(ValueError, match="no declared kind of node"):
        label("Version")
    with pytest.raises(ValueError, match="no declared kind of edge"):
        relationship("KNOWS")


def test_every_kind_has_its_key_and_every_table_its_order() -> None:
    names = schema()
    assert {f"suyuan_{kind}_id" for kind in NODE_KINDS} <= set(names)
    for table in TABLES.values():
        kinds = [table.kind] if table.kind else [edge.kind for edge in table.edges]
        assert {f"suyuan_{kind}_seq" for kind in kinds} <= set(names)
        far = [e.kind for e in table.edges if not is_own(table, e.source) and not is_own(table, e.target)]
        assert {f"suyuan_{kind}_record" for kind in far} <= set(names)
    assert all("IF NOT EXISTS" in text for text in names.values())


def test_a_relationship_type_with_records_of_its_own_belongs_to_one_table() -> None:
    of_tables = [edge.kind for table in TABLES.values() if table.kind is None for edge in table.edges]
    others = {edge.kind for table in TABLES.values() if table.kind is not None for edge in table.edges}
    assert len(of_tables) == len(set(of_tables))
    assert not others & set(of_tables)


def test_a_record_of_a_relationship_table_makes_at_most_one() -> None:
    for table in TABLES.values():
        if table.kind is None and len(table.edges) > 1:
            conditions = [edge.when for edge in table.edges]
            assert None not in conditions
            assert len(set(conditions)) == len(conditions)


def test_no_column_is_named_like_the_bookkeeping() -> None:
    reserved = {"id", "record", "table", "until", "retired", "extra"}
    for table in TABLES.values():
        names = {column.name for column in table.columns}
        assert not names & reserved
        assert not any(name.startswith("_") for name in names)


def test_statements_hold_no_value() -> None:
    texts = [str(text) for text in schema().values() if "FULLTEXT" not in text]
    for table in TABLES.values():
        for home in homes(table):
            texts += [cypher_read.states(home), cypher_write.keep_versions(home)]
            texts.append(cypher_read.page_of_records(home, (home.key, *stored_properties(table))))
        texts += [*cypher_write.detach_edges(table), *cypher_read.edges_of_records(table)]
    for text in texts:
        assert not re.search(r"'[^']*'|\"", text), text


def test_what_is_looked_up_by_id_is_sought_in_its_index_whatever_the_statistics_say() -> None:
    texts: list[str] = []
    for table in TABLES.values():
        for home in (*homes(table), cypher.VERSION_HOME):
            columns = (home.key, *stored_properties(table))
            texts += [cypher_read.states(home), cypher_write.keep_versions(home)]
            texts += [cypher_read.records_by_id(home, columns), cypher_read.values_by_id(home, columns)]
        texts += [*cypher_write.detach_edges(table), *cypher_read.edges_of_records(table)]
        if table.kind is not None:
            texts += [cypher_write.replace_nodes(table), cypher_write.strip_nodes(table.kind)]
            texts += [cypher_write.drop_orphans(table.kind), cypher_read.neighbours(table.kind, "both", ())]
            texts.append(cypher_read.nodes_by_id(table.kind, stored_properties(table)))
    for text in texts:
        wanted = len(re.findall(r"MATCH [^{]*\{(?:id|record): (?:id|r\[)", text))
        assert text.count("USING INDEX SEEK") == wanted > 0, text


def test_edge_kinds_restrict_the_pattern() -> None:
    text = cypher_read.neighbours("Site", "out", ("DEPARTS", "SHIPPED_TO"))
    assert "(x)-[r:`DEPARTS`|`SHIPPED_TO`]->()" in text
    assert "<-[r]-" in cypher_read.neighbours("Site", "in", ())


def test_second_labels_are_the_roles_of_sites() -> None:
    labels = cypher.second_labels(TABLES["sites"])
    assert labels["wholesale_market"] == "WholesaleMarket"
    assert set(labels) == set(TABLES["sites"].column("role").choices)
    assert not set(labels.values()) & set(NODE_KINDS)
    assert cypher_write.second_label_column(TABLES["sites"]) == "role"
    assert len(EDGE_KINDS) == len({relationship(kind) for kind in EDGE_KINDS})

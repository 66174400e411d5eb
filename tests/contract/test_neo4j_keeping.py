"""Neo4j: what a run overwrites is kept a transaction earlier; readers and later runs find nothing twice or lost."""

from collections.abc import Iterator
from typing import Any

import neo4j
import pytest

from suyuan.errors import StoreError
from suyuan.graph.store import neo4j_upsert, neo4j_writer
from suyuan.graph.store.base import Scope, Store, View, Writer
from suyuan.graph.store.neo4j_writer import Neo4jWriter
from suyuan.graph.store.opening import open_store
from suyuan.graph.tables import TABLES
from tests.contract.building import Row, load, sample_rows, values_of, write

STEPS = {
    "changed": (neo4j_upsert, "_write_sorted"),
    "retired": (neo4j_writer, "detach"),
    "unlinked": (neo4j_writer, "_drop_links"),
}
"""The transaction that overwrites, by what it overwrites."""

NAMES = ("rights", "firms", "ownerships", "sites", "shipments", "listings")
"""Nodes, records that are relationships only, second labels, and links by a property."""


def first_rows() -> dict[str, list[Row]]:
    rows = sample_rows()
    return {name: rows[name] for name in NAMES}


@pytest.fixture
def store(neo4j_url: str, neo4j_driver: neo4j.Driver) -> Iterator[Store]:
    neo4j_driver.execute_query("MATCH (n) DETACH DELETE n")
    opened = open_store(neo4j_url)
    load(opened, first_rows())
    yield opened
    opened.close()


def everything(view: View) -> dict[str, Any]:
    """Records, relationships and counts of a view."""
    records = {
        name: values_of(view.batches(name), [*(column.name for column in TABLES[name].columns), "extra"])
        for name in NAMES
    }
    nodes = [record for name, found in records.items() if TABLES[name].kind for record in found]
    edges = {
        node: sorted(edge.id for edge in found)
        for node, found in view.neighbours(sorted(nodes), first=10_000).items()
    }
    return {"records": records, "edges": edges, "counts": view.counts()}


def second_run(writer: Writer) -> None:
    """Changes one record of each table, retires another and moves the number that listings claim."""
    for name, rows in first_rows().items():
        changed: Row = {**rows[1], "extra": '{"new": 1}'}
        if name == "rights":
            changed = {**changed, "number": "another"}
        write(writer, {name: [rows[0], changed]})
    for name in NAMES:
        writer.retire_unnamed(name, ["a.csv"])
    writer.finish({})


def kept(driver: neo4j.Driver) -> dict[str, int]:
    found = driver.execute_query("MATCH (n:Version|EdgeVersion) RETURN labels(n)[0] AS name, count(n) AS n")
    return {record["name"]: record["n"] for record in found.records}


def broken_off(store: Store, monkeypatch: pytest.MonkeyPatch, step: str) -> Writer:
    """A run that got no further than keeping what the step is to overwrite; its process is as good as dead."""
    module, name = STEPS[step]
    overwrite = getattr(module, name)

    def fail(*arguments: Any) -> Any:
        if step == "changed" and not arguments[2].changed:
            return overwrite(*arguments)
        raise StoreError("broken off")

    writer = store.writer("second", full=True)
    with monkeypatch.context() as patched:
        patched.setattr(module, name, fail)
        with pytest.raises(StoreError, match="broken off"):
            second_run(writer)
    return writer


@pytest.mark.parametrize("step", STEPS)
def test_between_keeping_and_overwriting_readers_see_the_last_run(
    store: Store, neo4j_driver: neo4j.Driver, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = everything(store.view())
    writer = broken_off(store, monkeypatch, step)
    assert sum(kept(neo4j_driver).values()) > 0
    assert everything(store.view()) == before
    writer.abandon()
    assert everything(store.view()) == before
    assert kept(neo4j_driver) == {}
    assert store.check(deep=True) == []


@pytest.mark.parametrize("step", STEPS)
def test_a_run_broken_off_between_them_goes_on_as_if_it_had_not_been(
    store: Store, neo4j_driver: neo4j.Driver, monkeypatch: pytest.MonkeyPatch, step: str, neo4j_url: str
) -> None:
    before = everything(store.view())
    with store.writer("second", full=True) as writer:
        second_run(writer)
    after, versions = everything(store.view()), kept(neo4j_driver)
    neo4j_driver.execute_query("MATCH (n) DETACH DELETE n")

    again = open_store(neo4j_url)
    first = load(again, first_rows())
    dead = broken_off(again, monkeypatch, step)
    assert isinstance(dead, Neo4jWriter)
    dead._lease.release()  # pyright: ignore[reportPrivateUsage]
    with again.writer("second", full=True) as writer:
        assert writer.run.seq == dead.run.seq
        second_run(writer)
    assert everything(again.view()) == after != before
    assert kept(neo4j_driver) == versions
    assert everything(again.view(Scope(known_at=first.ended_at))) == before
    assert again.check(deep=True) == []
    again.close()

"""Every domain type with every field and link, on things that are really there."""

from collections.abc import Iterator

import httpx
import pytest
from graphql import GraphQLObjectType, get_named_type

from suyuan.api.links import LINKS
from suyuan.api.schema import make_schema
from suyuan.graph.model import EDGE_KINDS, NODE_KINDS
from suyuan.graph.tables import TABLES
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings
from tests.api.client import Client
from tests.api.whole_schema import selection

SCHEMA = make_schema(Settings.model_construct()).graphql_schema


@pytest.fixture(scope="module")
def ids_by_kind(workspace: Workspace) -> dict[str, list[str]]:
    """A few ids of every kind: records, and what they name."""
    view = workspace.view()
    found: dict[str, list[str]] = {kind: [] for kind in NODE_KINDS}
    for name, table in TABLES.items():
        for batch in view.batches(name, ["id"]):
            ids = [str(value) for value in batch.column("id").to_pylist()]
            if table.kind:
                found[table.kind] += ids
    edges = view.neighbours(["Shipment:SH9", "Seller:shop:s9"], first=100)
    others = {end for page in edges.values() for edge in page for end in (edge.source, edge.target)}
    for node_id in sorted(others):
        kind = node_id.partition(":")[0]
        if kind in ("Lot", "Identifier", "WatchList"):
            found[kind].append(node_id)
    return found


@pytest.mark.parametrize("kind", sorted(NODE_KINDS))
def test_every_field_and_link_of_a_type_is_answered(
    without_limits: httpx.Client, ids_by_kind: dict[str, list[str]], kind: str
) -> None:
    client = Client(without_limits)
    ids = ids_by_kind[kind]
    assert ids, f"the market has no {kind}"
    fields = selection(SCHEMA, kind)
    query = f"query($id: ID!) {{ node(id: $id) {{ __typename id ... on {kind} {{ {fields} }} }} }}"
    for node_id in [*ids[:3], *ids[-3:]]:
        node = client.data(query, id=node_id)["node"]
        assert (node["__typename"], node["id"], node["nodeKind"]) == (kind, node_id, kind)


def test_links_lead_to_the_kind_they_promise(client: Client) -> None:
    listing = client.data(
        '{ node(id: "Listing:shop:L9") { ... on Listing { leads { edges { node { id } } } } } }'
    )
    # A notice is about the listing too, by a relationship of the same kind.
    assert [edge["node"]["id"] for edge in listing["node"]["leads"]["edges"]] == ["Lead:LD9"]
    exhibit = client.data(
        '{ node(id: "Seller:shop:s9") { ... on Seller { dispatches { edges { node { id source } } } } } }'
    )
    assert exhibit["node"]["dispatches"]["edges"][0]["node"]["source"] == "test_purchase"


def test_every_edge_kind_between_types_is_a_link_or_among_the_neighbours() -> None:
    """What the declared tables make."""
    made = {edge.kind for table in TABLES.values() for edge in table.edges}
    linked = {link.edge for link in LINKS}
    assert made - linked == {"SHIPPED_TO", "CONFIRMED_ORIGIN"}
    assert linked <= set(EDGE_KINDS)


def _links_with_types() -> Iterator[tuple[str, str, str | None]]:
    for link in LINKS:
        node = SCHEMA.type_map[link.source]
        assert isinstance(node, GraphQLObjectType)
        yield link.source, get_named_type(node.fields[link.name].type).name, link.target


def test_links_have_the_declared_types() -> None:
    for source, type_name, target in _links_with_types():
        assert type_name.removesuffix("Connection") == (target or "Node"), source


def test_links_fit_the_declared_edges() -> None:
    for link in LINKS:
        declared = EDGE_KINDS[link.edge]
        near, far = (
            (declared.targets, declared.sources) if link.inward else (declared.sources, declared.targets)
        )
        assert link.source in near, link
        assert link.records or link.target is None or link.target in far, link

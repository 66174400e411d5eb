"""Personal data reaches those with the right to it, and nobody else by any id, cursor, count or error."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from suyuan.api.schema import make_schema
from suyuan.graph.model import NODE_KINDS
from suyuan.graph.tables import TABLES
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings
from tests.api.client import Client
from tests.api.persons import PHONE, SECRETS
from tests.api.whole_schema import selection

SCHEMA = make_schema(Settings.model_construct()).graphql_schema
IDS = [
    *("Seller:shop:s9", "Firm:F9", "Person:PE9", "Listing:shop:L9", "Site:W9", "Site:FA9", "Shipment:SH9"),
    *("Lead:LD9", "Lead:LD10", "Finding:FD9", "Right:R9", "RightsHolder:H9", "Product:P9"),
    *("WatchList:重点", "Lot:P9:LOT9", "Dispatch:shop:s9:W9:2025-03-01"),
]


def _cursors(answer: Any) -> Iterator[str]:
    """The text inside every cursor of an answer."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            if isinstance(value, str) and key in ("cursor", "endCursor", "startCursor"):
                yield base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode()
            else:
                yield from _cursors(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from _cursors(value)


def _everything(client: Client, node_id: str) -> str:
    """All that can be asked about a node, with what cursors hold, as one text."""
    kind = node_id.partition(":")[0]
    query = f"query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {selection(SCHEMA, kind)} }} }} }}"
    answer = client.post(query, id=node_id).json()
    return json.dumps(answer, ensure_ascii=False) + " ".join(_cursors(answer))


def _seen(text: str) -> set[str]:
    return {secret for secret in SECRETS if secret in text}


@pytest.fixture(scope="module")
def masked(without_limits: httpx.Client, tokens: dict[str, str]) -> Client:
    return Client(without_limits, tokens["analyst"])


@pytest.fixture(scope="module")
def clear(without_limits: httpx.Client, tokens: dict[str, str]) -> Client:
    return Client(without_limits, tokens["officer"])


def test_an_officer_and_the_own_user_see_everything(clear: Client, without_limits: httpx.Client) -> None:
    for client in (clear, Client(without_limits)):
        assert set().union(*(_seen(_everything(client, node_id)) for node_id in IDS)) == set(SECRETS)


@pytest.mark.parametrize("node_id", IDS)
def test_an_analyst_sees_no_personal_data(masked: Client, node_id: str) -> None:
    text = _everything(masked, node_id)
    assert _seen(text) == set()
    assert "Identifier:phone" not in text
    assert node_id in text


def test_no_phone_of_the_market_reaches_an_analyst(masked: Client, workspace: Workspace) -> None:
    """Every node of the kinds that have identifiers, asked for everything."""
    view = workspace.view()
    ids = [
        str(value)
        for table in ("sellers", "firms", "persons", "watch_lists")
        for batch in view.batches(table, ["id"])
        for value in batch.column("id").to_pylist()
        if TABLES[table].kind
    ]
    phones = re.compile(r"\+86\d{11}")
    assert phones.search(
        " ".join(
            [edge.target for edges in view.neighbours(ids, edge_kinds=["HAS"]).values() for edge in edges]
        )
    )
    for node_id in ids:
        assert not phones.search(_everything(masked, node_id)), node_id


def test_masked_fields_keep_one_character(masked: Client, clear: Client) -> None:
    query = '{ node(id: "Firm:F9") { displayName extra ... on Firm { legalRepresentative address } } }'
    assert masked.data(query)["node"] == {
        "displayName": "远山贸易有限公司",
        "extra": None,
        "legalRepresentative": "卢***",
        "address": "明路1号",
    }
    assert clear.data(query)["node"]["legalRepresentative"] == "卢晓岚"
    assert clear.data(query)["node"]["extra"] == {"memo": "额外备注4711"}


def test_an_identifier_given_by_an_analyst_is_as_one_that_is_not_there(masked: Client) -> None:
    for query in (
        "query($id: ID!) { node(id: $id) { id } }",
        "query($id: ID!) { neighbours(id: $id) { edges { cursor } } }",
        'query($id: ID!) { path(from: $id, to: "Firm:F9") { nodeIds } }',
        'query($id: ID!) { path(from: "Firm:F9", to: $id) { nodeIds } }',
        "query($id: ID!) { trace(start: $id) { rule } }",
    ):
        there = masked.post(query, id=f"Identifier:phone:{PHONE}").text
        absent = masked.post(query, id="Identifier:phone:+8613900000000").text
        assert there.replace(PHONE, "+8613900000000") == absent, query


def test_searches_do_not_tell_what_is_masked(masked: Client, clear: Client) -> None:
    query = """query($text: String!) { search(text: $text, first: 100) {
        edges { node { id } } pageInfo { endCursor } } }"""
    empty = {"edges": [], "pageInfo": {"endCursor": None}}
    for text in (
        "卢晓岚",
        "钱永昌",
        "暗巷路77号",
        "钱永",
        "线索正文",
        f"Identifier:phone:{PHONE}",
        "远山 暗巷路77号",
    ):
        assert clear.data(query, text=text)["search"]["edges"], text
        assert masked.data(query, text=text)["search"] == empty, text
    for text in ("远山", "远山贸易有限公司", "明路1号", "PE9", "Person:PE9"):
        assert masked.data(query, text=text) == clear.data(query, text=text), text


def test_pages_of_a_search_are_full_though_hits_are_left_out(
    masked: Client, clear: Client, workspace: Workspace
) -> None:
    """Shops and firms are found by their names alone; none is lost between the pages."""
    query = """query($after: String) { search(text: "市", first: 40, after: $after) {
        edges { node { id } } pageInfo { hasNextPage endCursor } } }"""
    found: list[str] = []
    after = None
    while True:
        page = masked.data(query, after=after)["search"]
        found += [edge["node"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        assert len(page["edges"]) == 40
        after = page["pageInfo"]["endCursor"]
    everything = [hit.id for hit in workspace.view().search("市", first=100_000)]
    assert len(found) == len(set(found))
    assert 0 < len(found) < len(everything)
    assert found == [node_id for node_id in everything if node_id in set(found)]


def test_paths_of_an_analyst_lead_through_nothing_withheld(masked: Client, clear: Client) -> None:
    query = '{ path(from: "Listing:shop:L9", to: "Firm:F9", first: 100) { nodeIds } }'
    ways = [way["nodeIds"] for way in masked.data(query)["path"]]
    assert ways == [["Listing:shop:L9", "Seller:shop:s9", "Firm:F9"]]
    assert len(clear.data(query)["path"]) == 3
    watched = '{ path(from: "WatchList:重点", to: "Lead:LD10", first: 100) { nodeIds } }'
    assert clear.data(watched)["path"][0]["nodeIds"] == [
        "WatchList:重点",
        f"Identifier:phone:{PHONE}",
        "Lead:LD10",
    ]
    assert PHONE not in masked.post(watched).text


def test_every_kind_with_personal_columns_is_among_the_ids_tested() -> None:
    personal = {
        table.kind
        for table in TABLES.values()
        if table.kind in NODE_KINDS and any(column.personal for column in table.columns)
    }
    assert personal <= {node_id.partition(":")[0] for node_id in IDS}

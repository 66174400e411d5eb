"""What the API answers over HTTP, against the tables that were ingested."""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace
from suyuan.traceback import explaining
from tests.api.client import Client


def _rows(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / "simulated" / f"{table}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _cases(folder: Path, kind: str) -> list[tuple[str, str]]:
    rows = _rows(folder, "truth")
    return [(row["case"], row["factory"]) for row in rows if row["case"].startswith(f"{kind}:")]


def test_a_listing_with_what_it_leads_to(client: Client, market_folder: Path) -> None:
    row = next(row for row in _rows(market_folder, "listings") if row["seller_id"] and row["product_id"])
    found = client.data(
        """query($id: ID!) { node(id: $id) { id nodeKind displayName stub provenance { file row sha256 table }
        ... on Listing { title price currency listedAt sellerId
          seller { id name } product { id name } } } }""",
        id=f"Listing:{row['platform']}:{row['listing_id']}",
    )["node"]
    assert found["title"] == found["displayName"] == row["title"]
    assert found["price"] == float(row["price"])
    assert found["listedAt"] == row["listed_at"]
    assert found["seller"]["id"] == f"Seller:{row['platform']}:{row['seller_id']}"
    assert found["product"]["id"] == f"Product:{row['product_id']}"
    assert found["nodeKind"] == "Listing"
    assert found["stub"] is False
    assert found["provenance"]["table"] == "listings"
    assert found["provenance"]["file"].endswith("listings.csv")
    assert len(found["provenance"]["sha256"]) == 64


def test_ids_are_taken_in_any_spelling_and_absent_things_are_null(client: Client) -> None:
    data = client.data('{ a: node(id: " firm:F9 ") { id } b: node(id: "Firm:NONE") { id } }')
    assert data == {"a": {"id": "Firm:F9"}, "b": None}


@pytest.mark.parametrize("wrong", ["Nothing:1", "Listing:x", "", "Firm:"])
def test_an_id_that_is_none_is_the_callers_mistake(client: Client, wrong: str) -> None:
    assert client.code("query($id: ID!) { node(id: $id) { id } }", id=wrong) == "BAD_USER_INPUT"


@pytest.mark.parametrize("text", ["保温杯", "杯", "远山 保温", "L000003", "Seller:shop:s9"])
def test_search_gives_what_the_store_finds(client: Client, workspace: Workspace, text: str) -> None:
    data = client.data(
        "query($text: String!) { search(text: $text, first: 100) { edges { rank text node { id } } } }",
        text=text,
    )
    found = [(edge["rank"], edge["node"]["id"], edge["text"]) for edge in data["search"]["edges"]]
    assert found == [(hit.rank, hit.id, hit.text) for hit in workspace.view().search(text, first=100)]
    assert found


def test_search_looks_among_kinds(client: Client) -> None:
    data = client.data('{ search(text: "远山", kinds: [Seller, Site]) { edges { node { nodeKind } } } }')
    assert {edge["node"]["nodeKind"] for edge in data["search"]["edges"]} == {"Seller", "Site"}


def test_neighbours_name_the_record_that_says_so(client: Client) -> None:
    data = client.data(
        """{ neighbours(id: "Shipment:SH9") { edges { node { id kind sourceId targetId node { id }
        properties { name value } provenance { table file row } } } pageInfo { hasNextPage } } }"""
    )
    edges = {
        (edge["node"]["kind"], edge["node"]["node"]["id"]): edge["node"]
        for edge in data["neighbours"]["edges"]
    }
    assert set(edges) == {
        ("DEPARTS", "Site:FA9"),
        ("ARRIVES", "Site:W9"),
        ("CARRIES", "Lot:P9:LOT9"),
        ("CARRIES", "Product:P9"),
        ("CONTINUES", "Shipment:SH10"),
        ("FULFILLED_BY", "Listing:shop:L9"),
    }
    arrives = edges["ARRIVES", "Site:W9"]
    assert (arrives["sourceId"], arrives["targetId"]) == ("Shipment:SH9", "Site:W9")
    assert arrives["properties"] == [{"name": "arrived_at", "value": "2025-02-03"}]
    assert arrives["provenance"]["table"] == "shipments"
    assert edges["FULFILLED_BY", "Listing:shop:L9"]["provenance"]["table"] == "dispatches"


@pytest.mark.parametrize(
    ("arguments", "kinds"),
    [
        ("direction: FORWARD", {"ARRIVES", "CARRIES", "CONTINUES"}),
        ("direction: BACKWARD", {"DEPARTS", "FULFILLED_BY"}),
        ("edgeKinds: [DEPARTS, ARRIVES]", {"DEPARTS", "ARRIVES"}),
        ("edgeKinds: [DEPARTS, ARRIVES], direction: FORWARD", {"ARRIVES"}),
        ("edgeKinds: []", set[str]()),
        ("direction: null, first: null, after: null, edgeKinds: [CONTINUES]", {"CONTINUES"}),
    ],
)
def test_neighbours_of_a_direction_and_kinds(client: Client, arguments: str, kinds: set[str]) -> None:
    data = client.data(f'{{ neighbours(id: "Shipment:SH9", {arguments}) {{ edges {{ node {{ kind }} }} }} }}')
    assert {edge["node"]["kind"] for edge in data["neighbours"]["edges"]} == kinds


def test_neighbours_of_nothing_are_not_found(client: Client) -> None:
    assert client.code('{ neighbours(id: "Shipment:NONE") { edges { cursor } } }') == "NOT_FOUND"


TRACE = """query($start: ID!, $direction: Direction, $asOf: DateTime) {
  trace(start: $start, direction: $direction, asOf: $asOf) {
    start rule direction asOf knownAt snapshot parameters truncated truncatedCounts { limit count }
    origins { siteId name displayLabel probability low high licensed infringing standing
      overrun { quantity licence outsideTerritory } reasons site { id } } intervals
    chokePoints { siteId name share dominates site { id } }
    nextInspections { aboutId question expectedGainBits text about { id } }
    unresolved { siteId probability reason site { id } }
    paths { probability movementIds siteIds sites { id } movements { id } }
    pathsTable { path probability hop movement from to } reachable { sites movements } startNode { id } } }"""


@pytest.mark.parametrize("kind", ["Listing", "Seizure", "Exhibit"])
def test_a_trace_is_the_one_of_the_command_line(
    client: Client, workspace: Workspace, market_folder: Path, kind: str
) -> None:
    case, _ = _cases(market_folder, kind)[0]
    trace = client.data(TRACE, start=case, direction=None, asOf=None)["trace"]
    report = Tracer(workspace).report(case, TraceRequest())
    assert trace["start"] == trace["startNode"]["id"] == case
    assert trace["rule"] == report["rule"]
    assert trace["snapshot"] == report["snapshot"]
    assert trace["parameters"] == report["parameters"]
    assert trace["reachable"] == report["reachable"]
    assert trace["intervals"] == report["intervals"]
    for ours, theirs in zip(trace["origins"], report["origins"], strict=True):
        assert ours == {**_camel(theirs), "siteId": theirs["site"], "site": {"id": theirs["site"]}}
    assert [(c["siteId"], c["name"], c["share"], c["dominates"]) for c in trace["chokePoints"]] == [
        (c["site"], c["name"], c["share"], c["dominates"]) for c in report["choke_points"]
    ]
    assert all(c["site"]["id"] == c["siteId"] for c in trace["chokePoints"])
    assert [
        (i["aboutId"], i["question"], i["expectedGainBits"], i["text"]) for i in trace["nextInspections"]
    ] == [(i["about"], i["question"], i["expected_gain_bits"], i["text"]) for i in report["next_inspections"]]
    assert all(i["about"]["id"] == i["aboutId"] for i in trace["nextInspections"])
    assert trace["chokePoints"]
    assert trace["nextInspections"]
    assert [(u["siteId"], u["probability"], u["reason"]) for u in trace["unresolved"]] == [
        (u["site"], u["probability"], u["reason"]) for u in report["unresolved"]
    ]
    assert [(p["movementIds"], p["siteIds"]) for p in trace["paths"]] == [
        (p["movements"], p["sites"]) for p in report["paths"]
    ]
    for path in trace["paths"]:
        assert [node["id"] for node in path["sites"]] == path["siteIds"]
        assert [node["id"] for node in path["movements"]] == path["movementIds"]


EXPLAINED = {
    "origins { reasons }": "origin_ways",
    "origins { licensed }": "origin_ways",
    "origins { infringing }": "origin_ways",
    "origins { standing }": "origin_ways",
    "origins { overrun { quantity } }": "origin_ways",
    "chokePoints { siteId }": "choke_points",
    "nextInspections { text }": "next_inspections",
}


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the parts of an explanation, as they are worked out."""
    done: list[str] = []
    for name in ("origin_ways", "choke_points", "next_inspections"):
        monkeypatch.setattr(explaining, name, _noted(getattr(explaining, name), name, done))
    return done


def _noted(function: Callable[..., Any], name: str, done: list[str]) -> Callable[..., Any]:
    def noted(*given: Any, **named: Any) -> Any:
        done.append(name)
        return function(*given, **named)

    return noted


@pytest.mark.parametrize("field", EXPLAINED)
def test_of_an_explanation_only_what_is_selected_is_worked_out(
    client: Client, market_folder: Path, worked_out: list[str], field: str
) -> None:
    case, _ = _cases(market_folder, "Listing")[0]
    whole = client.data(TRACE, start=case)["trace"]
    worked_out.clear()
    found = client.data(f"query($start: ID!) {{ trace(start: $start) {{ {field} }} }}", start=case)["trace"]
    assert worked_out == [EXPLAINED[field]]
    assert found == _selected(whole, found)


def _selected(whole: Any, like: Any) -> Any:
    """Of a whole answer what another one has."""
    if isinstance(like, list):
        entries: list[Any] = like
        return [_selected(one, other) for one, other in zip(whole, entries, strict=True)]
    if isinstance(like, dict):
        fields: dict[str, Any] = like
        return {name: _selected(whole[name], value) for name, value in fields.items()}
    return whole


@pytest.mark.parametrize(
    ("selection", "parts"),
    [
        ("intervals origins { siteId probability low high site { id } } paths { probability }", []),
        ("origins { siteId } ...below", ["choke_points"]),
        ("... on Trace { some: nextInspections { text } }", ["next_inspections"]),
        ("...below @skip(if: $yes) nextInspections @include(if: $no) { text }", []),
        ("...below @skip(if: $no) origins @include(if: $yes) { siteId ... { reasons } }", "both"),
    ],
)
def test_selections_are_read_through_fragments_and_directives(
    client: Client, market_folder: Path, worked_out: list[str], selection: str, parts: list[str] | str
) -> None:
    case, _ = _cases(market_folder, "Listing")[0]
    asked = f"query($start: ID!, $yes: Boolean = true, $no: Boolean = false) {{ trace(start: $start) {{ {selection}"
    fragment = " fragment below on Trace { chokePoints { siteId } }" if "below" in selection else ""
    used = " start @skip(if: $yes) rule @include(if: $no) } }"
    client.data(asked + used + fragment, start=case)
    assert worked_out == (["origin_ways", "choke_points"] if parts == "both" else parts)


def _camel(entry: Any) -> Any:
    """The same with its names as GraphQL spells them."""
    if not isinstance(entry, dict):
        return entry
    named: dict[str, Any] = entry
    return {re.sub("_(.)", lambda m: m[1].upper(), key): _camel(value) for key, value in named.items()}


def test_the_paths_as_columns_say_the_same(client: Client, market_folder: Path) -> None:
    case, _ = _cases(market_folder, "Listing")[0]
    trace = client.data(TRACE, start=case, direction="BACKWARD", asOf=None)["trace"]
    table = trace["pathsTable"]
    rows = list(
        zip(*(table[name] for name in ("path", "hop", "movement", "from", "to", "probability")), strict=True)
    )
    assert rows == [
        (index, hop, movement, path["siteIds"][hop], path["siteIds"][hop + 1], path["probability"])
        for index, path in enumerate(trace["paths"])
        for hop, movement in enumerate(path["movementIds"])
    ]
    assert rows


def test_a_forward_trace_tells_how_much_is_reachable(client: Client) -> None:
    trace = client.data(TRACE, start="Site:FA9", direction="FORWARD", asOf=None)["trace"]
    assert trace["direction"] == "FORWARD"
    assert trace["reachable"] == {"sites": 1, "movements": 1}
    assert trace["origins"] == trace["paths"] == []


def test_as_of_cuts_what_happened_later(client: Client) -> None:
    before = client.data(TRACE, start="Listing:shop:L9", direction=None, asOf="2025-01-31")["trace"]
    after = client.data(TRACE, start="Listing:shop:L9", direction=None, asOf="2025-12-31T00:00:00Z")["trace"]
    assert before["reachable"]["movements"] == 0
    assert after["origins"][0]["siteId"] == "Site:FA9"
    assert (before["asOf"], after["asOf"]) == ("2025-01-31", "2025-12-31T00:00:00Z")


def test_a_year_is_a_time(client: Client) -> None:
    trace = client.data(TRACE, start="Listing:shop:L9", direction=None, asOf="2025")["trace"]
    assert trace["asOf"] == "2025"
    assert trace["origins"][0]["siteId"] == "Site:FA9"


def test_a_time_that_is_none_is_the_callers_mistake(client: Client) -> None:
    assert client.code(TRACE, start="Listing:shop:L9", direction=None, asOf="yesterday") == "BAD_USER_INPUT"


def test_known_at_before_everything_knows_nothing(client: Client) -> None:
    query = '{ trace(start: "Listing:shop:L9", knownAt: "2020-01-01") { rule } }'
    assert client.code(query) == "NOT_FOUND"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('{ trace(start: "Listing:shop:NONE") { rule } }', "NOT_FOUND"),
        ('{ trace(start: "Firm:F9") { rule } }', "BAD_USER_INPUT"),
        ('{ trace(start: "Listing:shop:L9", maxHops: 0) { rule } }', "BAD_USER_INPUT"),
        ('{ path(from: "Firm:NONE", to: "Firm:F9") { nodeIds } }', "NOT_FOUND"),
        ('{ path(from: "Firm:F9", to: "Seller:shop:s9", first: 101) { nodeIds } }', "BAD_USER_INPUT"),
    ],
)
def test_a_start_that_does_not_do_is_said(client: Client, query: str, code: str) -> None:
    assert client.code(query) == code


def test_a_listing_has_its_trace(client: Client) -> None:
    field = client.data(
        '{ node(id: "Listing:shop:L9") { ... on Listing { trace { rule origins { siteId } } } } }'
    )
    whole = client.data('{ trace(start: "Listing:shop:L9") { rule origins { siteId } } }')
    assert field["node"]["trace"] == whole["trace"]


def test_traces_of_one_request_are_of_one_snapshot(client: Client, market_folder: Path) -> None:
    starts = [case for case, _ in _cases(market_folder, "Listing")[:5]]
    fields = " ".join(f't{i}: trace(start: "{start}") {{ snapshot }}' for i, start in enumerate(starts))
    data = client.data(f"{{ {fields} }}")
    assert len(data) == len(starts)
    assert len({trace["snapshot"] for trace in data.values()}) == 1


def test_the_shortest_paths_between_two_things(client: Client) -> None:
    paths = client.data(
        """{ path(from: "Listing:shop:L9", to: "Firm:F9") {
        nodeIds nodes { displayName } hops { kind sourceId targetId } } }"""
    )["path"]
    assert [path["nodeIds"] for path in paths] == [
        ["Listing:shop:L9", "Identifier:email:conf-4711@mail.example", "Firm:F9"],
        ["Listing:shop:L9", "Identifier:phone:+8613900004711", "Firm:F9"],
        ["Listing:shop:L9", "Seller:shop:s9", "Firm:F9"],
    ]
    assert paths[2]["hops"] == [
        {"kind": "SOLD_BY", "sourceId": "Listing:shop:L9", "targetId": "Seller:shop:s9"},
        {"kind": "RUN_BY", "sourceId": "Seller:shop:s9", "targetId": "Firm:F9"},
    ]
    assert paths[0]["hops"][1]["sourceId"] == "Firm:F9"
    assert paths[2]["nodes"][1]["displayName"] == "远山小店"


def test_a_path_to_itself_has_no_hop_and_none_may_be_asked_for(client: Client) -> None:
    data = client.data(
        '{ same: path(from: "Firm:F9", to: "Firm:F9") { nodeIds hops { kind } } '
        'none: path(from: "Firm:F9", to: "Seller:shop:s9", first: 0) { nodeIds } }'
    )
    assert data == {"same": [{"nodeIds": ["Firm:F9"], "hops": []}], "none": []}

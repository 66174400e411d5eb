"""Networks of a small store: ties, repeat offenders, undoing, cut-offs, ids from run to run, exports."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from suyuan.errors import NotFoundError, ParameterError
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.exporting import ExportRequest, export_graph
from suyuan.service.judgements import add_judgement, undo_judgement
from suyuan.service.network_report import (
    Json,
    NetworkRequest,
    network_document,
    network_number,
    network_rows,
)
from suyuan.service.networks import Networks, networks_of
from suyuan.service.times import microseconds
from suyuan.service.workspace import Workspace

TABLES = {
    "sellers": "platform,seller_id,name,division_code,opened_at\n"
    "shop,1,甲,330782,2025-01-01\nshop,2,乙,330782,2025-03-02\nshop,3,丙,330782,2025-04-01\n"
    "shop,4,丁,440103,2025-01-01\nshop,5,戊,440103,2025-01-01\nshop,6,己,440103,2025-01-01\n"
    "shop,7,庚,440103,2025-01-01\n",
    "firms": "firm_id,name,division_code,registered_at\nF1,制造厂,350502,2020-01-01\n",
    "identifiers": "owner,type,value,observed_at\n"
    "Seller:shop:1,phone,+8613800000001,2025-01-02\nSeller:shop:3,phone,+8613800000001,2025-04-02\n"
    "Seller:shop:1,bank_account,6200000000000000001,2025-01-02\nSeller:shop:3,bank_account,6200000000000000001,2025-04-02\n",
    "listings": "platform,listing_id,seller_id,price,currency,units_sold,listed_at\n"
    "shop,L1,1,10,CNY,5,2025-01-05\nshop,L4,4,7,CNY,1,2025-01-05\n",
    "sites": "site_id,role,operator,division_code\n"
    "D1,dispatch_point,,\nM1,wholesale_market,,\nX1,factory,Firm:F1,350502\n",
    "dispatches": "platform,seller_id,site_id,observed_at,source\n"
    "shop,1,D1,2025-02-01,waybill\nshop,2,D1,2025-02-10,waybill\n"
    + "".join(f"shop,{seller},M1,2025-02-01,waybill\n" for seller in (1, 4, 5, 6, 7)),
    "confirmed_origins": "case,site,confirmed_at\nListing:shop:L1,X1,2025-05-01\n",
    "rights": "right_id,right_type,status\nR1,trade_mark,in_force\nR2,trade_mark,invalidated\n",
    "findings": "finding_id,subject,right_id,kind,outcome,finality,decided_at,division_code\n"
    "N1,Listing:shop:L1,R1,penalty,infringing,in_force,2025-03-02,330782\n"
    "N2,Seller:shop:3,R1,penalty,infringing,in_force,2025-06-01,330782\n"
    "N3,Seller:shop:4,R1,penalty,infringing,revoked,2025-03-02,440103\n"
    "N4,Seller:shop:5,R2,penalty,infringing,in_force,2025-03-02,440103\n"
    "N5,Seller:shop:6,R1,penalty,infringing,under_review,2025-01-01,440103\n",
}


def fill(folder: Path, url: str, tables: Mapping[str, str]) -> Workspace:
    folder.mkdir()
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    workspace = Workspace.open(url, create=True)
    ingest(workspace.store, [folder], IngestOptions())
    return workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with fill(tmp_path / "tables", f"sqlite:///{tmp_path / 's.db'}", TABLES) as opened:
        yield opened


def document(networks: Networks, record: str) -> Json:
    return network_document(networks, network_number(networks, record))


def test_who_hangs_together_and_by_what(workspace: Workspace) -> None:
    networks = networks_of(workspace)
    found = document(networks, "Seller:shop:1")
    assert found["accounts"] == ["Firm:F1", "Seller:shop:1", "Seller:shop:2", "Seller:shop:3"]
    assert {tie["kind"] for tie in found["ties"]} == {"shared_site", "common_origin"}
    (shared,) = (tie for tie in found["ties"] if tie["kind"] == "shared_site")
    assert shared["evidence"] == [
        {"kind": "dispatch", "record": f"Dispatch:shop:{seller}:D1:2025-02-{day}"}
        for seller, day in ((1, "01"), (2, "10"))
    ]
    roles = {member["records"][0]: member["role"] for member in found["members"]}
    assert roles == {"Firm:F1": "producer", "Seller:shop:1": "front_shop", "Seller:shop:2": "member"}
    assert (found["origins"], found["rights"]) == (["Site:X1"], ["Right:R1"])
    assert (found["units"], found["value"]) == (5.0, [{"currency": "CNY", "value": 50.0}])
    assert (found["standing"], found["display_label"]) == ("LEAD", "linked accounts 关联主体网络")
    assert found["findings_over_time"] == [
        {"month": "2025-03", "findings": 1},
        {"month": "2025-06", "findings": 1},
    ]
    standings = {member["records"][0]: member["standing"] for member in found["members"]}
    assert set(standings.values()) == {"LEAD"}
    linked = next(one for one in found["members"] if len(one["records"]) > 1)
    assert linked["display_label"] == "linked accounts 关联主体"
    assert (linked["records_with_findings_in_force"], found["records_with_findings_in_force"]) == (2, 2)
    assert [(one["id"], one["standing"], one["display_label"]) for one in linked["record_standings"]] == [
        (shop, "DECIDED_IN_FORCE", "finding in force 有生效认定")
        for shop in ("Seller:shop:1", "Seller:shop:3")
    ]


def test_a_public_market_ties_nobody_and_every_actor_is_there_once(workspace: Workspace) -> None:
    networks = networks_of(workspace)
    assert document(networks, "Seller:shop:4")["accounts"] == ["Seller:shop:4"]
    rows = network_rows(networks, NetworkRequest())
    assert sorted(actor for row in rows for actor in row["actors"]) == sorted(networks.actors.ids)


def test_one_decision_is_not_that_of_a_network_of_one_actor(tmp_path: Path) -> None:
    few = {name: TABLES[name] for name in ("sellers", "identifiers", "rights")}
    findings = {
        "findings": TABLES["findings"].partition("N1,")[0] + TABLES["findings"].splitlines()[2] + "\n"
    }
    with fill(tmp_path / "few", f"sqlite:///{tmp_path / 'few.db'}", {**few, **findings}) as workspace:
        found = document(networks_of(workspace), "Seller:shop:1")
    assert found["accounts"] == ["Seller:shop:1", "Seller:shop:3"]
    assert (found["standing"], found["display_label"]) == ("LEAD", "linked accounts 关联主体网络")
    assert found["records_with_findings_in_force"] == 1
    (member,) = found["members"]
    assert member["standing"] == "LEAD"
    assert [one["standing"] for one in member["record_standings"]] == ["LEAD", "DECIDED_IN_FORCE"]


def test_the_three_counts(workspace: Workspace) -> None:
    (row,) = document(networks_of(workspace), "Seller:shop:1")["repeat"]
    assert row["finding_days"] == ["2025-03-02", "2025-06-01"]
    assert (row["legal_repeat"], row["findings_in_force"]) == (True, 2)
    assert (row["re_emergence_suspected"], row["days_to_re_emergence"]) == (True, 30)
    assert (row["accounts_before"], row["accounts_after"]) == (["Seller:shop:1"], ["Seller:shop:3"])
    assert row["tied_by"] == ["bank_account:6200000000000000001", "phone:+8613800000001"]


def test_what_was_revoked_invalidated_or_is_under_review(workspace: Workspace) -> None:
    networks = networks_of(workspace)
    counts = [
        (row["findings"], row["findings_in_force"])
        for shop in (4, 5, 6)
        for row in [document(networks, f"Seller:shop:{shop}")]
    ]
    assert counts == [(0, 0), (0, 0), (1, 0)]
    assert document(networks, "Seller:shop:4")["standing"] == "REVOKED"


def test_a_finding_revoked_stops_counting(workspace: Workspace, tmp_path: Path) -> None:
    assert document(networks_of(workspace), "Seller:shop:1")["repeat"]
    changed = tmp_path / "findings.csv"
    changed.write_text(TABLES["findings"].replace("in_force", "revoked"), encoding="utf-8")
    ingest(workspace.store, [changed], IngestOptions())
    found = document(networks_of(workspace), "Seller:shop:1")
    assert (found["findings"], found["repeat"], found["recurrence_rate"]) == (0, [], None)


def test_taking_a_merge_apart_removes_what_hung_on_it(workspace: Workspace) -> None:
    before = network_rows(networks_of(workspace), NetworkRequest())
    said = add_judgement(workspace.store, "Seller:shop:1", "Seller:shop:3", "different", why="两家", by="li")
    apart = networks_of(workspace)
    assert [row for row in network_rows(apart, NetworkRequest()) if row["repeat"]] == []
    assert apart.actors.number_of("Seller:shop:1") != apart.actors.number_of("Seller:shop:3")
    undo_judgement(workspace.store.documents, said.id, by="li", why="误判")
    after = network_rows(networks_of(workspace), NetworkRequest())
    assert [row["repeat"] for row in after] == [row["repeat"] for row in before]
    assert [row["id"] for row in after] == [row["id"] for row in before]


def test_nothing_dated_later_is_seen(workspace: Workspace) -> None:
    then = networks_of(workspace, microseconds("as_of", "2025-03-15"))
    found = document(then, "Seller:shop:1")
    assert (found["findings"], found["repeat"], found["origins"]) == (1, [], [])
    assert found["accounts"] == ["Seller:shop:1", "Seller:shop:2"]
    assert found["growth"] is None
    assert "Seller:shop:3" not in then.actors.actor_of


def test_the_order_of_rows_does_not_matter(workspace: Workspace, tmp_path: Path) -> None:
    turned = {}
    for name, text in TABLES.items():
        head, *rows = text.splitlines()
        turned[name] = "\n".join([head, *reversed(rows)]) + "\n"
    with fill(tmp_path / "turned", f"sqlite:///{tmp_path / 't.db'}", turned) as other:
        one, two = networks_of(workspace), networks_of(other)
        assert network_rows(one, NetworkRequest()) == network_rows(two, NetworkRequest())
        assert document(one, "Seller:shop:1") == document(two, "Seller:shop:1")


def test_ids_and_growth_from_run_to_run(workspace: Workspace, tmp_path: Path) -> None:
    first = document(networks_of(workspace), "Seller:shop:1")
    assert first["growth"] is None
    more = tmp_path / "more"
    more.mkdir()
    (more / "sellers.csv").write_text("platform,seller_id,opened_at\nshop,0,2024-01-01\n", encoding="utf-8")
    shared = ("phone,+8613800000001", "bank_account,6200000000000000001")
    (more / "identifiers.csv").write_text(
        "owner,type,value\n" + "".join(f"Seller:shop:0,{value}\n" for value in shared), encoding="utf-8"
    )
    ingest(workspace.store, [more], IngestOptions())
    grown = document(networks_of(workspace), "Seller:shop:1")
    assert grown["id"] == first["id"]
    assert grown["growth"] == {"is_new": False, "joined": ["Seller:shop:0"], "left": []}
    assert document(networks_of(workspace), "Seller:shop:1") == grown
    with Workspace.open(f"sqlite:///{tmp_path / 's.db'}") as again:
        assert document(networks_of(again), "Seller:shop:1") == grown


def test_choosing_and_ordering(workspace: Workspace) -> None:
    networks = networks_of(workspace)
    assert [row["findings"] for row in network_rows(networks, NetworkRequest())][:2] == [2, 1]
    assert len(network_rows(networks, NetworkRequest(division="44"))) == 4
    assert len(network_rows(networks, NetworkRequest(min_findings=1))) == 2
    ids = [row["id"] for row in network_rows(networks, NetworkRequest(order_by="id"))]
    assert ids == sorted(ids)
    with pytest.raises(ParameterError, match="division"):
        NetworkRequest(division="浙江")
    with pytest.raises(ParameterError, match="min_findings"):
        NetworkRequest(min_findings=-1)
    with pytest.raises(NotFoundError):
        network_number(networks, "Network:none")


def exported(path: Path, column: str) -> list[str]:
    return [json.loads(line)[column] for line in path.read_text(encoding="utf-8").splitlines()]


def test_export_of_a_network(workspace: Workspace, tmp_path: Path) -> None:
    name = document(networks_of(workspace), "Seller:shop:1")["id"]
    export_graph(workspace, tmp_path / "out", ExportRequest(format="jsonl", network=name), None)
    sellers = exported(tmp_path / "out" / "sellers.jsonl", "seller_id")
    assert sellers == ["1", "2", "3"]
    findings = exported(tmp_path / "out" / "findings.jsonl", "finding_id")
    assert findings == ["N1", "N2"]
    report = export_graph(
        workspace, tmp_path / "n.graphml", ExportRequest(format="graphml", network=name), None
    )
    assert report["counts"]["nodes"] > 10
    near = ExportRequest(format="jsonl", network=name, around="seller:shop:2")
    export_graph(workspace, tmp_path / "near", near, None)
    assert exported(tmp_path / "near" / "sellers.jsonl", "seller_id") == ["2"]
    elsewhere = ExportRequest(format="graphml", network=name, around="Seller:shop:4")
    with pytest.raises(ParameterError, match=f"around = 'Seller:shop:4'.*{name}"):
        export_graph(workspace, tmp_path / "elsewhere.graphml", elsewhere, None)
    assert not (tmp_path / "elsewhere.graphml").exists()
    with pytest.raises(ParameterError, match="known_at"):
        export_graph(
            workspace, tmp_path / "x", ExportRequest(format="csv", network=name, known_at="2025"), None
        )

"""What a store knows of parties, as evidence."""

from pathlib import Path

import pytest

from suyuan.analytics.actors import resolve
from suyuan.analytics.evidence import Evidence
from suyuan.graph.store.base import Scope
from suyuan.graph.store.opening import open_store
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.actor_evidence import actor_evidence
from suyuan.service.times import microseconds

FIRM, OTHER = "91330782MA2DEM017W", "91330782XY0000004L"
TABLES = {
    "divisions": "code,name,parent\n330000,浙江省,\n330700,金华市,330000\n330782,义乌市,330700\n",
    "sellers": (
        "platform,seller_id,name,firm_id,address,division_code\n"
        f"shop,1,瑞鑫旗舰店,{FIRM},浙江省金华市义乌市稠州路1号,330782\n"
        "shop,2,Ruixin Store,,义乌市稠州路１号,\n"
        "shop,3,,,浙江省金华市义乌市稠路州1号,\n"
    ),
    "firms": (
        "firm_id,name,legal_representative,address,division_code\n"
        f"{FIRM},义乌瑞鑫玩具有限公司,陳小明,浙江省义乌市稠州路1号,330782\n"
        f"{OTHER},,,,\n"
    ),
    "persons": "person_id,name,id_card\nP1,陈小明,330782189202120005\n",
    "ownerships": (
        f"owner,owned,role,share\nPerson:P1,Firm:{FIRM},legal_representative,\n"
        f"Firm:{FIRM},Firm:{OTHER},shareholder,0.5\nPerson:P1,Firm:{OTHER},shareholder,0.3\n"
    ),
    "identifiers": (
        "owner,type,value\nSeller:shop:1,phone,139 1234 5678\nSeller:shop:2,phone,+8613912345678\n"
        "Seller:shop:2,address,义乌市稠州路1号\nListing:shop:L1,phone,13912345678\n"
    ),
    "sites": "site_id,role,operator\nW1,warehouse,Seller:shop:1\nW2,factory,\n",
    "dispatches": "platform,seller_id,site_id,observed_at,source\nshop,2,W1,2025-01-01,waybill\n",
    "listings": "platform,listing_id,seller_id,image_hash\nshop,L1,1,00ff\nshop,L2,2,00ff\nshop,L3,,00ff\n",
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder: Path = tmp_path_factory.mktemp("parties")
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'parties.db'}")
    try:
        ingest(store, [folder], IngestOptions())
        return actor_evidence(store.view(Scope()))
    finally:
        store.close()


def owners(seen: Evidence) -> dict[str, list[str]]:
    names = seen.records.to_pylist()
    return {
        value: [names[owner] for owner in seen.owners_of(place)]
        for place, value in enumerate(seen.values.to_pylist())
    }


def test_all_parties_are_records_and_nothing_else(seen: Evidence) -> None:
    wanted = [f"Firm:{FIRM}", f"Firm:{OTHER}", "Person:P1", "Seller:shop:1", "Seller:shop:2", "Seller:shop:3"]
    assert seen.records.to_pylist() == sorted(wanted)


def test_values_are_in_normal_form(seen: Evidence) -> None:
    found = owners(seen)
    assert found["phone:+8613912345678"] == ["Seller:shop:1", "Seller:shop:2"]
    assert found["address:330782:稠州路1号"] == [f"Firm:{FIRM}", "Seller:shop:1", "Seller:shop:2"]
    assert found["trade_name:ruixin"] == [f"Firm:{FIRM}", "Seller:shop:1", "Seller:shop:2"]
    assert found["person_name:陈小明"] == [f"Firm:{FIRM}", "Person:P1"]


def test_an_address_with_a_slip_meets_the_right_one(seen: Evidence) -> None:
    assert owners(seen)["address_slip:330782:稠州路1号 ~ 330782:稠路州1号"] == [
        f"Firm:{FIRM}",
        "Seller:shop:1",
        "Seller:shop:2",
        "Seller:shop:3",
    ]


def test_who_controls_a_firm_is_shared_and_a_small_share_is_not(seen: Evidence) -> None:
    found = owners(seen)
    assert found[f"firm:Firm:{FIRM}"] == [f"Firm:{FIRM}", f"Firm:{OTHER}", "Seller:shop:1"]
    assert found["person:Person:P1"] == [f"Firm:{FIRM}", "Person:P1"]


def test_places_and_pictures_are_shared(seen: Evidence) -> None:
    found = owners(seen)
    assert found["site:W1"] == ["Seller:shop:1", "Seller:shop:2"]
    assert found["picture:00ff"] == ["Seller:shop:1", "Seller:shop:2"]


def test_one_party_is_one_actor(seen: Evidence) -> None:
    assert [members for _, members in resolve(seen).actors()] == [tuple(seen.records.to_pylist())]


def test_an_undated_row_does_not_bring_a_shop_forward(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    tables.mkdir()
    (tables / "sellers.csv").write_text(
        "platform,seller_id,opened_at\nshop,1,2024-01-01\nshop,2,2025-01-01\n"
    )
    (tables / "identifiers.csv").write_text(
        "owner,type,value\n" + "".join(f"Seller:shop:{n},phone,13912345678\n" for n in (1, 2))
    )
    store = open_store(f"sqlite:///{tmp_path / 's.db'}")
    try:
        ingest(store, [tables], IngestOptions())
        then = actor_evidence(store.view(Scope()), microseconds("as_of", "2024-12-31"))
        assert then.records.to_pylist() == ["Seller:shop:1"]
        assert len(actor_evidence(store.view(Scope())).records) == 2
    finally:
        store.close()


def test_evidence_at_a_cut_off_is_that_of_a_store_without_what_came_later(tmp_path: Path) -> None:
    before = {
        "sellers": "platform,seller_id,name,address,opened_at\nshop,1,瑞鑫店,稠州路1号,2024-01-01\n",
        "identifiers": "owner,type,value,observed_at\nSeller:shop:1,phone,13912345678,2024-02-01\n",
    }
    later = {
        "sellers": "platform,seller_id,name,address,opened_at\nshop,2,瑞鑫店,稠路州1号,2025-01-01\n",
        "identifiers": (
            "owner,type,value,observed_at\nSeller:shop:2,phone,13912345678,\n"
            "Seller:shop:1,address,稠路州1号,2025-02-01\n"
        ),
        "findings": "finding_id,subject,decided_at\nF1,Firm:A1,2025-03-01\n",
    }
    found: list[tuple[list[object], Evidence]] = []
    for number, sets in enumerate(((before,), (before, later))):
        store = open_store(f"sqlite:///{tmp_path / str(number)}.db")
        try:
            for part, tables in enumerate(sets):
                folder = tmp_path / f"{number}-{part}"
                folder.mkdir()
                for name, text in tables.items():
                    (folder / f"{name}.csv").write_text(text, encoding="utf-8")
                ingest(store, [folder], IngestOptions())
            view = store.view(Scope())
            cut = actor_evidence(view, microseconds("as_of", "2024-12-31"))
            found.append(([cut.records.to_pylist(), owners(cut)], actor_evidence(view)))
        finally:
            store.close()
    assert found[0][0] == found[1][0]
    everything = found[1][1]
    assert len(everything.records) == 3
    assert owners(everything)["address_slip:稠州路1号 ~ 稠路州1号"] == ["Seller:shop:1", "Seller:shop:2"]

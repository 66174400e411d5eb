import json
from pathlib import Path
from typing import Any

import pytest

from suyuan.errors import IngestError
from suyuan.ingest.feeds import find_feeds
from tests.unit.ingest.reading import Found, feeds, read, write


def entity(id_: str, schema: str, **properties: Any) -> dict[str, Any]:
    return {"id": id_, "schema": schema, "properties": properties}


def file(folder: Path, *entities: object, name: str = "entities.ftm.json") -> Path:
    lines = [line if isinstance(line, str) else json.dumps(line) for line in entities]
    return write(folder, name, "\n".join([*lines, ""]))


def by_id(found: Found) -> dict[str, dict[str, Any]]:
    return {str(record["id"]): record for record in found.records}


def extra(record: dict[str, Any]) -> dict[str, Any]:
    return json.loads(str(record["extra"]))


CARD = "11010519491231002X"
ENTITIES = (
    entity(
        "NK-1",
        "Company",
        name=["Acme Ltd", "Acme"],
        country=["gb"],
        incorporationDate=["2020-05"],
        phone=["+442071838750", "+442071838751"],
        website=["https://acme.example/shop"],
        addressEntity=["addr-1"],
        topics=["sanction"],
    ),
    entity("NK-2", "Organization", name=["义乌远山"], uscCode=["91330782MA2DEM017W"]),
    entity("addr-1", "Address", full=["1 High Street"], city=["London"]),
    entity("NK-3", "Person", name=["A Person"], idNumber=["330726199909097777"], birthDate=["1970"]),
    entity("own-1", "Ownership", owner=["NK-3"], asset=["NK-1"], percentage=["25.50"], startDate=["2021-01-02"]),
    entity("own-2", "Directorship", director=["NK-3"], organization=["NK-2"], role=["Secretary"]),
    entity("own-3", "Control", controller=["NK-2"], controlled=["NK-1"], endDate=["2022-01-01T10:00"]),
    entity("acc-1", "BankAccount", iban=["GB82WEST12345698765432"], bankName=["Bank"]),
    entity("own-4", "Ownership", owner=["NK-1"], asset=["acc-1"], date=["2023-04-05"]),
    entity("ua-1", "UserAccount", username=["s1"], service=["shop"], name=["Acme shop"], owner=["NK-1"]),
    entity("sanc-1", "Sanction", entity=["NK-1"], program=["EU-RUS"], reason=["why"], listingDate=["2022-02-02"]),
    entity("ship-1", "Vessel", name=["Boat"]),
    entity("email-1", "Email", subject=["x"]),
    entity("email-2", "Email", subject=["y"]),
    entity("pass-1", "Identification", holder=["NK-3"], number=[CARD], type=["id_card"], country=["cn"]),
)  # fmt: skip


def test_entities_of_others(tmp_path: Path) -> None:
    path = file(tmp_path, *ENTITIES)
    found = read(path)
    assert found.wrong == []
    records = by_id(found)
    acme, known = records["Firm:NK-1"], records["Firm:91330782MA2DEM017W"]
    assert (acme["name"], acme["country"], acme["registered_at_precision"]) == ("Acme Ltd", "GB", 2)
    assert extra(acme) == {"ftm_id": ["NK-1"], "ftm_name": ["Acme Ltd", "Acme"], "ftm_topics": ["sanction"]}
    assert (known["name"], extra(known)) == ("义乌远山", {"ftm_id": ["NK-2"], "ftm_schema": ["Organization"]})
    assert records["Person:NK-3"]["id_card"] == "330726199909097777"
    ties = {key: (record["role"], record["share"]) for key, record in records.items() if "ownerships" in key}
    assert ties == {
        "ownerships:Person%3ANK-3:Firm:NK-1": ("shareholder", 0.255),
        "ownerships:Person%3ANK-3:Firm:91330782MA2DEM017W": ("director", None),
        "ownerships:Firm%3A91330782MA2DEM017W:Firm:NK-1": ("controller", None),
    }
    seller = records["Seller:shop:s1"]
    assert (seller["name"], seller["firm_id"]) == ("Acme shop", "NK-1")
    identifiers = {(r["owner"], r["type"], r["value"]) for r in found.records if r.get("type")}
    assert identifiers == {
        ("Firm:NK-1", "phone", "+442071838750"),
        ("Firm:NK-1", "phone", "+442071838751"),
        ("Firm:NK-1", "domain", "acme.example"),
        ("Firm:NK-1", "address", "1 high street"),
        ("Firm:NK-1", "bank_account", "GB82WEST12345698765432"),
        ("Person:NK-3", "id_card", CARD),
    }
    others = {r["type"]: extra(r) for r in found.records if r.get("type") and r["extra"]}
    assert others == {"address": {"ftm_city": ["London"]}, "bank_account": {"ftm_bankName": ["Bank"]},
                      "id_card": {"ftm_country": ["cn"]}}  # fmt: skip
    listed = records["watch_lists:EU-RUS:Firm:NK-1"]
    assert (listed["why"], listed["from_precision"]) == ("why", 1)


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    (feed,) = feeds(file(tmp_path, *ENTITIES))
    assert feed.notes == (
        "entities.ftm.json: entities without a counterpart are not read: 2 Email, 1 Vessel",
    )


def test_nested_entities_and_several_records_of_a_line(tmp_path: Path) -> None:
    parent = entity("NK-9", "Company", name=["Parent"], email=["a@x.example"])
    child = entity("NK-8", "Company", name=["Child"], parent=[parent], email=["b@x.example", "c@x.example"])
    found = read(file(tmp_path, child))
    assert found.wrong == []
    records = by_id(found)
    assert records["Firm:NK-8"]["row"] == records["Firm:NK-9"]["row"] == 1
    assert extra(records["Firm:NK-8"])["ftm_parent"] == ["NK-9"]
    assert sum(1 for record in found.records if record.get("type") == "email") == 3


def test_lines_that_are_no_entities_are_named(tmp_path: Path) -> None:
    path = file(
        tmp_path, ENTITIES[0], "", '{"id": "x"', '["x"]', '{"id": "", "schema": "Person", "properties": {}}'
    )
    assert [(row, code) for row, _, code in read(path).codes] == [
        (2, "bad_type"),
        (3, "bad_type"),
        (4, "bad_type"),
    ]


def test_references_to_nothing_are_findings(tmp_path: Path) -> None:
    found = read(file(tmp_path, entity("o", "Ownership", owner=["NK-1"], asset=["Firm.F2"])))
    assert found.records == []
    assert ("NK-1" in found.wrong[0][3], found.wrong[0][:2]) == (True, (1, "owner"))


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson", "a.ftm"])
def test_the_format_is_told_by_the_first_line(tmp_path: Path, name: str) -> None:
    path = file(tmp_path, ENTITIES[0], name=name)
    assert by_id(read(path)).keys() >= {"Firm:NK-1"}
    assert find_feeds([path], "ftm", None)[0]
    with pytest.raises(IngestError):
        find_feeds([path], "foodchainlab", None)


def test_other_files_are_refused_when_entities_are_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "firms.csv", "firm_id\nF1\n")
    with pytest.raises(IngestError, match="no file of FollowTheMoney entities"):
        find_feeds([path], "ftm", None)
    only = file(tmp_path, entity("v", "Vessel", name=["Boat"]))
    with pytest.raises(IngestError, match="holds no FollowTheMoney entity that is read"):
        find_feeds([only], "auto", None)

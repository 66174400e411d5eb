"""Every kind of bad row: the good rows beside it go in, it is named with row, column and code."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.unit.ingest.reading import Found, read, write

HEADER = "shipment_id,from_site,to_site,departed_at,arrived_at,quantity,declared_goods\n"
GOOD = "SH{0},A,B,2025-03-01,2025-03-02,5,toys\n"


@dataclass(frozen=True)
class Kind:
    """A bad row among good ones: what it loses, and what is told about it."""

    row: bytes
    code: str | None
    column: str | None
    kept: dict[str, object] | None = None
    table: str = "shipments"
    header: bytes = HEADER.encode()
    good: bytes = GOOD.encode()
    value: str | None = field(default=None)


def shipment(**cells: str) -> bytes:
    row = dict(zip(HEADER.strip().split(","), GOOD.strip().format("X").split(","), strict=True)) | cells
    return (",".join(row.values()) + "\n").encode()


def of_table(
    table: str, header: str, row: str, good: str, code: str | None, column: str, **kept: object
) -> Kind:
    return Kind(
        f"{row}\n".encode(), code, column, kept or None, table, f"{header}\n".encode(), f"{good}\n".encode()
    )


KINDS = {
    "no key": Kind(shipment(shipment_id=""), "missing_key", "shipment_id"),
    "blank key": Kind(shipment(shipment_id="  　 "), "missing_key", "shipment_id"),
    "only separators": Kind(b",,,,,,\n", "missing_key", "shipment_id"),
    "key with NUL": Kind(shipment(shipment_id="a\0b"), "bad_type", "shipment_id"),
    "key too long": Kind(shipment(shipment_id="k" * 2000), "out_of_range", "shipment_id"),
    "too few cells": Kind(b"SHX,A,B\n", "bad_type", None, value="SHX,A,B"),
    "too many cells": Kind(b"SHX,A,B,2025-03-01,2025-03-02,5,toys,more\n", "bad_type", None),
    "NUL": Kind(shipment(declared_goods="a\0b"), "bad_type", "declared_goods", {"declared_goods": None}),
    "lone surrogate": Kind(
        shipment(declared_goods="@").replace(b"@", b"\xed\xa0\x80"), "bad_type", "declared_goods",
        {"quantity": 5.0},
    ),
    "not UTF-8": Kind(
        shipment(declared_goods="@").replace(b"@", b"\xff\xfe"), "bad_type", "declared_goods",
        {"from_site": "A"},
    ),
    "2 MB cell": Kind(
        shipment(declared_goods="g" * 2_000_000), "out_of_range", "declared_goods", {"declared_goods": None}
    ),
    "10 MB cell": Kind(
        shipment(declared_goods="g" * 10_000_000), "out_of_range", "declared_goods", {"declared_goods": None}
    ),
    "word for a number": Kind(shipment(quantity="many"), "bad_type", "quantity", {"quantity": None}),
    "thousands separator": Kind(shipment(quantity='"1,234"'), "bad_type", "quantity", {"quantity": None}),
    "not a number": Kind(shipment(quantity="NaN"), "bad_type", "quantity", {"quantity": None}),
    "infinity": Kind(shipment(quantity="-inf"), "bad_type", "quantity", {"quantity": None}),
    "too large a number": Kind(shipment(quantity="1e999"), "bad_type", "quantity", {"quantity": None}),
    "hexadecimal": Kind(shipment(quantity="0x1F"), "bad_type", "quantity", {"quantity": None}),
    "immense quantity": Kind(shipment(quantity="1e300"), "out_of_range", "quantity", {"quantity": None}),
    "negative quantity": Kind(shipment(quantity="-1"), "out_of_range", "quantity", {"quantity": None}),
    "no date": Kind(shipment(departed_at="soon"), "bad_time", "departed_at", {"departed_at": None}),
    "30 February": Kind(shipment(departed_at="2025-02-30"), "bad_time", "departed_at", {"departed_at": None}),
    "24 o'clock": Kind(shipment(departed_at="2025-03-01T24:00:00Z"), "bad_time", "departed_at"),
    "leap second": Kind(shipment(departed_at="2016-12-31T23:59:60Z"), "bad_time", "departed_at"),
    "year 0000": Kind(shipment(departed_at="0000-01-01"), "bad_time", "departed_at"),
    "year 10000": Kind(shipment(arrived_at="10000-01-01"), "bad_time", "arrived_at"),
    "year 0001": Kind(shipment(departed_at="0001-01-01"), None, None, {"departed_at": -62135596800000000}),
    "year 9999": Kind(shipment(arrived_at="9999-12-31"), None, None, {"arrived_at": 253402214400000000}),
    "arrival first": Kind(
        shipment(arrived_at="2025-02-01"), "contradiction", "arrived_at",
        {"arrived_at": None, "departed_at": 1740787200000000},
        value="departed_at 2025-03-01 > arrived_at 2025-02-01",
    ),
    "same key, other content": Kind(shipment(shipment_id="SH1", quantity="6"), None, None),
    "formula": Kind(shipment(declared_goods="=1+1"), None, None, {"declared_goods": "=1+1"}),
    "quoted newline": Kind(shipment(declared_goods='"a\nb"'), None, None, {"declared_goods": "a\nb"}),
    "no such role": of_table(
        "sites", "site_id,role", "X,castle", "S{0},factory", "bad_enum", "role", role=None
    ),
    "no such part of a right": of_table(
        "right_contents", "right_id,part,no", "X,chapter,1", "R{0},claim,1", "bad_enum", "part"
    ),
    "wrong check digit": of_table(
        "firms", "firm_id,name", "91330782MA2DEM0170,x", "91330782MA2DEM017W,{0}",
        "bad_identifier", "firm_id",
        firm_id="91330782MA2DEM0170",
    ),
    "wrong patent number": of_table(
        "rights", "right_id,right_type,number", "X,invention,202310012345.6", "R{0},invention,202110377287.X",
        "bad_identifier", "number", number="202310012345.6",
    ),
    "no such country": of_table(
        "firms", "firm_id,country", "F,Atlantis", "F{0},CN", "bad_identifier", "country", country="Atlantis"
    ),
    "division of letters": of_table(
        "sites", "site_id,division_code", "X,Yiwu", "S{0},330782", "bad_identifier", "division_code",
        division_code="Yiwu",
    ),
    "unparseable phone": of_table(
        "identifiers", "owner,type,value", "Firm:F1,phone,ask", "Firm:F{0},phone,13912345678",
        "bad_identifier", "value", value="ask",
    ),
    "latitude beyond the pole": of_table(
        "sites", "site_id,latitude", "X,91", "S{0},30.5", "out_of_range", "latitude", latitude=None
    ),
    "share above one": of_table(
        "ownerships", "owner,owned,share", "Firm:A,Firm:X,1.5", "Firm:A,Firm:F{0},0.5",
        "out_of_range", "share"
    ),
    "malformed id": of_table(
        "licences", "licence_id,licensee", "X,Somebody", "L{0},Firm:F1", "unknown_reference", "licensee",
        licensee=None,
    ),
    "id of a wrong kind": of_table(
        "licences", "licence_id,licensee", "X,Site:S1", "L{0},Firm:F1", "unknown_reference", "licensee"
    ),
    "malformed id as key": of_table(
        "ownerships", "owner,owned", "Firm,Firm:X", "Firm:A,Firm:F{0}", "unknown_reference", "owner"
    ),
    "neither true nor false": of_table(
        "exhibits", "exhibit_id,key_exhibit", "X,perhaps", "E{0},yes", "bad_type",
        "key_exhibit", key_exhibit=None
    ),
    "wrong entry of a list": of_table(
        "licences", "licence_id,scope", "X,make;steal;sell", "L{0},make", "bad_enum",
        "scope", scope=["make", "sell"]
    ),
    "list too long": of_table(
        "products", "product_id,right_ids", "X," + ";".join("r" for _ in range(20_000)), "P{0},R1",
        "out_of_range", "right_ids", right_ids=None,
    ),
}  # fmt: skip


def good(kind: Kind, number: int) -> bytes:
    return kind.good.replace(b"{0}", str(number).encode())


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


def test_one_bad_row_among_good_ones(kind: Kind, tmp_path: Path) -> None:
    content = kind.header + good(kind, 1) + good(kind, 2) + kind.row + good(kind, 4)
    found = read(write(tmp_path, f"{kind.table}.csv", content))
    expected = [] if kind.code is None else [(3, kind.column, kind.code)]
    assert found.codes == expected
    assert {1, 2, 4} <= found.by_row.keys()
    if kind.kept is not None:
        assert kind.kept.items() <= found.by_row[3].items()
    if kind.value is not None:
        assert found.wrong[0][3] == kind.value
    assert_only_keyless_rows_are_left_out(kind, found)


def assert_only_keyless_rows_are_left_out(kind: Kind, found: Found) -> None:
    refused = kind.kept is None and kind.code is not None and 3 not in found.by_row
    if not refused:
        assert 3 in found.by_row


@pytest.mark.parametrize("bad_every", [1000, 20, 2])
def test_many_bad_rows(kind: Kind, bad_every: int, tmp_path: Path) -> None:
    if len(kind.row) > 10_000 and bad_every == 2:
        pytest.skip("the file would be needlessly large")
    rows = [kind.row if number % bad_every == 0 else good(kind, number) for number in range(1, 2001)]
    if len(kind.row) > 1_000_000:
        rows = rows[: bad_every + 5] if bad_every < 1000 else rows[:1005]
    found = read(write(tmp_path, f"{kind.table}.csv", kind.header + b"".join(rows)))
    bad = [number for number in range(1, len(rows) + 1) if number % bad_every == 0]
    assert [row for row, _, _ in found.codes] == ([] if kind.code is None else bad)
    assert {number for number in range(1, len(rows) + 1) if number % bad_every} <= found.by_row.keys()


def test_byte_order_mark(tmp_path: Path) -> None:
    found = read(write(tmp_path, "shipments.csv", b"\xef\xbb\xbf" + HEADER.encode() + shipment()))
    assert found.by_row[1]["shipment_id"] == "SHX"


def test_gb18030(tmp_path: Path) -> None:
    text = HEADER + "".join(f"SH{n},甲,乙,2025-03-01,2025-03-02,5,玩具、鞋帽\n" for n in range(50))
    found = read(write(tmp_path, "shipments.csv", text.encode("gb18030")))
    assert found.wrong == []
    assert found.by_row[50]["declared_goods"] == "玩具、鞋帽"


def test_cyclic_ownership_is_kept(tmp_path: Path) -> None:
    found = read(write(tmp_path, "ownerships.csv", "owner,owned\nFirm:A,Firm:B\nFirm:B,Firm:A\n"))
    assert [record["id"] for record in found.records] == [
        "ownerships:Firm%3AA:Firm:B",
        "ownerships:Firm%3AB:Firm:A",
    ]


@pytest.mark.parametrize(
    ("line", "code", "column", "kept"),
    [
        ('{"shipment_id": "X", "quantity": "many"}', "bad_type", "quantity", True),
        ('{"shipment_id": "X", "quantity": true}', "bad_type", "quantity", True),
        ('{"shipment_id": "X", "declared_goods": "\\ud800"}', "bad_type", "declared_goods", True),
        ('{"shipment_id": "X", "declared_goods": "a\\u0000"}', "bad_type", "declared_goods", True),
        ('{"shipment_id": "X", "departed_at": 20}', "bad_time", "departed_at", True),
        ('{"shipment_id": null}', "missing_key", "shipment_id", False),
        ('{"shipment_id": "X"', "bad_type", None, False),
        ("[1, 2]", "bad_type", None, False),
        ('{"shipment_id": "X", "quantity": 1, "quantity": 2}', "bad_type", None, False),
        ('{"shipment_id": "X", "note": {"a": 1, "a": 1}}', "bad_type", None, False),
        ('{"shipment_id": "X", "quantity": NaN}', "bad_type", "quantity", True),
    ],
)
def test_bad_json_lines(line: str, code: str, column: str, kept: bool, tmp_path: Path) -> None:
    lines = [json.dumps({"shipment_id": f"SH{n}", "quantity": n, "declared_goods": "toys"}) for n in range(3)]
    found = read(write(tmp_path, "shipments.jsonl", "\n".join([*lines, line, lines[0]]) + "\n"))
    assert found.codes == [(4, column, code)]
    assert found.by_row.keys() == ({1, 2, 3, 4, 5} if kept else {1, 2, 3, 5})

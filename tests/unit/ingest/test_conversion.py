"""Records from rows: ids, references, lists, extra properties, order of times."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.errors import SuyuanError
from suyuan.graph.ids import canonical_id, normal_id, split_id
from suyuan.graph.records import batch_schema, record_id
from suyuan.graph.tables import TABLES
from suyuan.ingest.conversion import Conversion, convert_rows, key_columns
from suyuan.ingest.numbers import normal_credit_code
from suyuan.ingest.references import canonical_ids, named_nodes
from suyuan.ingest.tabular import RawBatch

PARTS = st.text(max_size=8) | st.text("a:% \u3000é\u0301义/#", min_size=1, max_size=6)


def rows(**columns: list[object]) -> RawBatch:
    count = len(next(iter(columns.values())))
    arrays = {
        name: pa.array(values) if any(values) else pa.array(values, pa.string())
        for name, values in columns.items()
    }
    return RawBatch(arrays, np.arange(1, count + 1, dtype=np.int64))


def convert(table: str, **columns: list[object]) -> Conversion:
    return convert_rows(TABLES[table], rows(**columns))


def column(table: str, name: str, **columns: list[object]) -> list[object]:
    return convert(table, **columns).records.column(name).to_pylist()


@settings(max_examples=60)
@given(st.lists(st.tuples(PARTS, PARTS, PARTS), min_size=1, max_size=8))
def test_ids_are_canonical_ids(keys: list[tuple[str, str, str]]) -> None:
    usable = [key for key in keys if all(part.strip() and "\0" not in part for part in key)]
    if not usable:
        return
    platform, seller, place = (list(parts) for parts in zip(*usable, strict=True))
    found = column("listings", "id", platform=platform, listing_id=seller)
    assert found == [canonical_id("Listing", one.strip(), two.strip()) for one, two, _ in usable]
    found = column("mark_scans", "id", mark_code=platform, at=["2025-03"] * len(usable), place=place)
    assert found == [
        record_id(TABLES["mark_scans"], (one.strip(), "2025-03", three.strip())) for one, _, three in usable
    ]


@settings(max_examples=200)
@given(
    st.lists(
        st.text(max_size=15)
        | st.builds(
            "{}:{}".format, st.sampled_from(["Firm", "seller", "Lot", "SITE", "Listing", "No"]), PARTS
        )
        | st.builds("Lot:{}:{}".format, PARTS, PARTS)
        | st.sampled_from(
            ["Firm:91330782ma2dem017w", "Lot:urn:epc:1:2", "Lot::7", "Firm:", ":", "Seller:a:b:c"]
        ),
        max_size=8,
    )
)
def test_columns_of_ids_are_normal_ids(texts: list[str]) -> None:
    values = [text.strip() or None for text in texts]
    found, bad = canonical_ids(pa.array(values, pa.string()))
    for text, value, wrong in zip(values, found.to_pylist(), bad.tolist(), strict=True):
        assert (value, wrong) == expected_id(text)


def expected_id(text: str | None) -> tuple[str | None, bool]:
    if text is None:
        return None, False
    try:
        normal = normal_id(text)
    except SuyuanError:
        return None, True
    kind, key = split_id(normal)
    return (canonical_id(kind, normal_credit_code(*key)[0]) if kind == "Firm" else normal), False


@pytest.mark.parametrize("name", TABLES)
def test_every_table_makes_batches_of_its_schema(name: str) -> None:
    table = TABLES[name]
    samples = {"time": "2025-03-02", "number": "0.5", "integer": "1", "boolean": "yes", "id": "Firm:F1"}
    columns: dict[str, list[object]] = {}
    for item in table.columns:
        text = item.choices[0] if item.choices else samples.get(item.type, "x")
        columns[item.name] = [
            "CN" if item.check == "country" else "330782" if item.check == "division" else text
        ]
    converted = convert(name, **columns)
    assert converted.records.schema == batch_schema(table)
    assert converted.records.num_rows == 1
    keys = convert_rows(table, rows(**{key: columns[key] for key in key_columns(table)}), keys_only=True)
    assert keys.records.column("id") == converted.records.column("id")
    assert convert_rows(table, RawBatch({}, np.zeros(0, dtype=np.int64))).records.num_rows == 0


def test_lots_are_paired_with_products() -> None:
    found = convert(
        "transformations",
        event_id=["1", "2", "3", "4", "5", "6"],
        input_lots=["a;b", "a;b", "a;b", "lot:P9:z;a", "urn:epc:id:sgtin:1.2.3;a", "a;;c"],
        input_products=["P1;P2", "P1", "P1;P2;P3", "P1", None, "P1;;P3"],
    ).records
    assert found.column("input_lots").to_pylist() == [
        ["Lot:P1:a", "Lot:P2:b"],
        ["Lot:P1:a", "Lot:P1:b"],
        ["Lot::a", "Lot::b"],
        ["Lot:P9:z", "Lot:P1:a"],
        ["Lot:urn:epc:id:sgtin:1.2.3", "Lot::a"],
        ["Lot:P1:a", "Lot:P3:c"],
    ]
    assert found.column("input_products").to_pylist()[-1] == ["P1", "P3"]


def test_a_bad_lot_leaves_the_others() -> None:
    found = convert("transformations", event_id=["1"], output_lots=["Lot:;a"])
    assert found.records.column("output_lots").to_pylist() == [["Lot::a"]]
    assert [(item.column, item.code, item.values.to_pylist()) for item in found.findings] == [
        ("output_lots", "unknown_reference", ["Lot:"])
    ]


def test_an_entry_that_is_too_long_for_a_key_leaves_the_others() -> None:
    found = convert("products", product_id=["P"], right_ids=["R1;" + "r" * 2000])
    assert found.records.column("right_ids").to_pylist() == [["R1"]]
    assert [(item.column, item.code) for item in found.findings] == [("right_ids", "out_of_range")]


def test_claimed_numbers_are_put_into_normal_form_and_never_refused() -> None:
    found = convert(
        "listings",
        platform=["s"],
        listing_id=["1"],
        claimed_rights=["ZL 2021 1 0377287.X; 202310012345.6 ;第3号"],
    )
    assert found.records.column("claimed_rights").to_pylist() == [
        ["202110377287.X", "202310012345.6", "第3号"]
    ]
    assert found.findings == ()


def test_numbers_of_rights_of_other_countries_are_left_alone() -> None:
    found = convert(
        "rights", right_id=["1", "2"], number=["US 10,123,456 B2", "X 1"], jurisdiction=["US", "China"],
    )  # fmt: skip
    assert found.records.column("number").to_pylist() == ["US 10,123,456 B2", "X 1"]
    assert [item.positions.tolist() for item in found.findings] == [[1]]


def test_keys_of_foreign_firms_are_left_alone() -> None:
    code = "91330782ma2dem0170"
    firms: list[object] = [code, code + "1", code, code]
    found = convert("firms", firm_id=firms, country=["Germany", "CN", None, "China"])
    assert found.records.column("firm_id").to_pylist() == [code, code + "1", code.upper(), code.upper()]
    assert [item.positions.tolist() for item in found.findings] == [[2, 3]]


@pytest.mark.parametrize(
    ("departed", "arrived", "kept"),
    [
        ("2025-03-02", "2025-03-01", False),
        ("2025-03-02T10:00:00Z", "2025-03-02", True),
        ("2025-03-02T10:00:00Z", "2025-03-02T09:59:59Z", False),
        ("2025-03-02T10:00:00Z", "2025-03-02T10:00:00Z", True),
        ("2025-03-02", "2025-03", True),
        ("2025-04-01", "2025-03", False),
        ("2025", "2025-01-01", True),
    ],
)
def test_times_are_compared_at_the_precision_they_have(departed: str, arrived: str, kept: bool) -> None:
    found = convert("shipments", shipment_id=["1"], departed_at=[departed], arrived_at=[arrived])
    assert found.records.column("departed_at").null_count == 0
    assert (found.records.column("arrived_at").null_count == 0) == kept
    assert (found.records.column("arrived_at_precision").null_count == 0) == kept
    assert [item.code for item in found.findings] == ([] if kept else ["contradiction"])


def test_times_without_offset_are_counted() -> None:
    found = convert(
        "shipments",
        shipment_id=["1", "2", "3"],
        departed_at=["2025-03-02 10:00", "2025-03-02T10:00Z", "2025-03-02"],
    )
    assert found.unzoned == 1


def test_enumerations_forgive_case_and_blanks() -> None:
    found = column(
        "sites", "role", site_id=["1", "2", "3"], role=["Wholesale Market", "PORT", " dispatch-point"]
    )
    assert found == ["wholesale_market", "port", "dispatch_point"]


@given(
    st.lists(
        st.tuples(st.none() | st.text(max_size=6), st.none() | st.text(max_size=6)), min_size=1, max_size=6
    )
)
def test_undeclared_columns_become_one_json_object(cells: list[tuple[str | None, str | None]]) -> None:
    keys: list[object] = [str(place) for place in range(len(cells))]
    found = column(
        "sites", "extra", site_id=keys, zeta=[one for one, _ in cells], alpha=[two for _, two in cells]
    )
    for text, (zeta, alpha) in zip(found, cells, strict=True):
        expected = {name: value for name, value in (("alpha", kept(alpha)), ("zeta", kept(zeta))) if value}
        assert (json.loads(str(text)) if text else {}) == expected
        assert text is None or list(json.loads(str(text))) == sorted(expected)


def kept(value: str | None) -> str | None:
    import unicodedata

    return None if value is None or "\0" in value else unicodedata.normalize("NFC", value.strip())


def test_a_row_is_refused_once_and_other_findings_are_told() -> None:
    found = convert("listings", platform=[None], listing_id=[None], price=["-1"])
    assert found.rejected.tolist() == [True]
    assert sorted((item.column, item.code) for item in found.findings) == [
        ("platform", "missing_key"),
        ("price", "out_of_range"),
    ]


def test_nodes_that_records_name() -> None:
    found = convert(
        "dispatches",
        platform=["p", "p"],
        seller_id=["a:b", "a:b"],
        site_id=["S", "S"],
        observed_at=["2025", "2026"],
        listing_id=["L", None],
    )
    named = {kind: ids.to_pylist() for kind, ids in named_nodes(TABLES["dispatches"], found.records).items()}
    assert named == {
        "Seller": ["Seller:p:a:b"],
        "Site": ["Site:S"],
        "Listing": ["Listing:p:L"],
        "Shipment": [],
    }


def test_ids_that_records_name_by_kind() -> None:
    found = convert("findings", finding_id=["1", "2"], subject=["Seller:p:s", "Lot::7"], right_id=["R", None])
    named = {kind: ids.to_pylist() for kind, ids in named_nodes(TABLES["findings"], found.records).items()}
    assert named == {"Seller": ["Seller:p:s"], "Right": ["Right:R"]}

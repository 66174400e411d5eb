import csv
import dataclasses
import filecmp
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pa_parquet
import pytest

from suyuan.errors import ParameterError
from suyuan.graph.tables import TABLES
from suyuan.simulate.market import MarketOptions, MarketSummary, simulate_market
from suyuan.simulate.tables import COLUMNS, TableWriter

OPTIONS = MarketOptions(movements=4000, cases=100, decoy_share=0.3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("market")
    simulate_market(OPTIONS, path)
    return path


@pytest.fixture(scope="module")
def rows(folder: Path) -> Callable[[str], list[dict[str, str]]]:
    def read(name: str) -> list[dict[str, str]]:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return read


Rows = Callable[[str], list[dict[str, str]]]


def test_same_options_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    simulate_market(OPTIONS, tmp_path)
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(path.name for path in tmp_path.iterdir())
    assert filecmp.cmpfiles(folder, tmp_path, names, shallow=False) == (names, [], [])


def test_another_seed_gives_another_market(folder: Path, tmp_path: Path) -> None:
    simulate_market(dataclasses.replace(OPTIONS, seed=2), tmp_path)
    assert (folder / "shipments.csv").read_bytes() != (tmp_path / "shipments.csv").read_bytes()


OF_EPCIS = {
    "shipments": {"lots"},
    "transformations": {
        "event_type", "action", "biz_step", "disposition", "read_point", "lots", "parent_lot", "child_lots",
        "event_hash", "reused_id", "error_declared_at", "error_reason", "corrective_event_ids",
    },
}  # fmt: skip
"""Columns that EPCIS documents alone fill."""


def test_tables_have_the_columns_of_the_model() -> None:
    declared = {table.name: tuple(column.name for column in table.columns) for table in TABLES.values()}
    for name, columns in COLUMNS.items():
        if not name.startswith("truth"):
            assert set(columns) == set(declared[name]) - OF_EPCIS.get(name, set()), name


def test_every_table_is_written_and_filled(folder: Path, rows: Rows) -> None:
    assert {path.stem for path in folder.iterdir()} == set(COLUMNS)
    for name, columns in COLUMNS.items():
        table = rows(name)
        assert table, name
        assert tuple(table[0]) == columns


def test_keys_are_unique(rows: Rows) -> None:
    for table in TABLES.values():
        if table.name not in COLUMNS:
            continue
        keys = [tuple(row[name] for name in table.key) for row in rows(table.name)]
        assert len(keys) == len(set(keys)), table.name
        assert all(all(part for part in key) for key in keys), table.name


def test_choices_are_those_of_the_model(rows: Rows) -> None:
    for table in TABLES.values():
        for column in table.columns if table.name in COLUMNS else ():
            if column.choices and column.name not in OF_EPCIS.get(table.name, set()):
                cells = {value for row in rows(table.name) for value in row[column.name].split(";") if value}
                assert cells <= set(column.choices), (table.name, column.name)


def test_truth_refers_to_what_is_there(rows: Rows) -> None:
    known = {f"Listing:{row['platform']}:{row['listing_id']}" for row in rows("listings")}
    known |= {f"Seizure:{row['seizure_id']}" for row in rows("seizures")}
    known |= {f"Exhibit:{row['exhibit_id']}" for row in rows("exhibits")}
    sites = {f"Site:{row['site_id']}" for row in rows("sites")}
    truth = rows("truth")
    assert len(truth) == len({row["case"] for row in truth}) == 100
    assert {row["case"] for row in truth} <= known
    assert {row["factory"] for row in truth} <= sites
    assert {row["case"].split(":")[0] for row in truth} == {"Listing", "Seizure", "Exhibit"}
    accounts = {f"Seller:{row['platform']}:{row['seller_id']}" for row in rows("sellers")}
    accounts |= {f"Firm:{row['firm_id']}" for row in rows("firms")}
    assert {row["account"] for row in rows("truth_actors")} <= accounts


def test_confirmed_origins_are_no_cases_unless_asked(rows: Rows, tmp_path: Path) -> None:
    cases = {row["case"] for row in rows("truth")}
    assert not cases & {row["case"] for row in rows("confirmed_origins")}
    simulate_market(dataclasses.replace(OPTIONS, confirm_cases=True), tmp_path)
    with (tmp_path / "confirmed_origins.csv").open(encoding="utf-8", newline="") as file:
        assert {row["case"] for row in csv.DictReader(file)} <= cases


def test_purchases_name_listing_and_shipment(rows: Rows) -> None:
    shipments = {row["shipment_id"]: row for row in rows("shipments")}
    bought = [row for row in rows("dispatches") if row["source"] == "test_purchase"]
    for row in bought:
        assert row["listing_id"]
        assert shipments[row["shipment_id"]]["from_site"] == row["site_id"]
        assert shipments[row["shipment_id"]]["product_id"]
    assert not any(row["listing_id"] for row in rows("dispatches") if row["source"] != "test_purchase")


def test_shipments_join_known_sites_and_never_arrive_before_they_leave(rows: Rows) -> None:
    sites = {row["site_id"] for row in rows("sites")}
    for row in rows("shipments"):
        assert {row["from_site"], row["to_site"]} <= sites
        if row["departed_at"] and row["arrived_at"]:
            assert row["departed_at"] <= row["arrived_at"]


def test_rates_are_near_those_asked(tmp_path: Path) -> None:
    options = MarketOptions(movements=12_000)
    summary = simulate_market(options, tmp_path)
    with (tmp_path / "shipments.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    size = len(table)
    assert abs(size - 12_000) < 1_500
    assert summary.movements_recorded == size
    assert abs(1 - size / summary.movements_true - options.missing_rate) < 0.02
    assert abs(sum(not row["product_id"] for row in table) / size - options.product_unknown_rate) < 0.02
    assert abs(sum(not row["lot_id"] for row in table) / size - options.lot_unknown_rate) < 0.02
    undated = sum(not (row["departed_at"] and row["arrived_at"]) for row in table) / size
    assert abs(undated - options.undated_rate) < 0.01
    assert abs(sum(not row["quantity"] for row in table) / size - options.quantity_unknown_rate) < 0.01


def test_complete_records_when_nothing_is_lost(tmp_path: Path) -> None:
    options = MarketOptions(
        movements=1500, cases=10, missing_rate=0, product_unknown_rate=0, lot_unknown_rate=0, undated_rate=0,
        quantity_unknown_rate=0, day_only_rate=0, quantity_noise=0,
    )  # fmt: skip
    summary = simulate_market(options, tmp_path)
    assert summary.movements_recorded == summary.movements_true
    with (tmp_path / "shipments.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert all(row[name] for name in ("product_id", "lot_id", "departed_at", "quantity"))
            under_way = row["departed_at"] > "2025-06-10"
            assert row["arrived_at"] or under_way


def test_owners_hold_several_shops_and_strangers_share_hubs(rows: Rows) -> None:
    owner = {row["account"]: row["owner"] for row in rows("truth_actors")}
    shops: dict[str, int] = {}
    for account, label in owner.items():
        if account.startswith("Seller:"):
            shops[label] = shops.get(label, 0) + 1
    assert max(shops.values()) >= 3
    holders: dict[tuple[str, str], set[str]] = {}
    for row in rows("identifiers"):
        holders.setdefault((row["type"], row["value"]), set()).add(owner[row["owner"]])
    assert any(len(owners) >= 2 for (kind, _), owners in holders.items() if kind in ("phone", "address"))
    assert all(len(owners) == 1 for (kind, _), owners in holders.items() if kind == "bank_account")


def test_parquet_holds_the_same_rows(folder: Path, rows: Rows, tmp_path: Path) -> None:
    simulate_market(dataclasses.replace(OPTIONS, table_format="parquet"), tmp_path)
    table = pa_parquet.read_table(tmp_path / "shipments.parquet")
    assert tuple(table.column_names) == COLUMNS["shipments"]
    assert table.column("shipment_id").to_pylist() == [row["shipment_id"] for row in rows("shipments")]
    assert (tmp_path / "truth.csv").read_bytes() == (folder / "truth.csv").read_bytes()


def test_progress_and_summary(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    summary = simulate_market(
        MarketOptions(sellers=12, cases=5), tmp_path, lambda stage, share: told.append((stage, share))
    )
    assert isinstance(summary, MarketSummary)
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert told[-1] == ("done", 1.0)
    assert summary.sellers >= 12
    assert summary.tables["truth"] == summary.cases == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("missing_rate", 1.5),
        ("missing_rate", 0.95),
        ("fifo_share", -0.1),
        ("mixing", "stirred"),
        ("movements", 10),
        ("sellers", 0),
        ("days", 30),
        ("age_scale_days", 0.0),
        ("hub_size", 0.1),
        ("quantity_noise", -1.0),
        ("table_format", "docx"),
        ("rule2_share", 0.95),
    ],
)
def test_impossible_options_are_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ParameterError) as caught:
        MarketOptions(**{name: value})  # type: ignore[arg-type]
    assert caught.value.name == name
    assert caught.value.code == "BAD_USER_INPUT"


def test_a_column_no_table_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError):
        TableWriter(tmp_path, "csv").write("firms", {"colour": ["red"]})

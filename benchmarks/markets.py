"""Many copies of one simulated market side by side: any number of movements, every case with the same surroundings.

The tables are those of the simulator (products, lots, dates and quantities partly unknown, mixing partly first in
first out); copy k has its number behind all its ids, so that nothing joins two copies.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from suyuan.graph.store.base import Store
from suyuan.graph.store.opening import open_store
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.simulate.market import MarketOptions, simulate_market

MOVEMENTS: Final = 25_000
IDS: Final = frozenset(
    (
        *("shipment_id", "from_site", "to_site", "product_id", "site_id"),
        *("event_id", "seller_id", "listing_id"),
    )
)
LISTS: Final = frozenset(("input_lots", "output_lots", "input_products", "output_products"))
LEFT_OUT: Final = frozenset(("operator", "firm_id", "right_ids", "claimed_rights", "mark_code"))
TABLES: Final = (
    *("products", "sites", "site_products", "shipments"),
    *("transformations", "sellers", "listings", "dispatches"),
)


@dataclass(frozen=True, slots=True)
class Market:
    """The tables of one market, all text, and how many movements it has."""

    tables: dict[str, pa.Table]

    @property
    def movements(self) -> int:
        """Shipments of one copy."""
        return self.tables["shipments"].num_rows

    def bought(self) -> list[str]:
        """Listings with a test purchase whose parcel is recorded, as canonical ids without copy."""
        table = self.tables["dispatches"]
        named = pc.and_(_filled(table["listing_id"]), _filled(table["shipment_id"]))
        bought = pc.and_(named, pc.equal(table["source"], "test_purchase"))
        ids = pc.binary_join_element_wise("Listing", table["platform"], table["listing_id"], ":")
        return sorted(set(ids.filter(bought).to_pylist()))


def _filled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.greater(pc.utf8_length(column), 0)


def market(folder: Path, seed: int = 1) -> Market:
    """One simulated market; its files are left in the folder."""
    simulate_market(MarketOptions(seed=seed, movements=MOVEMENTS), folder)
    return Market({name: _read(folder / f"{name}.csv") for name in TABLES})


def _read(path: Path) -> pa.Table:
    with path.open(encoding="utf-8") as file:
        names = [name.strip('"') for name in file.readline().strip().split(",")]
    options = pa_csv.ConvertOptions(
        column_types={name: pa.string() for name in names},
        include_columns=[name for name in names if name not in LEFT_OUT],
        strings_can_be_null=False,
    )
    return pa_csv.read_csv(path, convert_options=options)


def write_copies(one: Market, copies: int, folder: Path) -> int:
    """Writes so many copies as CSV tables; how many movements they have together."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in one.tables.items():
        with pa_csv.CSVWriter(folder / f"{name}.csv", table.schema) as writer:
            for copy in range(copies):
                writer.write_table(_renamed(table, copy))
    return copies * one.movements


def _renamed(table: pa.Table, copy: int) -> pa.Table:
    columns = dict(zip(table.column_names, table.columns, strict=True))
    for name in IDS & columns.keys():
        named = pc.binary_join_element_wise(columns[name], str(copy), "-")
        columns[name] = pc.if_else(_filled(columns[name]), named, "")
    for name in LISTS & columns.keys():
        columns[name] = pc.replace_substring_regex(columns[name], r"\b(P[0-9]+)\b", rf"\1-{copy}")
    return pa.table(columns)


def listing_ids(names: list[str], copies: Iterator[int]) -> list[str]:
    """Canonical ids of listings, each in one of the copies."""
    return [f"{name}-{copy}" for name, copy in zip(names, copies, strict=False)]


def ingested(folder: Path, path: Path) -> None:
    """All tables of a folder in a new SQLite store; nothing may be rejected."""
    store = open_store(f"sqlite:///{path}")
    try:
        report = ingest(store, [folder], IngestOptions()).to_json()
    finally:
        store.close()
    if report["failed"] or report["rejected"]:
        raise AssertionError(f"{report['rejected']} rows rejected: {report['rejects'][:3]}")


def stored(options: MarketOptions, folder: Path) -> tuple[Store, list[tuple[str, str]]]:
    """A simulated market in a SQLite store that does not hold the truth; the cases with their true factories."""
    tables = folder / "tables"
    simulate_market(options, tables)
    with (tables / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = [
            (row["case"], f"Site:{row['factory'].removeprefix('Site:')}") for row in csv.DictReader(file)
        ]
    for name in ("truth.csv", "truth_actors.csv"):
        (tables / name).unlink()
    ingested(tables, folder / "market.db")
    return open_store(f"sqlite:///{folder / 'market.db'}"), truth

"""A plain random graph of a given size as record batches: for measuring speed and memory, not accuracy."""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.idtexts import canonical_ids
from suyuan.graph.records import batch_schema, time_texts
from suyuan.graph.tables import TABLES

BATCH_ROWS = 50_000
DAY = 86_400_000_000
START = 1_700_000_000_000_000


def codes(prefix: str, numbers: np.ndarray, width: int = 8) -> pa.Array:
    """Texts such as SH00000042."""
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def gaps(values: pa.Array, share: float, stream: np.random.Generator) -> pa.Array:
    """The same with a share of the values unknown."""
    return pc.if_else(pa.array(stream.random(len(values)) < share), pa.scalar(None, values.type), values)


def batches(table: str, columns: Mapping[str, pa.Array], first_row: int = 1) -> Iterator[pa.RecordBatch]:
    """Columns as batches of records."""
    declared = TABLES[table]
    keys = [_key_text(table, name, columns) for name in declared.key]
    ids = canonical_ids(declared.kind or table, keys)
    n = len(ids)
    given = {
        "id": ids,
        **columns,
        "source_file": pa.array(np.ones(n, np.int32)),
        "row": pa.array(np.arange(first_row, first_row + n)),
    }
    arrays: list[pa.Array] = []
    for field in batch_schema(declared):
        if field.name in given:
            arrays.append(pc.cast(given[field.name], field.type))
        elif field.name.endswith("_precision") and field.name.removesuffix("_precision") in given:
            arrays.append(pa.array(np.zeros(n, np.int8)))
        else:
            arrays.append(pa.nulls(n, field.type))
    whole = pa.RecordBatch.from_arrays(arrays, schema=batch_schema(declared))
    for begin in range(0, n, BATCH_ROWS):
        yield whole.slice(begin, BATCH_ROWS)


def _key_text(table: str, name: str, columns: Mapping[str, pa.Array]) -> pa.Array:
    if TABLES[table].column(name).type != "time":
        return columns[name]
    return time_texts(columns[name], pa.array(np.zeros(len(columns[name]), np.int8)))


def shipments(numbers: np.ndarray, n_movements: int, stream: np.random.Generator) -> dict[str, pa.Array]:
    """Shipments of these numbers in a market of ``n_movements``: 70 % without lot, 20 % without product."""
    n = len(numbers)
    n_sites, n_products = max(10, n_movements // 200), max(5, n_movements // 2000)
    left = START + stream.integers(0, 700 * DAY, n)
    product = stream.integers(0, n_products, n)
    return {
        "shipment_id": codes("SH", numbers),
        "from_site": codes("WH", stream.integers(0, n_sites, n), 6),
        "to_site": codes("WH", stream.integers(0, n_sites, n), 6),
        "departed_at": gaps(pa.array(left), 0.05, stream),
        "arrived_at": gaps(pa.array(left + stream.integers(1, 5 * DAY, n)), 0.05, stream),
        "product_id": gaps(codes("P", product, 5), 0.2, stream),
        "lot_id": gaps(codes("L", stream.integers(0, max(1, n_movements // 20), n), 7), 0.7, stream),
        "quantity": gaps(pa.array(stream.integers(1, 500, n).astype(np.float64)), 0.1, stream),
        "unit": gaps(pa.array(np.array(["piece", "kg", "box"])[stream.integers(0, 3, n)]), 0.1, stream),
        "carrier": codes("carrier ", stream.integers(0, 50, n), 2),
        "waybill": codes("YT", stream.integers(0, 10**10, n), 10),
    }


def tables(n_movements: int, seed: int = 1) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
    """All tables of a market: shipments in random order, a tenth as many listings and dispatches."""
    stream = np.random.default_rng(seed)
    n_sites, n_listings, n_sellers = (max(10, n_movements // k) for k in (200, 10, 100))
    n_products = max(5, n_movements // 2000)
    shop = pa.array(["shop"]).take(pa.array(np.zeros(n_listings, np.int64)))
    seller = codes("s", stream.integers(0, n_sellers, n_listings), 7)
    yield "shipments", batches("shipments", shipments(stream.permutation(n_movements), n_movements, stream))
    yield "sites", batches("sites", _sites(np.arange(n_sites), stream))
    yield "listings", batches("listings", _listings(shop, seller, n_products, stream))
    yield "sellers", batches("sellers", _sellers(np.arange(n_sellers), stream))
    yield (
        "dispatches",
        batches(
            "dispatches",
            {
                "platform": shop,
                "seller_id": seller,
                "site_id": codes("WH", stream.integers(0, n_sites, n_listings), 6),
                "observed_at": pa.array(START + np.arange(n_listings) * 60_000_000),
                "source": pa.array(np.array(["waybill", "test_purchase"])[stream.integers(0, 2, n_listings)]),
                "listing_id": gaps(codes("L", stream.integers(0, n_listings, n_listings)), 0.5, stream),
                "shipment_id": gaps(codes("SH", stream.integers(0, n_movements, n_listings)), 0.5, stream),
            },
        ),
    )
    yield (
        "identifiers",
        batches(
            "identifiers",
            {
                "owner": canonical_ids("Seller", [shop[:n_sellers], codes("s", np.arange(n_sellers), 7)]),
                "type": pa.array(["phone"] * n_sellers),
                "value": codes("+86139", stream.integers(0, n_sellers, n_sellers)),
                "observed_at": pa.array(np.full(n_sellers, START)),
            },
        ),
    )


def _sites(numbers: np.ndarray, stream: np.random.Generator) -> dict[str, pa.Array]:
    roles = np.array(["factory", "warehouse", "wholesale_market", "forwarder"])
    return {
        "site_id": codes("WH", numbers, 6),
        "role": pa.array(roles[stream.integers(0, 4, len(numbers))]),
        "name": codes("义乌市第", numbers, 6),
        "division_code": pa.array(["330782"] * len(numbers)),
    }


def _sellers(numbers: np.ndarray, stream: np.random.Generator) -> dict[str, pa.Array]:
    n = len(numbers)
    return {
        "platform": pa.array(["shop"] * n),
        "seller_id": codes("s", numbers, 7),
        "name": codes("小店", numbers, 7),
        "firm_id": codes("F", stream.integers(0, n, n), 8),
        "opened_at": pa.array(START - stream.integers(0, 900 * DAY, n)),
    }


def _listings(
    shop: pa.Array, seller: pa.Array, n_products: int, stream: np.random.Generator
) -> dict[str, pa.Array]:
    n = len(shop)
    return {
        "platform": shop,
        "listing_id": codes("L", np.arange(n)),
        "seller_id": seller,
        "title": codes("手机壳 ", np.arange(n)),
        "product_id": codes("P", stream.integers(0, n_products, n), 5),
        "price": pa.array(stream.random(n) * 100),
        "listed_at": pa.array(START + stream.integers(0, 300 * DAY, n)),
    }

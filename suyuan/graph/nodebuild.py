"""Node tables from the columns of records."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.gather import Rows
from suyuan.graph.model import SITE_ROLES, Column
from suyuan.graph.records import precision_name
from suyuan.graph.snapshot import NODE_COLUMNS, UNKNOWN_ROLE, Int32Array, NodeTable
from suyuan.graph.tables import table_of_kind
from suyuan.graph.texts import distinct, locate, plain

Columns = dict[str, Any]


def known(name: str) -> str:
    """Name of the column that tells where ``name`` is filled."""
    return f"{name}_known"


def time_or_number(rows: Rows, column: Column, name: str) -> Columns:
    """A time or number column of records as numpy arrays, with its companions."""
    values = rows.columns[column.name]
    filled = {
        name: np.asarray(pc.fill_null(values, 0)),
        known(name): np.asarray(pc.is_valid(values)),
    }
    if column.type == "time":
        precision = pc.fill_null(rows.columns[precision_name(column.name)], 0)
        filled[precision_name(name)] = np.asarray(precision)
    return filled


def choice_codes(values: pa.Array, choices: tuple[str, ...]) -> np.ndarray:
    """Index of each text among the choices, int8, -1 where unknown or none of them."""
    codes = pc.index_in(values, value_set=pa.array(choices, values.type))
    return np.asarray(pc.fill_null(codes, -1)).astype(np.int8)


def record_columns(kind: str, rows: Rows) -> Columns:
    """The properties of nodes of a kind, record by record."""
    columns: Columns = {}
    for name in NODE_COLUMNS.get(kind, ()):
        declared = rows.table.column(name)
        if declared.type in ("time", "number"):
            columns |= time_or_number(rows, declared, name)
        elif (kind, name) == ("Site", "role"):
            columns[name] = choice_codes(rows.columns[name], SITE_ROLES)
        else:
            columns[name] = rows.columns[name]
    return columns


def spread(values: Any, row: np.ndarray, name: str) -> Any:
    """A column of records as a column of nodes: node i takes record ``row[i]``, -1 has none."""
    if isinstance(values, np.ndarray):
        missing = UNKNOWN_ROLE if name == "role" else 0
        if len(values) == 0:
            return np.full(len(row), missing, values.dtype)
        return np.where(row >= 0, values[row], values.dtype.type(missing))
    taken = pc.take(values, pa.array(row, mask=row < 0))
    return plain(taken) if pa.types.is_string(taken.type) else taken


def lot_columns(product_ids: pa.Array, codes: pa.Array, products: pa.Array) -> tuple[Columns, pa.Array]:
    """``product`` and ``code`` of lots, and the texts behind the codes (sorted; code = place).

    Parameters
    ----------
    product_ids, codes : from :func:`lot_parts`.
    products : canonical ids of products, sorted; all that the lots name are among them.
    """
    place, found = locate(products, None, product_ids)
    texts = distinct(codes)
    columns = {
        "product": np.where(found, place, -1).astype(np.int32),
        "code": texts.place.astype(np.int32),
    }
    return columns, texts.texts


def lot_parts(ids: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Canonical ids of the products that lots are of ("" where unknown), and the lots' own codes."""
    key = pc.utf8_slice_codeunits(ids, 4)
    urn = pc.match_substring_regex(key, r"^(urn:|http:|https:)")
    split = pc.split_pattern(pc.if_else(urn, ":", key), ":", max_splits=1)
    product, code = pc.list_element(split, 0), pc.list_element(split, 1)
    named = pc.binary_join_element_wise("Product", pc.replace_substring(product, "%3A", ":"), ":")
    return plain(pc.if_else(pc.equal(product, ""), "", named)), plain(pc.if_else(urn, key, code))


def node_table(
    kind: str, ids: pa.Array, by_id: Int32Array, row: np.ndarray, columns: Mapping[str, Any]
) -> NodeTable:
    """A node table: node i is record ``row[i]``, or named by others only (-1)."""
    no_records = table_of_kind(kind) is None
    return NodeTable(
        kind=kind,
        ids=ids,
        by_id=by_id,
        is_stub=np.zeros(len(ids), np.bool_) if no_records else row < 0,
        removed=np.zeros(len(ids), np.bool_),
        columns=columns,
    )

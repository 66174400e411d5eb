"""Canonical ids in cells, and which nodes the records of a batch name.

A malformed canonical id refers to nothing: the field becomes unknown and the row is reported as
``unknown_reference``. A well-formed one may name a node that is not known yet, which is no error: such
nodes are counted at the end of a run.
"""

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.errors import RecordError, UnknownKindError
from suyuan.graph.ids import canonical_id, normal_id, split_id
from suyuan.graph.model import NODE_KINDS, End, Table
from suyuan.ingest.numbers import normal_credit_code
from suyuan.ingest.text import (
    NULL_TEXT,
    BoolArray,
    as_mask,
    composed,
    is_known,
    key_part,
    matches,
    replaced,
)
from suyuan.ingest.values import Lists

_NO_STUBS = frozenset({"Lot", "Identifier", "WatchList"})
_URN = r"^(?:urn|http|https):"
_KEY = r"[^:%\x00-\x20\x7f-\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"


@cache
def _canonical_pattern() -> str:
    """A pattern of ids that are certainly canonical as they stand."""
    kinds = []
    for kind in NODE_KINDS.values():
        part = r"[0-9A-Z]" if kind.name == "Firm" else _KEY
        kinds.append(kind.name + f":{part}+" * len(kind.key))
    return "^(?:" + "|".join(kinds) + ")$"


def canonical_ids(values: pa.Array, kinds: tuple[str, ...] = ()) -> tuple[pa.Array, BoolArray]:
    """Canonical ids in their one spelling, and which values are none (or of a kind not among ``kinds``).

    Parameters
    ----------
    values : text without outer blanks; null stays null
    kinds : kinds allowed; empty for any
    """
    values = composed(values)
    plain = matches(values, _canonical_pattern()) | ~is_known(values)
    values = replaced(values, ~plain, _normal)
    known = is_known(values)
    bad = ~plain & ~known
    if kinds:
        right = matches(values, "^(?:" + "|".join(kinds) + "):")
        bad |= known & ~right
    return values, bad


def _normal(text: str) -> str | None:
    try:
        kind, key = split_id(text)
    except (UnknownKindError, RecordError):
        return None
    if kind == "Firm":
        return canonical_id(kind, normal_credit_code(key[0])[0])
    return normal_id(text)


def lot_ids(lots: Lists, products: Lists | None) -> tuple[pa.Array, BoolArray]:
    """Canonical ids of the lots in a list column, and which entries are none.

    An entry is a canonical id (``Lot:...``), a URN, or the number of a lot. A number belongs to the
    product in the same place of the products' list, or to its only product; otherwise its product is
    unknown.
    """
    entries = lots.entries
    canonical = matches(entries, r"^(?i:lot):")
    urns = matches(entries, _URN)
    normal, bad = canonical_ids(pc.if_else(as_mask(canonical), entries, NULL_TEXT), ("Lot",))
    keys = key_part(pc.fill_null(entries, ""), last=True)
    from_urn = pc.binary_join_element_wise(pa.scalar("Lot"), keys, ":")
    of_product = key_part(_products_of(lots, products), last=False)
    from_number = pc.binary_join_element_wise(pa.scalar("Lot"), of_product, keys, ":")
    ids = pc.if_else(as_mask(urns), from_urn, from_number)
    ids = pc.if_else(as_mask(canonical), normal, ids)
    return pc.if_else(as_mask(is_known(entries)), ids, NULL_TEXT), bad


def _products_of(lots: Lists, products: Lists | None) -> pa.Array:
    """The product of each lot entry; empty text where it is not known."""
    n = len(lots.parents)
    if products is None or len(products.entries) == 0:
        return pa.array([""] * n, pa.string())
    lot_counts = np.bincount(lots.parents, minlength=lots.rows)
    product_counts = np.bincount(products.parents, minlength=lots.rows)
    first = np.cumsum(product_counts) - product_counts
    parents = lots.parents
    single = product_counts[parents] == 1
    paired = single | (product_counts[parents] == lot_counts[parents])
    places = first[parents] + np.where(single, 0, lots.places)
    chosen = pa.array(np.where(paired, places, 0), mask=~paired)
    return pc.fill_null(pc.take(products.entries, chosen), "")


def named_nodes(table: Table, batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """Ids of nodes that the records name as ends of their edges, by kind, each once.

    Left out are the records' own nodes, kinds whose nodes need no record, and ends found by another property.
    """
    ends = [end for edge in table.edges for end in (edge.source, edge.target)]
    found: dict[str, list[pa.Array]] = {}
    for end in dict.fromkeys(ends):
        own = end.kind == table.kind and end.columns == table.key
        if end.by or own or end.kind in _NO_STUBS:
            continue
        for kind, ids in _end_ids(end, batch).items():
            found.setdefault(kind, []).append(ids)
    return {kind: pc.unique(pa.concat_arrays(parts)) for kind, parts in found.items()}


def _end_ids(end: End, batch: pa.RecordBatch) -> dict[str, pa.Array]:
    columns = [batch.column(name) for name in end.columns]
    if end.many:
        columns = [columns[0].flatten()]
    if end.kind is None:
        return _by_kind(pc.drop_null(pc.unique(columns[0])))
    if len(columns) == 1:
        keys = [pc.drop_null(pc.unique(columns[0]))]
    else:
        names = [str(place) for place in range(len(columns))]
        whole = pa.table(columns, names=names).group_by(names).aggregate([]).drop_null()
        keys = [whole.column(name).combine_chunks() for name in names]
    parts = [key_part(values, last=place == len(keys) - 1) for place, values in enumerate(keys)]
    return {end.kind: pc.binary_join_element_wise(pa.scalar(end.kind), *parts, ":")}


def _by_kind(ids: pa.Array) -> dict[str, pa.Array]:
    kinds = pc.struct_field(pc.extract_regex(ids, pattern=r"^(?P<kind>[A-Za-z]+):"), "kind")
    return {
        kind: ids.filter(pc.equal(kinds, kind))
        for kind in pc.unique(kinds).to_pylist()
        if kind not in _NO_STUBS
    }

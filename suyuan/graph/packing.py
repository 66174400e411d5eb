"""A snapshot as named arrays and back: what a file of it holds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow as pa

from suyuan.graph.edgebuild import EdgeKey
from suyuan.graph.snapshot import (
    EdgeSet,
    GraphSnapshot,
    Ledger,
    Movements,
    NodeTable,
    SnapshotBasis,
)

Json = dict[str, Any]
Segment = tuple[int, int]
"""Where the bytes of an array lie: offset and length."""

Put = Callable[[memoryview], int]
"""Stores bytes, returns their offset."""

Get = Callable[[int, int], memoryview]
"""The bytes at an offset, of a length."""


def pack(snapshot: GraphSnapshot, put: Put) -> Json:
    """Hands over every array of a snapshot and returns what is needed to find them again."""
    basis = snapshot.basis
    loose = {name: getattr(basis, name) for name in _basis_arrays()}
    return {
        "snapshot_id": snapshot.snapshot_id,
        "seq": snapshot.seq,
        "numbering": snapshot.numbering,
        "units": list(snapshot.units),
        "nodes": {kind: _pack_nodes(table, put) for kind, table in snapshot.nodes.items()},
        "movements": _pack_all(_fields(snapshot.movements), put),
        "edges": [_pack_edges(edges, put) for edges in snapshot.edges.values()],
        "basis": _pack_all(loose, put),
        "ledgers": {name: _pack_ledger(ledger, put) for name, ledger in basis.ledgers.items()},
    }


def unpack(packed: Json, get: Get) -> GraphSnapshot:
    """The snapshot whose arrays lie where ``packed`` says; the bytes are not copied."""
    edges = [_unpack_edges(part, get) for part in packed["edges"]]
    ledgers = {
        name: Ledger(
            _unpack_array(part["digests"], get), _unpack_array(part["ids"], get) if "ids" in part else None
        )
        for name, part in packed["ledgers"].items()
    }
    return GraphSnapshot(
        snapshot_id=packed["snapshot_id"],
        seq=packed["seq"],
        numbering=packed["numbering"],
        nodes={kind: _unpack_nodes(kind, part, get) for kind, part in packed["nodes"].items()},
        movements=Movements(**_unpack_all(packed["movements"], get)),
        edges={(part.kind, part.source_kind, part.target_kind): part for part in edges},
        units=tuple(packed["units"]),
        basis=SnapshotBasis(ledgers, **_unpack_all(packed["basis"], get)),
    )


def _basis_arrays() -> list[str]:
    return [field.name for field in fields(SnapshotBasis) if field.name != "ledgers"]


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _pack_nodes(table: NodeTable, put: Put) -> Json:
    own = {name: getattr(table, name) for name in ("ids", "by_id", "is_stub", "removed")}
    return {"own": _pack_all(own, put), "columns": _pack_all(table.columns, put)}


def _unpack_nodes(kind: str, part: Json, get: Get) -> NodeTable:
    return NodeTable(kind, **_unpack_all(part["own"], get), columns=_unpack_all(part["columns"], get))


def _pack_edges(edges: EdgeSet, put: Put) -> Json:
    names = ("source", "target", "source_start", "by_target", "target_start")
    return {
        "key": [edges.kind, edges.source_kind, edges.target_kind],
        "own": _pack_all({name: getattr(edges, name) for name in names}, put),
        "columns": _pack_all(edges.columns, put),
    }


def _unpack_edges(part: Json, get: Get) -> EdgeSet:
    key: EdgeKey = tuple(part["key"])
    return EdgeSet(*key, **_unpack_all(part["own"], get), columns=_unpack_all(part["columns"], get))


def _pack_ledger(ledger: Ledger, put: Put) -> Json:
    packed = {"digests": _pack_array(ledger.digests, put)}
    if ledger.ids is not None:
        packed["ids"] = _pack_array(ledger.ids, put)
    return packed


def _pack_all(arrays: Mapping[str, Any], put: Put) -> Json:
    return {name: _pack_array(array, put) for name, array in arrays.items()}


def _unpack_all(packed: Json, get: Get) -> dict[str, Any]:
    return {name: _unpack_array(part, get) for name, part in packed.items()}


def _pack_array(array: Any, put: Put) -> Json:
    if isinstance(array, np.ndarray):
        flat = np.ascontiguousarray(array)
        view = flat.reshape(-1).view(np.uint8).data
        return {"dtype": flat.dtype.str, "shape": list(flat.shape), "at": put(view), "size": len(view)}
    return _pack_arrow(array, put)


def _pack_arrow(array: Any, put: Put) -> Json:
    if array.offset:
        array = pa.concat_arrays([array, array.slice(0, 0)])
    own_buffers = 2 if pa.types.is_list(array.type) else 3
    segments = [
        None if buffer is None else [put(memoryview(buffer)), buffer.size]
        for buffer in array.buffers()[:own_buffers]
    ]
    packed: Json = {"arrow": str(array.type.id), "length": len(array), "nulls": array.null_count}
    packed["buffers"] = segments
    if pa.types.is_list(array.type):
        packed["entries"] = _pack_arrow(array.values, put)
    return packed


_TYPES = {str(kind.id): kind for kind in (pa.string(), pa.large_string(), pa.list_(pa.string()))}


def _unpack_array(part: Json, get: Get) -> Any:
    if "dtype" in part:
        flat = np.frombuffer(get(part["at"], part["size"]), np.dtype(part["dtype"]))
        return flat.reshape(part["shape"])
    buffers = [None if segment is None else pa.py_buffer(get(*segment)) for segment in part["buffers"]]
    children = [_unpack_array(part["entries"], get)] if "entries" in part else None
    kind = _TYPES[part["arrow"]]
    return pa.Array.from_buffers(kind, part["length"], buffers, part["nulls"], 0, children)


def segments(packed: Any) -> Iterator[Segment]:
    """Every place that a packed snapshot points to."""
    if isinstance(packed, dict):
        if "dtype" in packed:
            yield packed["at"], packed["size"]
        for name, part in packed.items():
            if name == "buffers":
                yield from ((offset, size) for offset, size in filter(None, part))
            else:
                yield from segments(part)
    elif isinstance(packed, list):
        for part in packed:
            yield from segments(part)

"""A graph as files for Neo4j's offline import, laid out as the Bolt writer lays it out.

The database that is made of the files is a store like any other: one finished run wrote all its records, which keep
their source files and rows. Earlier versions, the runs that wrote them and documents (access tokens) stay behind.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.contenthash import content_id, ledger_of
from suyuan.graph.gather import gather
from suyuan.graph.model import NODE_KINDS, Edge, Table
from suyuan.graph.records import batch_schema
from suyuan.graph.snapshot import Ledger
from suyuan.graph.store.base import View
from suyuan.graph.store.cypher import KEYED_KINDS, edges_by_property, second_labels, stored_properties
from suyuan.graph.store.cypher_write import second_label_column
from suyuan.graph.store.neo4j_edges import EdgeColumns, edge_columns
from suyuan.graph.store.neo4j_files import ImportFiles, header_of, stored_columns
from suyuan.graph.store.neo4j_rows import named_keys
from suyuan.graph.tables import TABLES, table_of_kind

Progress = Callable[[str, float], None]

SEQ: Final = 1
"""Number of the one run that the imported store has."""


@dataclass(frozen=True, slots=True)
class OfflineGraph:
    """What was written: the graph's hash, records by table, and how many nodes and relationships stand for them."""

    snapshot: str
    records: Mapping[str, int]
    nodes: int
    relationships: int


def write_graph(view: View, files: ImportFiles, ended_at: int, progress: Progress | None) -> OfflineGraph:
    """Writes every record of a view with the nodes and relationships it makes.

    Parameters
    ----------
    ended_at : when the facts were known, microseconds UTC

    Raises
    ------
    ConfigError, StoreError
    """
    export = _Export(view, files)
    for done, table in enumerate(TABLES.values()):
        if progress:
            progress(table.name, done / len(TABLES))
        export.write_table(table)
    export.write_edges_by_property()
    export.write_named_nodes()
    snapshot = content_id(export.ledgers)
    export.write_run(ended_at, snapshot)
    return OfflineGraph(snapshot, export.records, files.rows("nodes"), files.rows("relationships"))


@dataclass(slots=True)
class _Sources:
    """Source files under new numbers, since the runs that read them become one."""

    view: View
    files: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    _numbers: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])

    def numbers(self, table: Table, batch: pa.RecordBatch) -> pa.Array:
        """The file of each record."""
        pairs = np.stack([np.asarray(batch.column("seq")), np.asarray(batch.column("source_file"))], axis=1)
        distinct, first, which = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
        keys = [(int(seq), int(source)) for seq, source in distinct]
        unknown = {key: int(row) for key, row in zip(keys, first, strict=True) if key not in self._numbers}
        if unknown:
            ids = {key: batch.column("id")[row].as_py() for key, row in unknown.items()}
            found = self.view.records(table.name, list(ids.values()))
            for key, record in ids.items():
                file = (found[record].file, found[record].sha256)
                self._numbers[key] = self.files.setdefault(file, len(self.files) + 1)
        mine = np.array([self._numbers[key] for key in keys], np.int64)
        return pa.array(mine[which.reshape(-1)])


class _Export:
    """The state of an export while tables are read."""

    def __init__(self, view: View, files: ImportFiles) -> None:
        self.records: dict[str, int] = {}
        self.ledgers: dict[str, Ledger] = {}
        self._view = view
        self._files = files
        self._sources = _Sources(view)
        self._node_ids: dict[str, list[pa.Array]] = defaultdict(list)
        self._ends: dict[str, list[pa.Array]] = defaultdict(list)

    def write_table(self, table: Table) -> None:
        """The records of a table, and their relationships."""
        slim: list[pa.RecordBatch] = []
        asked = [*batch_schema(table).names, "digest", "seq"]
        for batch in self._view.batches(table.name, asked):
            if len(batch) == 0:
                continue
            slim.append(batch.select(["id", "digest"]))
            columns = stored_columns(table, batch, self._sources.numbers(table, batch))
            if table.kind is not None:
                self._node_ids[table.kind].append(batch.column("id"))
                self._write_nodes(table, batch, columns)
            self._write_edges(table, batch, columns)
        if slim:
            rows = gather(table, slim, columns=())
            self.ledgers[table.name] = ledger_of(rows)
            self.records[table.name] = len(rows)

    def _write_nodes(self, table: Table, batch: pa.RecordBatch, columns: Mapping[str, pa.Array]) -> None:
        header = ["id:ID", *(header_of(table, name) for name in columns), "_seq:long"]
        values = [batch.column("id"), *columns.values(), _repeated(SEQ, len(batch))]
        if labels := second_labels(table):
            of_value = pa.array(list(labels.values()))
            places = pc.index_in(batch.column(second_label_column(table)), pa.array(list(labels)))
            header.append(":LABEL")
            values.append(pc.take(of_value, places))
        self._files.add("nodes", str(table.kind), str(table.kind), header, values)

    def _write_edges(self, table: Table, batch: pa.RecordBatch, columns: Mapping[str, pa.Array]) -> None:
        linked = np.zeros(len(batch), bool)
        for group in edge_columns(table, batch):
            linked[group.positions] = True
            self._ends[group.source_kind].append(group.sources)
            self._ends[group.target_kind].append(group.targets)
            self._write_group(table, batch, columns, group)
        if table.kind is None and not linked.all():
            self._write_unlinked(table, batch, columns, np.flatnonzero(~linked))

    def _write_group(
        self, table: Table, batch: pa.RecordBatch, columns: Mapping[str, pa.Array], group: EdgeColumns
    ) -> None:
        rows = pa.array(group.positions)
        carried = group.edge.properties if table.kind is not None else stored_properties(table)
        header = [
            ":START_ID",
            ":END_ID",
            "record",
            *(header_of(table, name) for name in carried),
            "_seq:long",
        ]
        values = [group.sources, group.targets, pc.take(batch.column("id"), rows)]
        values += [pc.take(columns[name], rows) for name in carried]
        values.append(_repeated(SEQ, len(rows)))
        name = f"{group.edge.kind}.{table.name}"
        self._files.add("relationships", name, group.edge.kind, header, values)

    def _write_unlinked(
        self,
        table: Table,
        batch: pa.RecordBatch,
        columns: Mapping[str, pa.Array],
        positions: np.ndarray[Any, Any],
    ) -> None:
        rows = pa.array(positions)
        header = ["record", *(header_of(table, name) for name in columns), "table", "_seq:long"]
        values = [pc.take(values, rows) for values in (batch.column("id"), *columns.values())]
        values += [_repeated(table.name, len(rows)), _repeated(SEQ, len(rows))]
        self._files.add("nodes", f"Unlinked.{table.name}", "Unlinked", header, values)

    def write_edges_by_property(self) -> None:
        """The relationships to nodes that are told by a property instead of their key."""
        for table, edge in edges_by_property():
            kind, by = str(edge.target.kind), str(edge.target.by)
            target = table_of_kind(kind)
            if target is None or target.name not in self.records or table.name not in self.records:
                continue
            found = self._named(table, edge).join(
                self._valued(target, by), "value", right_keys="value", join_type="inner"
            )
            ids = [found.column(name).combine_chunks() for name in ("source", "target", "source")]
            header = [":START_ID", ":END_ID", "record", "_seq:long"]
            values = [*ids, _repeated(SEQ, found.num_rows)]
            self._files.add("relationships", f"{edge.kind}.{table.name}.by", edge.kind, header, values)

    def _named(self, table: Table, edge: Edge) -> pa.Table:
        """Each value that a record names, once a record."""
        column = edge.target.columns[0]
        parts: list[pa.Table] = []
        for batch in self._view.batches(table.name, [column]):
            lists = batch.column(column)
            owners = pc.take(batch.column("id"), pc.list_parent_indices(lists))
            parts.append(pa.table({"source": owners, "value": pc.list_flatten(lists)}))
        return pa.concat_tables(parts).group_by(["source", "value"]).aggregate([])

    def _valued(self, table: Table, by: str) -> pa.Table:
        batches = list(self._view.batches(table.name, [by]))
        return pa.Table.from_batches(batches).select(["id", by]).rename_columns(["target", "value"])

    def write_named_nodes(self) -> None:
        """The nodes that no record describes and relationships name."""
        for kind, parts in sorted(self._ends.items()):
            ends = pc.unique(pa.chunked_array(parts, pa.string()))
            described = self._node_ids.get(kind)
            if described:
                ends = ends.filter(pc.invert(pc.is_in(ends, pa.chunked_array(described, pa.string()))))
            header, values = ["id:ID"], [ends]
            if kind in KEYED_KINDS:
                header += NODE_KINDS[kind].key
                values += _key_columns(kind, ends)
            self._files.add("nodes", f"{kind}.named", kind, header, values)

    def write_run(self, ended_at: int, snapshot: str) -> None:
        """The run, the files its records came from, and the counter that gives the next run its number."""
        report = {
            "records": self.records,
            "snapshot": snapshot,
            "notes": ["loaded by Neo4j's offline import"],
        }
        self._add_one(
            "Run",
            {
                "run_id": uuid4().hex,
                "seq": SEQ,
                "state": "finished",
                "fingerprint": f"neo4j-admin:{snapshot}",
                "started_at": ended_at,
                "ended_at": ended_at,
                "report": json.dumps(report, ensure_ascii=False),
            },
        )
        counted = {"name": "run", "seq": SEQ, "finished": SEQ, "undone": 0, "ended": ended_at}
        self._add_one("Counter", counted)
        for (name, sha256), number in self._sources.files.items():
            self._add_one("Source", {"seq": SEQ, "number": number, "name": name, "sha256": sha256})

    def _add_one(self, label: str, properties: Mapping[str, str | int]) -> None:
        header = [f"{name}:long" if isinstance(v, int) else name for name, v in properties.items()]
        self._files.add("nodes", label, label, header, [pa.array([value]) for value in properties.values()])


def _repeated(value: str | int, count: int) -> pa.Array:
    return pa.repeat(value, count)


def _key_columns(kind: str, ids: pa.Array) -> list[pa.Array]:
    """What the ids of a kind without a table tell of its key; unknown parts are null."""
    names = NODE_KINDS[kind].key
    parts = pc.split_pattern(ids, ":", max_splits=len(names))
    odd = pc.or_(pc.match_substring(ids, "%"), pc.less(pc.list_value_length(parts), len(names) + 1))
    odd = pc.or_(odd, pc.match_substring_regex(ids, r"^[^:]*:(urn|http|https):"))
    plain = pc.if_else(odd, pa.scalar([""] * (len(names) + 1), parts.type), parts)
    found: list[pa.Array] = []
    told = [named_keys(node) for node in ids.filter(odd).to_pylist()]
    for place, name in enumerate(names, start=1):
        column = pc.list_element(plain, place)
        column = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
        if told:
            column = pc.replace_with_mask(
                column, odd, pa.array([keys.get(name) for keys in told], pa.string())
            )
        found.append(column)
    return found

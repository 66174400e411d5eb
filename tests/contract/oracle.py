"""What every store must answer, in plain dictionaries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from suyuan.errors import SuyuanError
from suyuan.graph.ids import canonical_id, normal_id, split_id
from suyuan.graph.model import NODE_KINDS, Edge, End, Table
from suyuan.graph.records import time_text
from suyuan.graph.searchtext import phrases, rank, tokens
from suyuan.graph.tables import TABLES, table_of_kind
from tests.contract.building import Row, id_of, moment


@dataclass(frozen=True)
class OracleEdge:
    """An edge that a record makes."""

    id: str
    kind: str
    source: str
    target: str
    properties: Mapping[str, object]
    record: str


@dataclass
class Oracle:
    """Records by (table, id), and all that follows from them."""

    records: dict[tuple[str, str], Row] = field(default_factory=dict)

    def put(self, data: Mapping[str, Sequence[Row]]) -> None:
        """Takes rows in, the last of a key wins."""
        for table, rows in data.items():
            for row in rows:
                self.records[table, id_of(table, row)] = row

    def edges(self) -> dict[str, OracleEdge]:
        """Every edge by id."""
        found: dict[str, OracleEdge] = {}
        for (name, record), row in self.records.items():
            for declared in TABLES[name].edges:
                for edge in self._edges_of(TABLES[name], record, row, declared):
                    found[edge.id] = edge
        return found

    def _edges_of(self, table: Table, record: str, row: Row, edge: Edge) -> list[OracleEdge]:
        if edge.when is not None and row.get(edge.when[0]) != edge.when[1]:
            return []
        properties = {name: value for name, value in shown(table, row).items() if name in edge.properties}
        return [
            OracleEdge(
                f"{edge.kind}|{source}|{target}|{record}", edge.kind, source, target, properties, record
            )
            for source in self._ends(table, row, edge.source)
            for target in self._ends(table, row, edge.target)
        ]

    def _ends(self, table: Table, row: Row, end: End) -> list[str]:
        last = row.get(end.columns[-1])
        if last is None:
            return []
        values = last if isinstance(last, list) else [last]
        if end.by is not None:
            of_kind = table_of_kind(end.kind or "")
            assert of_kind is not None
            return [
                record
                for (name, record), other in self.records.items()
                if name == of_kind.name and other.get(end.by) in values
            ]
        if end.kind is None:
            return [str(value) for value in values]
        before = [_key_text(table, name, row) for name in end.columns[:-1]]
        if end.many:
            return [canonical_id(end.kind, *before, str(value)) for value in values]
        return [canonical_id(end.kind, *before, _key_text(table, end.columns[-1], row))]

    def nodes(self) -> dict[str, Mapping[str, object]]:
        """Properties of every node: a record's filled columns, or the key columns of a node only named."""
        found: dict[str, Mapping[str, object]] = {}
        for edge in self.edges().values():
            for node_id in (edge.source, edge.target):
                found[node_id] = key_properties(node_id)
        for (name, record), row in self.records.items():
            if TABLES[name].kind is not None:
                found[record] = shown(TABLES[name], row)
        return found

    def neighbours(
        self, node_id: str, direction: str = "both", kinds: Sequence[str] | None = None
    ) -> list[OracleEdge]:
        """Edges at a node by edge id."""
        return sorted(
            (
                edge
                for edge in self.edges().values()
                if (kinds is None or edge.kind in kinds)
                and (
                    (direction != "in" and edge.source == node_id)
                    or (direction != "out" and edge.target == node_id)
                )
            ),
            key=lambda edge: edge.id,
        )

    def search(self, text: str, kinds: Sequence[str] | None = None) -> list[tuple[int, str]]:
        """(rank, id) of what a text finds, in order."""
        found: dict[str, int] = {}
        for (name, record), row in self.records.items():
            if searchable(TABLES[name]) and self._matches(TABLES[name], record, row, text):
                found[record] = rank(entry(TABLES[name], record, row)[0], text)
        exact = _as_id(text)
        if exact is not None and exact in self.nodes():
            found[exact] = 0
        hits = [(place, node_id) for node_id, place in found.items()]
        return sorted(hit for hit in hits if kinds is None or hit[1].split(":")[0] in kinds)

    def _matches(self, table: Table, record: str, row: Row, text: str) -> bool:
        words = entry(table, record, row)[1]
        wanted = phrases(text)
        return bool(wanted) and all(
            any(
                tuple(words[i : i + len(phrase.tokens)]) == phrase.tokens
                or (phrase.prefix and words[i].startswith(phrase.tokens[0]))
                for i in range(len(words))
            )
            for phrase in wanted
        )


def searchable(table: Table) -> bool:
    """Whether records of a table are found by text: nodes with searchable columns or a key of one column."""
    return table.kind is not None and (
        any(column.searchable for column in table.columns) or len(table.key) == 1
    )


def entry(table: Table, record: str, row: Row) -> tuple[str, list[str]]:
    """Name (first filled searchable column, else the last key column) and tokens of a record."""
    texts = [str(row[c.name]) for c in table.columns if c.searchable and row.get(c.name) is not None]
    key = split_id(record)[1][-1]
    return (texts or [key])[0], [token for text in (*texts, key) for token in tokens(text)]


def shown(table: Table, row: Row) -> dict[str, object]:
    """The filled columns of a row as a node shows them."""
    found: dict[str, object] = {}
    for column in table.columns:
        value = row.get(column.name)
        if value is not None:
            found[column.name] = time_text(*moment(value)) if column.type == "time" else value
    return found


def key_properties(node_id: str) -> dict[str, object]:
    """The filled key columns of an id."""
    kind, key = split_id(node_id)
    names = NODE_KINDS[kind].key
    return {name: part for name, part in zip(names[len(names) - len(key) :], key, strict=True) if part}


def _key_text(table: Table, name: str, row: Row) -> str:
    value = row.get(name)
    if value is None:
        return ""
    return time_text(*moment(value)) if table.column(name).type == "time" else str(value)


def _as_id(text: str) -> str | None:
    try:
        return normal_id(text)
    except SuyuanError:
        return None

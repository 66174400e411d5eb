"""Full-text search in Neo4j: a text as a Lucene query, hits in our own order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from neo4j import ManagedTransaction

from suyuan.errors import SuyuanError
from suyuan.graph.ids import normal_id, split_id
from suyuan.graph.searchtext import Phrase, fold, phrases
from suyuan.graph.store import cypher_read
from suyuan.graph.store.base import Node
from suyuan.graph.store.neo4j_connection import answer
from suyuan.graph.store.search_entries import entry_columns
from suyuan.graph.tables import TABLES, table_of_kind


@dataclass(frozen=True, slots=True)
class Hit:
    """A node found, with its name as written."""

    rank: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked for. ``lucene`` is empty when no text is; ``exact`` is the id that the text is, if any."""

    lucene: str
    name: str
    exact: str | None
    kinds: tuple[str, ...] | None
    first: int
    after: tuple[int, str]

    @classmethod
    def of(cls, text: str, kinds: Sequence[str] | None, first: int, after: tuple[int, str] | None) -> Self:
        """A search from what people ask."""
        lucene = " ".join("+" + _lucene(phrase) for phrase in phrases(text))
        asked = None if kinds is None else tuple(kinds)
        return cls(lucene, fold(text), _as_id(text), asked, first, after or (-1, ""))

    def hits(self, tx: ManagedTransaction, seq: int, *, versions: bool) -> list[Hit]:
        """The first hits among the newest or the overwritten versions; the node named by id is left out."""
        text = cypher_read.search(_name_columns(), versions=versions)
        parameters: dict[str, Any] = {"text": self.lucene, "name": self.name, "exact": self.exact}
        rank, after = self.after
        parameters |= {"kinds": self.kinds, "first": self.first, "rank": rank, "after": after, "seq": seq}
        return [Hit(rank, node, _name(node, values)) for rank, node, values in answer(tx, text, **parameters)]

    def merged(self, hits: Iterable[Hit], more: Iterable[Hit]) -> list[Hit]:
        """The first of both, each node once."""
        by_id = {hit.id: hit for hit in (*more, *hits)}
        return sorted(by_id.values(), key=lambda hit: (hit.rank, hit.id))[: self.first]

    def admits(self, rank: int, node_id: str) -> bool:
        """Whether such a hit would be in the answer."""
        of_kind = self.kinds is None or node_id.partition(":")[0] in self.kinds
        return of_kind and (rank, node_id) > self.after

    def name_of(self, node: Node) -> str:
        """The name of a node as written."""
        return _name(node.id, [node.properties.get(name) for name in _name_columns()])


def _lucene(phrase: Phrase) -> str:
    """A phrase in Lucene's syntax; tokens are letters and digits, so nothing needs an escape."""
    return f"{phrase.tokens[0]}*" if phrase.prefix else '"' + " ".join(phrase.tokens) + '"'


def _as_id(text: str) -> str | None:
    try:
        return normal_id(text)
    except SuyuanError:
        return None


@cache
def _name_columns() -> tuple[str, ...]:
    """Every column that may hold a name."""
    names = (c.name for table in TABLES.values() if table.kind for c in table.columns if c.searchable)
    return tuple(dict.fromkeys(names))


def _name(node_id: str, values: Sequence[Any]) -> str:
    kind, key = split_id(node_id)
    table = table_of_kind(kind)
    filled = dict(zip(_name_columns(), values, strict=True))
    names = entry_columns(table)[:-1] if table is not None else []
    return next((filled[name] for name in names if filled.get(name) is not None), key[-1])

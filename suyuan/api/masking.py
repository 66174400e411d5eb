"""What a caller may see: personal data in the clear, or masked.

Identifiers (phones, accounts, addresses, identity cards) carry their value in their id. So for callers
without the right they are withheld whole, with every relationship that ends at one: no id, cursor or count
tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from suyuan.graph.model import EDGE_KINDS, NODE_KINDS
from suyuan.graph.searchtext import phrases, tokens
from suyuan.graph.store.base import GraphEdge, Node, Scalar
from suyuan.graph.tables import TABLES, table_of_kind

WITHHELD_EDGE_KINDS: Final = frozenset({"HAS"})
WITHHELD_NODE_KINDS: Final = frozenset({"Identifier"})

_WITHHELD_IDS: Final = tuple(f"{kind}:" for kind in WITHHELD_NODE_KINDS)


def mask_text(value: str) -> str:
    """The first character and three stars: enough to tell entries of a list apart, not to find the person.

    Examples
    --------
    >>> mask_text("张晓明")
    '张***'
    """
    return value[:1] + "***"


@dataclass(frozen=True, slots=True)
class Sight:
    """What one caller may see. ``personal``: personal data in the clear."""

    personal: bool

    def sees_kind(self, node_kind: str) -> bool:
        """Whether nodes of a kind are shown at all."""
        return self.personal or node_kind not in WITHHELD_NODE_KINDS

    def sees_edge(self, edge: GraphEdge) -> bool:
        """Whether a relationship is shown: neither it nor either end is withheld."""
        if self.personal:
            return True
        ends_shown = not edge.source.startswith(_WITHHELD_IDS) and not edge.target.startswith(_WITHHELD_IDS)
        return edge.kind not in WITHHELD_EDGE_KINDS and ends_shown

    def edge_kinds(self, wanted: Sequence[str] | None) -> tuple[str, ...] | None:
        """The edge kinds to read of those wanted (None = all)."""
        if self.personal:
            return None if wanted is None else tuple(wanted)
        named = EDGE_KINDS if wanted is None else wanted
        return tuple(kind for kind in named if kind not in WITHHELD_EDGE_KINDS)

    def node_kinds(self, wanted: Sequence[str] | None) -> tuple[str, ...] | None:
        """The node kinds to look among of those wanted (None = all)."""
        if self.personal:
            return None if wanted is None else tuple(wanted)
        named = NODE_KINDS if wanted is None else wanted
        return tuple(kind for kind in named if kind not in WITHHELD_NODE_KINDS)

    def withheld_kinds(self) -> frozenset[str]:
        """Kinds of nodes and relationships that no way may lead through."""
        return frozenset() if self.personal else WITHHELD_NODE_KINDS | WITHHELD_EDGE_KINDS

    def properties(self, table: str | None, properties: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Properties from a record of ``table`` as they are shown."""
        if self.personal or table is None:
            return dict(properties)
        personal = _personal_columns(table)
        return {name: _masked(value, name in personal) for name, value in properties.items()}

    def found_by(self, text: str, node: Node) -> bool:
        """Whether a search for ``text`` may give the node: it was found by what the caller may read.

        Otherwise a search would tell whose name or address is in a field that is masked.
        """
        if self.personal:
            return True
        table = table_of_kind(node.kind)
        if table is None or not _personal_columns(table.name):
            return True
        texts = [node.properties.get(name) for name in _readable_columns(node.kind)]
        words = [tokens(str(value)) for value in (*texts, node.id) if value is not None]
        return all(
            any(_holds(each, phrase.tokens, phrase.prefix) for each in words) for phrase in phrases(text)
        )


def _masked(value: Scalar, personal: bool) -> Scalar:
    if personal:
        return mask_text(str(value))
    if isinstance(value, str) and value.startswith(_WITHHELD_IDS):
        return value.partition(":")[0] + ":***"
    if isinstance(value, list) and any(part.startswith(_WITHHELD_IDS) for part in value):
        return [str(_masked(part, False)) for part in value]
    return value


@cache
def _personal_columns(table: str) -> frozenset[str]:
    return frozenset(column.name for column in TABLES[table].columns if column.personal)


@cache
def _readable_columns(kind: str) -> tuple[str, ...]:
    table = table_of_kind(kind)
    if table is None:
        return NODE_KINDS[kind].key
    searched = tuple(column.name for column in table.columns if column.searchable and not column.personal)
    return (*searched, table.key[-1])


def _holds(words: Sequence[str], wanted: Sequence[str], prefix: bool) -> bool:
    size = len(wanted)
    if prefix:
        return any(word.startswith(wanted[0]) for word in words)
    return any(tuple(words[i : i + size]) == tuple(wanted) for i in range(len(words) - size + 1))

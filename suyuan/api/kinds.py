"""GraphQL enums and plain types that follow from the declared model."""

from enum import Enum
from typing import Any

import strawberry

from suyuan.graph.model import EDGE_KINDS, NODE_KINDS
from suyuan.graph.store.base import GraphEdge as StoredEdge
from suyuan.graph.store.base import Provenance


def _enum(name: str, members: dict[str, str], descriptions: dict[str, str], description: str) -> Any:
    made = Enum(name, members)
    values = {
        member.name: strawberry.enum_value(member.value, description=descriptions[member.value])
        for member in made
    }
    return strawberry.enum(Enum(name, values), name=name, description=description)


NodeKind = _enum(
    "NodeKind",
    {kind: kind for kind in NODE_KINDS},
    {kind.name: kind.description for kind in NODE_KINDS.values()},
    "Kinds of things in the graph.",
)
EdgeKind = _enum(
    "EdgeKind",
    {kind: kind for kind in EDGE_KINDS},
    {kind.name: kind.description for kind in EDGE_KINDS.values()},
    "Kinds of relationships, in the direction given.",
)


@strawberry.enum(description="Which way to go.")
class Direction(Enum):
    """Along or against the goods, or along or against relationships."""

    BACKWARD = strawberry.enum_value(
        "backward", description="Against the way goods move: to where they came from."
    )
    FORWARD = strawberry.enum_value("forward", description="The way goods move: to where they went.")


@strawberry.enum(description="Which end of a relationship the node is.")
class EdgeDirection(Enum):
    """Which relationships at a node are meant."""

    OUT = strawberry.enum_value("out", description="Relationships that begin at the node.")
    IN = strawberry.enum_value("in", description="Relationships that end at the node.")
    BOTH = strawberry.enum_value("both", description="All relationships at the node.")


@strawberry.enum(description="What is assumed of movements whose times are not recorded.")
class UnknownTimes(Enum):
    """The three stated modes for unknown times."""

    INFER = strawberry.enum_value(
        "infer", description="Earliest and latest possible times follow from the movements before and after."
    )
    EXCLUDE = strawberry.enum_value("exclude", description="Movements without times are left out.")
    INCLUDE = strawberry.enum_value("include", description="Movements without times fit any other.")


@strawberry.type(description="Where a fact was read: the file and row behind it.")
class Source:
    """Provenance of one record."""

    table: str = strawberry.field(description="Table of the exchange format.")
    record: str = strawberry.field(description="Id of the record.")
    file: str = strawberry.field(description="File the record was read from.")
    sha256: str = strawberry.field(description="SHA-256 of that file.")
    row: int = strawberry.field(description="Data row in the file, from 1.")
    run: str = strawberry.field(description="Run that wrote it.")


def source_of(provenance: Provenance | None) -> Source | None:
    """Provenance as the API shows it."""
    if provenance is None:
        return None
    p = provenance
    return Source(table=p.table, record=p.record, file=p.file, sha256=p.sha256, row=p.row, run=p.run_id)


@strawberry.type(description="One property of a relationship.")
class Property:
    """Name and value as text."""

    name: str = strawberry.field(description="Name of the property.")
    value: str = strawberry.field(description="Value as text; times in ISO 8601 at their own precision.")


def properties_of(edge: StoredEdge, hidden: frozenset[str]) -> list[Property]:
    """The properties of an edge that may be shown, by name."""
    shown = sorted((name, value) for name, value in edge.properties.items() if name not in hidden)
    return [Property(name=name, value=_text(value)) for name, value in shown]


def _text(value: object) -> str:
    if isinstance(value, list):
        return ";".join(str(part) for part in value)
    return str(value)

"""GraphQL enums and plain types that follow from the declared model."""

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry

from suyuan.graph.model import EDGE_KINDS, NODE_KINDS
from suyuan.graph.store.base import Provenance


def _enum(name: str, kinds: Mapping[str, Any], description: str) -> Any:
    values: dict[str, Any] = {
        kind: strawberry.enum_value(kind, description=declared.description)
        for kind, declared in kinds.items()
    }
    return strawberry.enum(Enum(name, values), name=name, description=description)  # pyright: ignore[reportCallIssue, reportArgumentType] - made at run time


if TYPE_CHECKING:

    class NodeKind(Enum):
        """Kinds of things in the graph; its members are the declared kinds."""

    class EdgeKind(Enum):
        """Kinds of relationships; its members are the declared kinds."""

else:
    NodeKind = _enum("NodeKind", NODE_KINDS, "Kinds of things in the graph.")
    EdgeKind = _enum("EdgeKind", EDGE_KINDS, "Kinds of relationships, in the direction given.")

NODE_KIND_MEMBERS: Mapping[str, NodeKind] = {member.value: member for member in NodeKind}
EDGE_KIND_MEMBERS: Mapping[str, EdgeKind] = {member.value: member for member in EdgeKind}


@strawberry.enum(description="Which way to go.")
class Direction(Enum):
    """Against or along the goods; against or along relationships."""

    BACKWARD = strawberry.enum_value(
        "backward",
        description="Against the way goods move: to where they came from. "
        "Of relationships: those that end here.",
    )
    FORWARD = strawberry.enum_value(
        "forward",
        description="The way goods move: to where they went. Of relationships: those that begin here.",
    )


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

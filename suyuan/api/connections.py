"""Keyset connections: cursors name the last thing seen, so pages stay right while data arrives."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Annotated, Any, Final

import strawberry

from suyuan.errors import ParameterError

PAGE: Final = 20
"""Entries of a page where ``first`` is not given."""

EDGE_PAGE: Final = 50
"""The same for lists of relationships."""

First = Annotated[int | None, strawberry.argument(description="At most so many entries.")]
After = Annotated[
    str | None, strawberry.argument(description="Go on after this cursor of the page before (`endCursor`).")
]


@strawberry.type(description="Whether there is more, and where to go on.")
class PageInfo:
    """Relay page information; paging goes forward only."""

    has_next_page: bool = strawberry.field(description="Whether more follow after `endCursor`.")
    end_cursor: str | None = strawberry.field(description="Give it as `after` to go on.")
    has_previous_page: bool = strawberry.field(description="Whether `after` was given.", default=False)
    start_cursor: str | None = strawberry.field(description="Cursor of the first entry.", default=None)


def encode_cursor(*key: object) -> str:
    """An opaque cursor from the key of the last entry."""
    text = json.dumps(key, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, *types: type) -> tuple[Any, ...] | None:
    """The key in a cursor, None for none.

    Raises
    ------
    ParameterError
        The text is no cursor of this connection.
    """
    if cursor is None:
        return None
    try:
        key: object = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        key = None
    if not (isinstance(key, list) and tuple(map(type, key)) == types):
        raise ParameterError("after", cursor, "a cursor that this connection gave")
    return tuple(key)


def page_size(first: int | None, usual: int, largest: int) -> int:
    """``first`` if it is allowed, ``usual`` for None.

    Raises
    ------
    ParameterError
    """
    size = usual if first is None else first
    if not 0 <= size <= largest:
        raise ParameterError("first", size, f"0 to {largest}")
    return size


def page_info(cursors: Sequence[str], *, more: bool, after: str | None) -> PageInfo:
    """Page information of a page with these cursors."""
    return PageInfo(
        has_next_page=more,
        end_cursor=cursors[-1] if cursors else after,
        has_previous_page=after is not None,
        start_cursor=cursors[0] if cursors else None,
    )


def connection_types(name: str, node: Any, description: str) -> tuple[Any, Any]:
    """(edge type, connection type) over a node type that may not be complete yet."""
    edge: Any = type(f"{name}Edge", (), {"__annotations__": {"cursor": str, "node": node}})
    edge.cursor = strawberry.field(description="Where to go on after this entry.")
    edge.node = strawberry.field(description="The entry.")
    edge = strawberry.type(edge, description=f"An entry of a list of {description}.")
    annotations = {"edges": list[edge], "page_info": PageInfo}
    connection: Any = type(f"{name}Connection", (), {"__annotations__": annotations})
    connection.edges = strawberry.field(description="The entries of this page.")
    connection.page_info = strawberry.field(description="Whether there is more.")
    return edge, strawberry.type(connection, description=f"A page of {description}.")

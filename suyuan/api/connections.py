"""Keyset connections: cursors name the last thing seen, so pages stay right while data arrives."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

import strawberry

from suyuan.errors import ParameterError


@strawberry.type(description="Whether there is more, and where to go on.")
class PageInfo:
    """Relay page information; paging goes forward only."""

    has_next_page: bool = strawberry.field(description="Whether more follow after `endCursor`.")
    end_cursor: str | None = strawberry.field(description="Give it as `after` to go on.")
    has_previous_page: bool = strawberry.field(description="Whether `after` was given.", default=False)
    start_cursor: str | None = strawberry.field(description="Cursor of the first entry.", default=None)


def encode_cursor(*key: Any) -> str:
    """An opaque cursor from the key of the last entry."""
    return base64.urlsafe_b64encode(json.dumps(key, ensure_ascii=False).encode()).decode().rstrip("=")


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
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        key = None
    fits = isinstance(key, list) and len(key) == len(types) and all(map(isinstance, key, types))
    if not fits:
        raise ParameterError("after", cursor, "a cursor that this connection gave")
    return tuple(key)  # pyright: ignore[reportArgumentType]


def page_size(first: int, largest: int) -> int:
    """``first`` if it is allowed.

    Raises
    ------
    ParameterError
    """
    if not 0 <= first <= largest:
        raise ParameterError("first", first, f"0 to {largest}")
    return first


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
    edge = type(f"{name}Edge", (), {"__annotations__": {"cursor": str, "node": node}})
    edge.cursor = strawberry.field(description="Where to go on after this entry.")
    edge.node = strawberry.field(description="The entry.")
    edge = strawberry.type(edge, description=f"An entry of a list of {description}.")
    connection = type(
        f"{name}Connection", (), {"__annotations__": {"edges": list[edge], "page_info": PageInfo}}
    )
    connection.edges = strawberry.field(description="The entries of this page.")
    connection.page_info = strawberry.field(description="Whether there is more.")
    return edge, strawberry.type(connection, description=f"A page of {description}.")

"""Pages of what a caller may see: what is withheld is left out before a page is cut."""

from collections.abc import Callable
from typing import Any, Final

from suyuan.api.connections import decode_cursor
from suyuan.api.context import EdgePage, RequestContext
from suyuan.graph.store.base import Direction, GraphEdge, Node, SearchHit

_HITS_AT_ONCE: Final = 100


async def visible_edges(
    context: RequestContext,
    page: EdgePage,
    keep: Callable[[GraphEdge], bool],
) -> list[GraphEdge]:
    """At most ``page.first`` relationships that the caller may see and that ``keep`` takes, by id."""
    found: list[GraphEdge] = []
    if page.edge_kinds == ():
        return found
    while True:
        edges = await context.edges.load(page)
        found += [edge for edge in edges if context.sight.sees_edge(edge) and keep(edge)]
        if len(found) >= page.first or len(edges) < page.first:
            return found[: page.first]
        page = page._replace(after=edges[-1].id)


def edge_page(
    node_id: str, edge_kinds: tuple[str, ...] | None, direction: Direction, first: int, after: str | None
) -> EdgePage:
    """A page of relationships after a cursor.

    Raises
    ------
    ParameterError
        ``after`` is no cursor of such a list.
    """
    key = decode_cursor(after, str)
    return EdgePage(node_id, edge_kinds, direction, first, key[0] if key else None)


async def visible_hits(
    context: RequestContext, text: str, kinds: tuple[str, ...] | None, first: int, after: str | None
) -> list[tuple[SearchHit, Node]]:
    """At most ``first`` things found by a text, without those found by what the caller may not read.

    Raises
    ------
    ParameterError
        ``after`` is no cursor of a search.
    """
    key: Any = decode_cursor(after, int, str)
    at_once = first if context.sight.personal else max(first, _HITS_AT_ONCE)
    found: list[tuple[SearchHit, Node]] = []
    while True:
        hits = await context.read(_search(context, text, kinds, at_once, key))
        nodes = await context.nodes.load_many([hit.id for hit in hits])
        found += [
            (hit, node)
            for hit, node in zip(hits, nodes, strict=True)
            if node is not None and context.sight.found_by(text, node)
        ]
        if len(found) >= first or len(hits) < at_once:
            return found[:first]
        key = (hits[-1].rank, hits[-1].id)


def _search(
    context: RequestContext,
    text: str,
    kinds: tuple[str, ...] | None,
    first: int,
    after: tuple[int, str] | None,
) -> Callable[[], list[SearchHit]]:
    return lambda: context.view().search(text, kinds=kinds, first=first, after=after)

"""Use case: tables or the graph to files, whole and in a stated order."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from suyuan.errors import ConfigError, ParameterError
from suyuan.graph.drawn_graph import drawn
from suyuan.graph.exchange import exchange_table
from suyuan.graph.ids import kind_named, normal_id
from suyuan.graph.selection import Selection, around, within_division
from suyuan.graph.store.base import Scope, View
from suyuan.graph.tables import TABLES
from suyuan.service.followthemoney import write_entities
from suyuan.service.gexf import write_gexf
from suyuan.service.graphml import write_graphml
from suyuan.service.neo4j_admin import write_neo4j_admin
from suyuan.service.network_selection import within_network
from suyuan.service.times import microseconds
from suyuan.service.workbooks import write_workbook
from suyuan.service.workspace import Workspace

Progress = Callable[[str, float], None]

TABLE_FORMATS: Final = ("csv", "jsonl", "parquet", "xlsx")
FORMATS: Final = (*TABLE_FORMATS, "graphml", "gexf", "ftm", "neo4j-admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What to write.

    Attributes
    ----------
    kinds : only nodes of these kinds; empty = all
    division : only what carries a division code within this one
    since : only records that the store did not have by this time
    around, hops : only the node and what is at most so many relationships away
    network : only what belongs to a network, by its id or that of an actor, shop or firm in it
    known_at : what the store had by this time
    """

    format: str
    kinds: tuple[str, ...] = ()
    division: str | None = None
    since: str | None = None
    around: str | None = None
    hops: int = 1
    network: str | None = None
    known_at: str | None = None


def export_graph(
    workspace: Workspace, out: Path, request: ExportRequest, progress: Progress | None
) -> dict[str, Any]:
    """Writes the export; the report counts what was written.

    Raises
    ------
    ParameterError, UnknownKindError, UnknownNodeError, NotFoundError, LimitError
    ConfigError
        ``out`` cannot be written.
    """
    if request.format not in FORMATS:
        raise ParameterError("format", request.format, f"one of {', '.join(FORMATS)}")
    view = workspace.view(Scope(known_at=microseconds("known_at", request.known_at)))
    selection = _selection(workspace, view, request)
    try:
        counts = _write(workspace, view, out, request.format, selection, progress)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error}") from error
    return {"out": str(out), "format": request.format, "counts": counts}


def _selection(workspace: Workspace, view: View, request: ExportRequest) -> Selection:
    kinds = frozenset(kind_named(kind) for kind in request.kinds)
    since = microseconds("since", _begin_of_day(request.since))
    seq = 0 if since is None else workspace.view(Scope(known_at=since)).seq
    chosen: list[pa.Array] = []
    if request.division is not None:
        chosen.append(within_division(view, request.division))
    if request.around is not None:
        chosen.append(around(view, request.around, request.hops))
    if request.network is not None:
        if request.known_at is not None:
            raise ParameterError("known_at", request.known_at, "no time together with a network")
        members = within_network(workspace, request.network)
        if request.around is not None:
            _require_member(request.around, request.network, members)
        chosen.append(members)
    return Selection(kinds, seq, _in_all(chosen) if chosen else None)


def _require_member(around_id: str, network: str, members: pa.Array) -> None:
    """What is around a node of elsewhere has nothing to do with the network."""
    if not pc.is_in(pa.scalar(normal_id(around_id), pa.string()), members).as_py():
        raise ParameterError(
            "around",
            around_id,
            f"something that belongs to the network {network} (suyuan networks show {network}); it does not. "
            "Leave out one of the two options 该节点不属于此网络",
        )


def _in_all(chosen: Sequence[pa.Array]) -> pa.Array:
    found = chosen[0]
    for other in chosen[1:]:
        found = found.filter(pc.is_in(found, other))
    return found


def _begin_of_day(text: str | None) -> str | None:
    """What is written on a day is written since that day."""
    return f"{text}T00:00:00Z" if text and len(text) == len("2025-03-02") else text


def _write(
    workspace: Workspace,
    view: View,
    out: Path,
    format_: str,
    selection: Selection,
    progress: Progress | None,
) -> dict[str, int]:
    if format_ in TABLE_FORMATS:
        return _write_tables(view, out, format_, selection, progress)
    if format_ == "ftm":
        return write_entities(view, out, selection)
    if format_ == "neo4j-admin":
        if not selection.is_all:
            raise ParameterError(
                "format", format_, "another one for a part of the graph; this one is a whole store"
            )
        return write_neo4j_admin(workspace.store, view, out, progress)
    graph = drawn(view, selection, progress)
    _GRAPH_WRITERS[format_](graph, out)
    return graph.counts


def _write_tables(
    view: View, out: Path, format_: str, selection: Selection, progress: Progress | None
) -> dict[str, int]:
    out.mkdir(parents=True, exist_ok=True)
    chosen = [table for table in TABLES.values() if not selection.kinds or table.kind in selection.kinds]
    counts: dict[str, int] = {}
    for done, table in enumerate(chosen):
        if progress:
            progress(table.name, done / len(chosen))
        content = exchange_table(view, table, selection)
        if content.num_rows:
            target = out / f"{table.name}.{format_}"
            partial = target.with_name(target.name + ".partial")
            _WRITERS[format_](content, partial)
            partial.replace(target)
            counts[table.name] = content.num_rows
    return counts


def _write_csv(content: pa.Table, path: Path) -> None:
    pyarrow.csv.write_csv(content, path)


def _write_parquet(content: pa.Table, path: Path) -> None:
    pyarrow.parquet.write_table(content, path)


def _write_jsonl(content: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for line in _json_lines(content):
            file.write(line)


def _json_lines(content: pa.Table) -> Iterator[str]:
    for batch in content.to_batches(max_chunksize=50_000):
        for row in batch.to_pylist():
            filled = {name: value for name, value in row.items() if value is not None}
            yield json.dumps(filled, ensure_ascii=False) + "\n"


_GRAPH_WRITERS: Final = {"graphml": write_graphml, "gexf": write_gexf}
_WRITERS: Final[dict[str, Callable[[pa.Table, Path], None]]] = {
    "csv": _write_csv,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
    "xlsx": write_workbook,
}

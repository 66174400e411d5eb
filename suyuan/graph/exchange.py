"""Records of a table as the exchange format has them."""

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.model import Table
from suyuan.graph.records import batch_schema, precision_name, time_texts
from suyuan.graph.selection import Selection
from suyuan.graph.store.base import View


def exchange_table(view: View, table: Table, selection: Selection = Selection()) -> pa.Table:  # noqa: B008
    """The selected records of a table in the exchange format, by id; lists joined by ``;``, extra columns last."""
    names = [*(column.name for column in table.columns), "extra"]
    names += [precision_name(column.name) for column in table.columns if column.type == "time"]
    schema = batch_schema(table)
    batches = list(selection.batches(view, table, names))
    if not batches:
        return pa.table({})
    content = pa.Table.from_batches(batches).select(["id", *names])
    content = content.cast(pa.schema([schema.field(name) for name in content.column_names])).combine_chunks()
    content = content.take(pc.sort_indices(content.column("id")))
    columns = {column.name: _plain(content, column.name, column.type) for column in table.columns}
    return pa.table({**columns, **_extra_columns(content.column("extra"))})


def _plain(content: pa.Table, name: str, type_: str) -> Any:
    values = content.column(name).combine_chunks()
    if type_ == "time":
        return time_texts(values, content.column(precision_name(name)).combine_chunks())
    if type_ in ("list", "ids"):
        return pc.binary_join(values, ";")
    return values


def _extra_columns(extra: pa.ChunkedArray) -> dict[str, pa.Array]:
    if extra.null_count == len(extra):
        return {}
    rows: list[dict[str, Any]] = [json.loads(text) if text else {} for text in extra.to_pylist()]
    names = sorted({name for row in rows for name in row})
    return {name: pa.array([_as_text(row.get(name)) for row in rows], pa.string()) for name in names}


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)

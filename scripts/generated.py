"""Writes what is derived from the code: ``schema.graphql`` and ``docs/user/tables.md``.

``--check`` writes nothing and fails when a file differs from what the code says now.
"""

import sys
from pathlib import Path

from suyuan.api.schema import schema_text
from suyuan.graph.model import EDGE_KINDS, NODE_KINDS, Column, Table
from suyuan.graph.tables import TABLES

ROOT = Path(__file__).resolve().parent.parent


def tables_text() -> str:
    """The reference of tables, node kinds and relationship kinds."""
    parts = [
        "# Tables, nodes and relationships",
        "",
        "Written by `make schema` from `suyuan/graph/tables.py` and `suyuan/graph/model.py`. Key columns are bold;",
        "personal columns are masked for callers without the right to see them.",
        "",
    ]
    for table in TABLES.values():
        parts += _table_lines(table)
    parts += ["## Node kinds", "", "| kind | id | what it is |", "| --- | --- | --- |"]
    parts += [
        f"| {kind.name} | `{kind.name}:{':'.join(f'<{column}>' for column in kind.key)}` | {kind.description} |"
        for kind in NODE_KINDS.values()
    ]
    parts += [
        "",
        "## Relationship kinds",
        "",
        "| kind | from | to | what it says |",
        "| --- | --- | --- | --- |",
    ]
    parts += [
        f"| {kind.name} | {', '.join(kind.sources)} | {', '.join(kind.targets)} | {kind.description} |"
        for kind in EDGE_KINDS.values()
    ]
    return "\n".join(parts) + "\n"


def _table_lines(table: Table) -> list[str]:
    about = f"Each row is a {table.kind}." if table.kind else "Rows are relationships."
    edges = sorted({edge.kind for edge in table.edges})
    lines = [f"## {table.name}", "", f"{table.description} {about}"]
    if edges:
        lines.append(f"Relationships: {', '.join(edges)}.")
    lines += ["", "| column | type | meaning |", "| --- | --- | --- |"]
    lines += [_column_line(table, column) for column in table.columns]
    return [*lines, ""]


def _column_line(table: Table, column: Column) -> str:
    name = f"**{column.name}**" if column.name in table.key else column.name
    notes = [column.description]
    if column.choices:
        notes.append("One of " + ", ".join(f"`{choice}`" for choice in column.choices) + ".")
    if column.personal:
        notes.append("Personal.")
    return f"| {name} | {column.type} | {' '.join(notes)} |"


def main() -> int:
    """Writes or checks every generated file; returns the exit status."""
    check = "--check" in sys.argv[1:]
    stale: list[str] = []
    for name, text in (("schema.graphql", schema_text()), ("docs/user/tables.md", tables_text())):
        path = ROOT / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    if check and stale:
        print(f"Not what the code says now: {', '.join(stale)}. Run: make schema")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

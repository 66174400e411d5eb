"""Codes found through plain indexes instead of the full-text index.

A waybill or a key is one token in most records, and there are many of them; an index over the column costs
a third of a full-text entry. A record is kept out of the full-text index when each of its entry columns is
one run of ASCII letters and digits. What a query means for such a record follows from the tokens: a token
is a column.
"""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.model import Table
from suyuan.graph.searchtext import Phrase, fold, phrases
from suyuan.graph.store.sqlite_schema import code_columns, quoted
from suyuan.graph.store.sqlite_versions import Versions

_AFTER_LETTERS = "{"
"""The ASCII character after ``z``: no token goes on with it or with a greater one."""


def needs_entry(table: Table, batch: pa.RecordBatch) -> pa.Array:
    """Whether each record needs an entry in the full-text index."""
    columns = code_columns(table)
    if not columns:
        return pa.array([True] * batch.num_rows, pa.bool_())
    plain = [
        pc.fill_null(pc.match_substring_regex(batch.column(name), "^[0-9A-Za-z]+$"), True) for name in columns
    ]
    both = plain[0] if len(plain) == 1 else pc.and_(*plain)
    return pc.invert(both)


def code_matches(
    versions: Versions, table: Table, text: str, *, first: int, after: tuple[int, str] | None
) -> list[tuple[int, str]]:
    """(rank, id) of the records of codes that a text finds, in order, at most ``first`` after ``after``."""
    columns = [f"t.{quoted(name)}" for name in code_columns(table)]
    values: dict[str, object] = {
        "folded": fold(text),
        "rank": after[0] if after else -1,
        "id": after[1] if after else "",
        "first": first,
    }
    wanted = [list(_alternatives(columns, phrase, values)) for phrase in phrases(text)]
    parts = versions.parts(table)
    if not parts or not wanted or not all(wanted):
        return []
    others = [f"({' OR '.join(alternatives)})" for alternatives in wanted[1:]]
    plain = [
        f"({column} IS NULL OR {column} <> '' AND {column} NOT GLOB '*[^0-9A-Za-z]*')" for column in columns
    ]
    name = f"coalesce({', '.join([*columns, 'NULL'])})"
    place = (
        f"CASE WHEN {name} = :folded COLLATE NOCASE THEN 0"
        f" WHEN substr({name}, 1, length(:folded)) = :folded COLLATE NOCASE THEN 1 ELSE 2 END"
    )
    selects = [
        f"SELECT {place} AS place, t.id AS id FROM {part.name} t"
        f" WHERE {' AND '.join([alternative, *others, *plain, part.condition])}"
        for part in parts
        for alternative in wanted[0]
    ]
    return versions.connection.execute(
        f"SELECT place, id FROM ({' UNION '.join(selects)}) WHERE (place, id) > (:rank, :id)"
        " ORDER BY place, id LIMIT :first",
        values,
    ).fetchall()


def _alternatives(columns: list[str], phrase: Phrase, values: dict[str, object]) -> Iterator[str]:
    """Where a phrase can stand in a record whose columns are its tokens."""
    names: list[str] = []
    for token in phrase.tokens:
        names.append(f"token{len(values)}")
        values[names[-1]] = token
    if phrase.prefix:
        last = f"token{len(values)}"
        values[last] = phrase.tokens[0] + _AFTER_LETTERS
        for column in columns:
            yield f"{column} COLLATE NOCASE >= :{names[0]} AND {column} COLLATE NOCASE < :{last}"
    elif 1 < len(names) == len(columns):
        equal = zip(columns, names, strict=True)
        yield " AND ".join(f"{column} COLLATE NOCASE = :{name}" for column, name in equal)

"""What is indexed of a record, the same for every store.

An entry has a *name* (the first filled searchable column, else the last key column), folded as
:func:`suyuan.graph.searchtext.rank` compares it, and a *body*: the tokens of every filled searchable column
and of the last key column, between single blanks.
"""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.model import Table
from suyuan.graph.searchtext import fold, tokens

_ASCII = r"^[\x00-\x7f]*$"
_BLANKS = r"[\t-\r\x1c-\x20]+"


def is_indexed(table: Table) -> bool:
    """Whether records of a table are found by text: nodes with a searchable column or a key of one column."""
    return table.kind is not None and (
        any(column.searchable for column in table.columns) or len(table.key) == 1
    )


def entry_columns(table: Table) -> list[str]:
    """The columns that an entry is made of: the searchable ones in order, then the last key column."""
    names = [column.name for column in table.columns if column.searchable]
    return [*names, table.key[-1]]


def names(table: Table, batch: pa.RecordBatch) -> pa.Array:
    """The name of each record as written; ``batch`` has at least :func:`entry_columns`."""
    return pc.coalesce(*(batch.column(name) for name in entry_columns(table)))


def folded(texts: pa.Array) -> pa.Array:
    """:func:`suyuan.graph.searchtext.fold` of each text."""
    return _each(texts, _fold_ascii, fold)


def bodies(table: Table, batch: pa.RecordBatch) -> pa.Array:
    """The tokens of each record, between single blanks."""
    parts = [_each(batch.column(name), _tokens_ascii, _joined_tokens) for name in entry_columns(table)]
    joined = pc.binary_join_element_wise(*parts, " ", null_handling="skip")
    return pc.utf8_trim(pc.replace_substring_regex(joined, "  +", " "), " ")


def _joined_tokens(text: str) -> str:
    return " ".join(tokens(text))


def _fold_ascii(texts: pa.Array) -> pa.Array:
    return pc.utf8_trim(pc.replace_substring_regex(pc.ascii_lower(texts), _BLANKS, " "), " ")


def _tokens_ascii(texts: pa.Array) -> pa.Array:
    return pc.utf8_trim(pc.replace_substring_regex(pc.ascii_lower(texts), "[^0-9a-z]+", " "), " ")


def _each(
    texts: pa.Array, of_ascii: Callable[[pa.Array], pa.Array], of_text: Callable[[str], str]
) -> pa.Array:
    """Column-wise where every text is ASCII, text by text elsewhere."""
    plain = pc.fill_null(pc.match_substring_regex(texts, _ASCII), True)
    if pc.all(plain).as_py():
        return of_ascii(texts)
    return pa.array([None if text is None else of_text(text) for text in texts.to_pylist()], pa.string())

"""Files that only bear the name of a table: a picture or a font, or a table of quite other columns."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from suyuan.errors import IngestError
from suyuan.ingest.encoding import DAMAGE
from suyuan.ingest.feeds import Feed, TableFeed
from suyuan.ingest.parts import Portion
from suyuan.ingest.tabular import TABLE_SUFFIXES

_NO_TEXT: Final = re.compile(f"[\x00-\x08\x0e-\x1f{DAMAGE}]")
_SHOWN: Final = 5
_SHOWN_CHARACTERS: Final = 40
_WITH_HEADER: Final = ("csv", "excel")


def refuse_foreign(feed: Feed, portions: Sequence[Portion]) -> None:
    """Nothing, if some column of a table file is known by the beginning of it, or a mapping says what it holds.

    Raises
    ------
    IngestError
        None is, or no row of it is text.
    """
    if not isinstance(feed, TableFeed) or any(output.rules for output in feed.outputs):
        return
    columns = {name for portion in portions for part in portion.parts for name in part.raw.columns}
    known = {name for output in feed.outputs for name in output.table.by_name}
    if columns & known:
        return
    lines = [row.text for portion in portions for row in portion.unreadable]
    if _is_no_text(columns or lines):
        raise IngestError(
            "is no text but bytes of another kind of file; nothing is read. Take it away or rename it. "
            "文件不是文本，未导入。",
            source=feed.file.name,
        )
    if columns:
        raise IngestError(_unknown(feed, sorted(columns)), source=feed.file.name)


def _is_no_text(texts: Iterable[str]) -> bool:
    return any(_NO_TEXT.search(text) for text in texts)


def _unknown(feed: TableFeed, columns: Sequence[str]) -> str:
    table = feed.outputs[0].table
    found = ", ".join(repr(name[:_SHOWN_CHARACTERS]) for name in columns[:_SHOWN])
    more = ", ..." if len(columns) > _SHOWN else ""
    expected = ", ".join(column.name for column in table.columns[:_SHOWN])
    return (
        f"none of its columns ({found}{more}) is one of the table {table.name} ({expected}, ...); nothing is read. "
        "Rename the columns or the file, or describe it in a mapping file (--suggest-mapping proposes one). "
        f"{_row_of_names(feed)}没有可识别的列，未导入。"
    )


def _row_of_names(feed: TableFeed) -> str:
    """Whether the names stand where they were read from; empty for formats in which they can stand nowhere else."""
    if TABLE_SUFFIXES[feed.file.suffix] not in _WITH_HEADER or feed.layout.header is not None:
        return ""
    row = feed.layout.header_row
    return (
        f"Are the names of the columns in row {row}? If not, tell with header_row in the mapping file which row has "
        "them, or with header what they are if no row does. "
    )

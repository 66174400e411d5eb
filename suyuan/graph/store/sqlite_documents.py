"""Documents in SQLite; see :class:`suyuan.graph.store.documents.Documents`."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from suyuan.errors import ConflictError
from suyuan.graph.store.documents import ABSENT, Document, NewDocument
from suyuan.graph.store.sqlite_file import SqliteFile


class SqliteDocuments:
    """Versioned JSON objects in one table. A write is on disk when it is acknowledged."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def get(self, collection: str, key: str) -> Document | None:
        """The document, or None."""
        with self._file.reading() as connection:
            row = connection.execute(
                "SELECT version, value FROM suyuan_documents WHERE collection = ? AND key = ?",
                (collection, key),
            ).fetchone()
        return Document(collection, key, row[0], json.loads(row[1])) if row else None

    def some(self, collection: str, keys: Sequence[str]) -> dict[str, Document]:
        """Those of the documents that are there, by key."""
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT d.key, d.version, d.value FROM json_each(?) j CROSS JOIN suyuan_documents d"
                " ON d.collection = ? AND d.key = j.value",
                (json.dumps(list(keys)), collection),
            ).fetchall()
        return {key: Document(collection, key, version, json.loads(value)) for key, version, value in rows}

    def put(self, collection: str, key: str, value: Mapping[str, Any], *, expected_version: int) -> Document:
        """Writes a document made from ``expected_version``."""
        text = json.dumps(value, ensure_ascii=False)
        with self._file.writing(durable=True) as connection:
            if not _replaced(connection, collection, key, text, expected_version):
                raise ConflictError(
                    f"Somebody else changed {collection} {key!r} in between (version {expected_version} is "
                    "not the newest). Read it again, then repeat the change."
                )
        return Document(collection, key, expected_version + 1, json.loads(text))

    def every(self, collection: str) -> list[Document]:
        """All documents of a collection, by key."""
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT key, version, value FROM suyuan_documents WHERE collection = ? ORDER BY key",
                (collection,),
            ).fetchall()
        return [Document(collection, key, version, json.loads(value)) for key, version, value in rows]


def write_documents(connection: sqlite3.Connection, documents: Iterable[NewDocument]) -> None:
    """Writes documents, whatever version is there, in the transaction that is under way."""
    connection.executemany(
        "INSERT INTO suyuan_documents (collection, key, version, value) VALUES (?, ?, 1, ?)"
        " ON CONFLICT (collection, key) DO UPDATE SET version = version + 1, value = excluded.value",
        [(each.collection, each.key, json.dumps(each.value, ensure_ascii=False)) for each in documents],
    )


def _replaced(connection: sqlite3.Connection, collection: str, key: str, text: str, expected: int) -> bool:
    """Whether the stored version was the expected one and gave way to the new text."""
    if expected == ABSENT:
        statement = (
            "INSERT OR IGNORE INTO suyuan_documents (collection, key, version, value) VALUES (?, ?, 1, ?)"
        )
        return connection.execute(statement, (collection, key, text)).rowcount == 1
    statement = (
        "UPDATE suyuan_documents SET version = version + 1, value = ?"
        " WHERE collection = ? AND key = ? AND version = ?"
    )
    return connection.execute(statement, (text, collection, key, expected)).rowcount == 1

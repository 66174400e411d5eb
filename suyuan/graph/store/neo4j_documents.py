"""Documents in Neo4j; see :class:`suyuan.graph.store.documents.Documents`.

Version and value are kept in one property, as ``"3 {...}"``: Neo4j reads what is committed at each moment, so two
properties of a document may be of two versions when somebody changes it in between.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, LiteralString

from neo4j import ManagedTransaction

from suyuan.errors import ConflictError
from suyuan.graph.store.documents import ABSENT, Document, NewDocument
from suyuan.graph.store.neo4j_connection import Connection, answer, carry_out

_GET: LiteralString = """
OPTIONAL MATCH (d:Document {collection: $collection, key: $key}) RETURN d.state"""

_EVERY: LiteralString = """
MATCH (d:Document {collection: $collection}) WITH d ORDER BY d.key RETURN collect([d.key, d.state])"""

_SOME: LiteralString = """
UNWIND $keys AS key MATCH (d:Document {collection: $collection, key: key})
RETURN collect(DISTINCT [d.key, d.state])"""

_WRITE: LiteralString = """
UNWIND $rows AS row MERGE (d:Document {collection: row[0], key: row[1]}) ON CREATE SET d.version = 0
SET d.version = d.version + 1 SET d.state = toString(d.version) + ' ' + row[2]"""

_PUT: LiteralString = """
MERGE (d:Document {collection: $collection, key: $key}) ON CREATE SET d.version = 0
SET d.touched = timestamp() REMOVE d.touched
WITH d, d.version AS version
FOREACH (_ IN CASE WHEN version = $expected THEN [1] ELSE [] END |
  SET d.version = version + 1, d.state = toString(version + 1) + ' ' + $value)
RETURN version"""
"""The write before the look takes the node's lock, so that no other change comes between."""


class Neo4jDocuments:
    """Versioned JSON objects by collection and key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, collection: str, key: str) -> Document | None:
        """The document, or None."""
        state = self._connection.read(lambda tx: answer(tx, _GET, collection=collection, key=key))
        return _document(collection, key, state) if state else None

    def some(self, collection: str, keys: Sequence[str]) -> dict[str, Document]:
        """Those of the documents that are there, by key."""
        rows = self._connection.read(lambda tx: answer(tx, _SOME, collection=collection, keys=list(keys)))
        return {key: _document(collection, key, state) for key, state in rows}

    def put(self, collection: str, key: str, value: Mapping[str, Any], *, expected_version: int) -> Document:
        """Writes a document made from ``expected_version``; raises ConflictError if another one is stored."""
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)

        def work(tx: ManagedTransaction) -> None:
            stored = answer(tx, _PUT, collection=collection, key=key, value=text, expected=expected_version)
            if stored != expected_version:
                found = "does not exist" if stored == ABSENT else f"has version {stored}"
                raise ConflictError(
                    f"{collection} {key!r} {found}, the change was made from version {expected_version}. "
                    "Read it again and repeat the change."
                )

        self._connection.write(work)
        return Document(collection, key, expected_version + 1, json.loads(text))

    def every(self, collection: str) -> list[Document]:
        """All documents of a collection, by key."""
        rows = self._connection.read(lambda tx: answer(tx, _EVERY, collection=collection))
        return [_document(collection, key, state) for key, state in rows]


def _document(collection: str, key: str, state: str) -> Document:
    version, _, value = state.partition(" ")
    return Document(collection, key, int(version), json.loads(value))


def write_documents(tx: ManagedTransaction, documents: Iterable[NewDocument]) -> None:
    """Writes documents, whatever version is there, in the transaction that is under way."""
    rows = [
        [each.collection, each.key, json.dumps(each.value, ensure_ascii=False, sort_keys=True)]
        for each in documents
    ]
    if rows:
        carry_out(tx, _WRITE, rows=rows)

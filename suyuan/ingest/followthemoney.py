"""FollowTheMoney entities, one JSON object a line: what becomes a record of which table.

The file is read several times, so that it may be larger than memory: first for the ids that entities name each other
by, then for the rows. Properties that no column holds are kept as extra properties (``ftm_<property>``), as are all
values of a property that has more than one. Entities of schemata without a counterpart are counted and left out.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import numpy as np

from suyuan.errors import IngestError
from suyuan.graph.followthemoney import PARTIES, TIES, canonical_of, own_id
from suyuan.graph.ids import canonical_id
from suyuan.graph.tables import TABLES
from suyuan.ingest.encoding import Examined
from suyuan.ingest.ftm_rows import Entity, Row, account_number, address_text, rows_of, single
from suyuan.ingest.mapping import Output
from suyuan.ingest.natives import values_as_array
from suyuan.ingest.parts import Part, Portion
from suyuan.ingest.sources import InputFile, open_bytes
from suyuan.ingest.tabular import RawBatch, Unreadable

SUFFIXES: Final = (".json", ".jsonl", ".ndjson", ".ftm")
_CHUNK_LINES: Final = 10_000
_LONGEST_LINE: Final = 64 << 20
_SHOWN: Final = 2_000
_MARKS = re.compile(rb'"schema"\s*:.*"properties"\s*:|"properties"\s*:.*"schema"\s*:', re.DOTALL)

Line = tuple[int, list[Entity] | Unreadable]
_Placed = dict[tuple[str, int], list[tuple[int, Row]]]
"""Numbered rows by table and ordinal."""


def is_entities(file: InputFile) -> bool:
    """Whether a file looks like entities, judged by its first line."""
    if file.suffix not in SUFFIXES:
        return False
    with open_bytes(file) as stream:
        head = stream.readline(1 << 22).strip()
    if not _MARKS.search(head):
        return False
    try:
        _taken_apart(head)
    except ValueError:
        return False
    return True


@dataclass(slots=True)
class Index:
    """What entities are called here, and what others say of them.

    Attributes
    ----------
    ids : canonical id by the id in the file, where that is none of ours
    addresses, accounts : entities that become identifiers of those who name them
    awards : award by the id of its licence
    """

    ids: dict[str, str] = field(default_factory=dict[str, str])
    addresses: dict[str, Entity] = field(default_factory=dict[str, Entity])
    accounts: dict[str, Entity] = field(default_factory=dict[str, Entity])
    awards: dict[str, Entity] = field(default_factory=dict[str, Entity])

    def add(self, entity: Entity) -> None:
        """Takes note of an entity."""
        if entity.schema == "Address" and address_text(entity):
            self.addresses[entity.id] = entity
        elif entity.schema == "BankAccount" and account_number(entity):
            self.accounts[entity.id] = entity
        elif entity.schema == "ContractAward" and (contract := single(entity, "contract")):
            self.awards[contract] = entity
        elif entity.schema in PARTIES and own_id(entity.id, entity.schema) is None:
            self.ids[entity.id] = _foreign_id(entity)

    def canonical(self, reference: str) -> str:
        """The canonical id behind a reference; the reference itself where it names nothing that is read."""
        return canonical_of(reference) or self.ids.get(reference, reference)


def _foreign_id(entity: Entity) -> str:
    kind = PARTIES[entity.schema]
    if kind == "Seller":
        return canonical_id(
            "Seller", single(entity, "service") or "", single(entity, "username") or entity.id
        )
    codes = entity.properties.get("uscCode", ())
    return canonical_id(kind, codes[0] if kind == "Firm" and len(codes) == 1 else entity.id)


@dataclass(frozen=True, slots=True)
class EntityFeed:
    """A file of entities that has been looked through; see :class:`suyuan.ingest.feeds.Feed`."""

    file: InputFile
    examined: Examined
    index: Index
    places: Mapping[str, range]
    """The ordinals of each table: one for each record that a line makes at most."""
    unread: Mapping[str, int]

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The tables that the entities have."""
        return tuple(Output(TABLES[name], {}) for name, places in self.places.items() for _ in places)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out."""
        if not self.unread:
            return ()
        listed = ", ".join(f"{count:,} {schema}" for schema, count in sorted(self.unread.items()))
        return (f"{self.file.name}: entities without a counterpart are not read: {listed}",)

    def portions(self, *, keys_only: bool = False) -> Iterator[Portion]:
        """See :class:`suyuan.ingest.feeds.Feed`; every line is read, whatever is asked for."""
        rows: _Placed = defaultdict(list)
        unreadable: list[Unreadable] = []
        for number, line in lines(self.file):
            if isinstance(line, Unreadable):
                unreadable.append(line)
            else:
                self._place(rows, number, line)
            if number % _CHUNK_LINES == 0:
                yield self._portion(rows, unreadable)
                rows, unreadable = defaultdict(list), []
        yield self._portion(rows, unreadable)

    def _place(self, rows: _Placed, number: int, line: list[Entity]) -> None:
        for name, found in _by_table(line, self.index).items():
            for place, row in zip(self.places[name], found, strict=False):
                rows[name, place].append((number, row))

    def _portion(self, rows: _Placed, unreadable: list[Unreadable]) -> Portion:
        parts: list[Part] = []
        for (name, place), numbered in sorted(rows.items()):
            names = dict.fromkeys(column for _, row in numbered for column in row)
            columns = {column: values_as_array([row.get(column) for _, row in numbered]) for column in names}
            numbers = np.array([number for number, _ in numbered], np.int64)
            parts.append(Part(TABLES[name], place, RawBatch(columns, numbers, ragged=True)))
        return Portion(tuple(parts), tuple(unreadable), bytes_done=self.file.size)


def read_entities(file: InputFile, examined: Examined) -> EntityFeed:
    """Looks through a file of entities.

    Raises
    ------
    IngestError
        No line is an entity.
    """
    index, unread = Index(), Counter[str]()
    for _, line in lines(file):
        for entity in line if isinstance(line, list) else ():
            index.add(entity)
    most: dict[str, int] = {}
    entities = 0
    for _, line in lines(file):
        if isinstance(line, Unreadable):
            continue
        entities += len(line)
        unread.update(entity.schema for entity in line if not _is_read(entity, index))
        for name, found in _by_table(line, index).items():
            most[name] = max(most.get(name, 0), len(found))
    if not most:
        known = ", ".join(sorted({*PARTIES, *TIES}))
        raise IngestError(f"holds no FollowTheMoney entity that is read ({known} and others); "
                          f"{entities:,} entities were found.", source=file.name)  # fmt: skip
    places: dict[str, range] = {}
    for name in [name for name in TABLES if name in most]:
        start = sum(len(taken) for taken in places.values())
        places[name] = range(start, start + most[name])
    return EntityFeed(file, examined, index, places, unread)


def _is_read(entity: Entity, index: Index) -> bool:
    if entity.schema in ("Address", "BankAccount"):
        return entity.id in index.addresses or entity.id in index.accounts
    if entity.schema == "ContractAward":
        return any(
            (canonical_of(name) or "").startswith("Licence:")
            for name in entity.properties.get("contract", ())
        )
    return any(True for _ in rows_of(entity, index))


def _by_table(entities: Sequence[Entity], index: Index) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for entity in entities:
        for name, row in rows_of(entity, index):
            found[name].append(row)
    return found


def lines(file: InputFile) -> Iterator[Line]:
    """The entities of each line that is not empty, nested ones behind their parent.

    Raises
    ------
    IngestError
        A line is longer than 64 MB.
    """
    number = 0
    with open_bytes(file) as stream:
        while content := stream.readline(_LONGEST_LINE + 1):
            if len(content) > _LONGEST_LINE:
                raise IngestError("a line is longer than 64 MB.", source=file.name)
            content = content.strip().removeprefix(b"\xef\xbb\xbf")
            if not content:
                continue
            number += 1
            try:
                yield number, _taken_apart(content)
            except ValueError as error:
                shown = content[:_SHOWN].decode("utf-8", "replace")
                yield number, Unreadable(number, shown, f"is no entity: {error}")


def _taken_apart(content: bytes) -> list[Entity]:
    """An entity and those that stand in its properties instead of their ids.

    Raises
    ------
    ValueError
        It is no JSON, or no entity.
    """
    try:
        waiting: list[object] = [json.loads(content)]
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    found: list[Entity] = []
    while waiting:
        given = waiting.pop(0)
        if not isinstance(given, dict):
            raise ValueError("expected an object")
        raw = cast(dict[str, Any], given)
        id_, schema, properties = raw.get("id"), raw.get("schema"), raw.get("properties")
        if not (isinstance(id_, str) and id_ and isinstance(schema, str) and isinstance(properties, dict)):
            raise ValueError("expected id, schema and properties")
        values = {name: _texts(listed, waiting) for name, listed in cast(dict[str, Any], properties).items()}
        found.append(Entity(id_, schema, {name: listed for name, listed in values.items() if listed}))
    return found


def _texts(listed: object, waiting: list[object]) -> list[str]:
    texts: list[str] = []
    for value in cast(list[object], listed) if isinstance(listed, list) else [listed]:
        if isinstance(value, dict):
            waiting.append(cast(object, value))
            value = cast(dict[str, object], value).get("id")
        if value is not None and value != "":
            texts.append(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return texts

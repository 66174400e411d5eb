"""A document parsed once: its events lie in a temporary file, in memory only what belongs together across events."""

import os
import weakref
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from tempfile import mkstemp

import numpy as np
import pyarrow as pa

from suyuan.errors import IngestError
from suyuan.ingest.epcis.documents import read_pieces
from suyuan.ingest.epcis.eventrows import SCHEMA, event_batches, event_row, named_parties, named_places
from suyuan.ingest.epcis.masterdata import MasterData
from suyuan.ingest.epcis.model import EventPiece, Json, VocabularyPiece
from suyuan.ingest.epcis.validation import check_event
from suyuan.ingest.sources import InputFile
from suyuan.ingest.text import IntArray

IDENTITY = ("base", "content", "micros")
MOVES = ("base", "content", "micros", "items", "site_id", "biz_step", "error_declared_at")


@dataclass(slots=True, weakref_slot=True)
class Staged:
    """A document's events on disk, for as long as it is held, and what it tells besides.

    Attributes
    ----------
    identity : columns :data:`IDENTITY` of all events in order
    moves : columns :data:`MOVES` of shipping and receiving events
    move_rows : int64, places of those among all events
    places, parties : keys of the locations and parties that events name
    """

    identity: pa.Table
    moves: pa.Table
    move_rows: IntArray
    master_data: MasterData
    places: set[str]
    parties: set[str]
    spool: str

    @property
    def events(self) -> int:
        """How many events there are."""
        return self.identity.num_rows

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All events again, in order."""
        with pa.OSFile(self.spool) as source, pa.ipc.open_file(source) as reader:
            for place in range(reader.num_record_batches):
                yield reader.get_batch(place)


def stage(file: InputFile) -> Staged:
    """Reads a document.

    Raises
    ------
    IngestError
        It is damaged, or one of its events breaks the standard. Damage anywhere is told before a broken event.
    """
    handle, spool = mkstemp(prefix="suyuan-epcis-", suffix=".arrow")
    os.close(handle)
    try:
        return _staged(_Reading(file), spool)
    except BaseException:
        _remove(spool)
        raise


def _remove(spool: str) -> None:
    with suppress(OSError):
        os.unlink(spool)


def _staged(reading: "_Reading", spool: str) -> Staged:
    identity: list[pa.RecordBatch] = []
    moves: list[pa.RecordBatch] = []
    rows: list[IntArray] = []
    count = 0
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.OSFile(spool, "wb") as sink, pa.ipc.new_file(sink, SCHEMA, options=options) as writer:
        for batch in event_batches(reading.rows()):
            writer.write_batch(batch)
            identity.append(batch.select(IDENTITY))
            moving = np.flatnonzero(np.asarray(batch.column("items").is_valid()))
            moves.append(batch.select(MOVES).take(pa.array(moving)))
            rows.append(moving + count)
            count += batch.num_rows
    staged = Staged(
        pa.Table.from_batches(identity, SCHEMA_OF_IDENTITY),
        pa.Table.from_batches(moves, SCHEMA_OF_MOVES),
        np.concatenate(rows) if rows else np.zeros(0, np.int64),
        reading.master_data,
        reading.places,
        reading.parties,
        spool,
    )
    weakref.finalize(staged, _remove, spool)
    return staged


SCHEMA_OF_IDENTITY = pa.schema([SCHEMA.field(name) for name in IDENTITY])
SCHEMA_OF_MOVES = pa.schema([SCHEMA.field(name) for name in MOVES])


class _Reading:
    """The pieces of a document on their way into rows."""

    def __init__(self, file: InputFile) -> None:
        self._file = file
        self.master_data = MasterData()
        self.places: set[str] = set()
        self.parties: set[str] = set()

    def rows(self) -> Iterator[Json]:
        """A row for each event."""
        pieces = read_pieces(self._file)
        for piece in pieces:
            if isinstance(piece, VocabularyPiece):
                self.master_data.add(piece)
                continue
            try:
                check_event(piece, self._file.name)
            except IngestError:
                # Whether the file is whole comes first: whoever mends one event should not find damage next.
                for _ in pieces:
                    pass
                raise
            self._names(piece)
            yield event_row(piece)

    def _names(self, piece: EventPiece) -> None:
        self.places.update(named_places(piece.event))
        self.parties.update(named_parties(piece.event))

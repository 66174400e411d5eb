"""A document parsed once: what stays in memory, what is read again, what is told first."""

from pathlib import Path

import pytest

from suyuan.errors import IngestError
from suyuan.ingest.epcis.staging import stage
from tests.unit.ingest.epcis.writing import document, input_file, json_file, object_event


def test_events_come_back_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suyuan.ingest.epcis.eventrows._MOST_ROWS", 2)
    place = {"readPoint": {"id": "urn:x:s"}}
    made = [object_event(eventID=f"urn:x:{number}", bizStep="shipping", **place) for number in range(5)]
    made[3]["bizStep"] = "packing"
    staged = stage(input_file(json_file(tmp_path, document(*made))))
    assert staged.events == 5
    again = [key for batch in staged.batches() for key in batch.column("base").to_pylist()]
    assert again == [f"urn:x:{number}" for number in range(5)]
    assert staged.move_rows.tolist() == [0, 1, 2, 4]
    assert staged.places == {"urn:x:s"}


def test_damage_is_told_before_a_broken_event(tmp_path: Path) -> None:
    broken = '{"@context": {}, "type": "EPCISDocument", "epcisBody": {"eventList": [{"type": "x"},\n]}}'
    with pytest.raises(IngestError, match="line 2, column 1: a comma"):
        stage(input_file(json_file(tmp_path, broken)))
    with pytest.raises(IngestError, match="no event type"):
        stage(input_file(json_file(tmp_path, broken.replace(",\n", ""))))


def test_no_events(tmp_path: Path) -> None:
    staged = stage(input_file(json_file(tmp_path, document())))
    assert (staged.events, list(staged.batches())) == (0, [])

"""Every EPCIS document of the sample data: read, refused by field, or said to be what it is."""

import re
from pathlib import Path

import pytest

from suyuan.errors import IngestError
from suyuan.graph.store.opening import open_store
from suyuan.ingest.epcis.documents import SUFFIXES
from suyuan.ingest.run import IngestOptions, ingest

EVENTS = 368
REFUSED = 30


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)


def _is_invalid(path: Path) -> bool:
    return "Invalid" in path.parts


@pytest.fixture(scope="module")
def invalid(samples: Path) -> list[Path]:
    folders = (samples / "epcis" / "gs1", samples / "epcis" / "openepcis")
    return [path for folder in folders for path in _files(folder) if _is_invalid(path)]


def test_all_documents_in_one_run(samples: Path, tmp_path: Path) -> None:
    folders = [samples / "epcis" / "gs1", samples / "epcis" / "openepcis"]
    store = open_store(f"sqlite:///{tmp_path / 'all.db'}")
    report = ingest(store, folders, IngestOptions(format="epcis"))
    counts = {
        file.name: file.tables["transformations"] for file in report.files if "transformations" in file.tables
    }
    left_out = {item.name: item.why for item in report.skipped if Path(item.name).suffix in SUFFIXES}
    refused = [name for name, why in left_out.items() if why.startswith("refused")]
    told = "\n".join(f"{count:4} {name}" for name, count in counts.items())
    assert all("/Invalid/" in name for name in refused), (refused, told)
    assert len(refused) == REFUSED
    assert sum(why.startswith("EPCIS capture job") for why in left_out.values()) == 4
    assert sum(why.startswith("EPCIS simple event query") for why in left_out.values()) == 2
    assert sum("master data document" in note for note in report.notes) == 3
    assert len(counts) + len(left_out) == sum(len(_files(folder)) for folder in folders)
    assert sum(counts.values()) == EVENTS, told
    again = ingest(store, folders, IngestOptions(format="epcis"))
    assert again.written == 0
    store.close()


def test_each_invalid_file_is_refused_by_field(invalid: list[Path], tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'none.db'}")
    assert len(invalid) == REFUSED
    for path in invalid:
        with pytest.raises(IngestError) as caught:
            ingest(store, [path], IngestOptions())
        assert caught.value.source == path.name
        assert caught.value.field, path
    assert store.seq() == 0
    store.close()


def test_trailing_commas_have_one_error_with_their_place(samples: Path, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(IngestError) as caught:
        ingest(store, [samples / "epcis" / "EPCISQUERYDOCUMENT_advanced_5.jsonld"], IngestOptions())
    assert re.fullmatch(
        r"EPCISQUERYDOCUMENT_advanced_5\.jsonld: is no JSON: line \d+, column \d+: a comma stands before '[}\]]', .*",
        caught.value.message,
    )
    store.close()

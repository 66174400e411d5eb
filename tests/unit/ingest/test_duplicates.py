from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.ingest import delimited
from suyuan.ingest.duplicates import KeyLedger, key_hashes
from suyuan.ingest.survey import surveyed
from tests.unit.ingest.reading import feeds, write


@given(st.lists(st.text(max_size=30), unique=True, max_size=30))
def test_different_ids_have_different_hashes(ids: list[str]) -> None:
    hashes = key_hashes(pa.array(ids, pa.string()))
    assert len({tuple(row) for row in hashes.tolist()}) == len(ids)


@given(st.lists(st.text("ab", max_size=20), min_size=1, max_size=20), st.integers(0, 5))
def test_hashes_do_not_depend_on_neighbours(ids: list[str], skip: int) -> None:
    together = key_hashes(pa.array(ids))
    apart = [key_hashes(pa.array(["x" * skip, text]))[1].tolist() for text in ids]
    assert together.tolist() == apart


def test_hashes_never_change() -> None:
    first = key_hashes(pa.array(["Site:A", ""])).tolist()
    assert first == key_hashes(pa.array(["x", "Site:A", ""]).slice(1)).tolist()


@given(
    st.lists(st.tuples(st.text("abc", min_size=1, max_size=2), st.sampled_from([b"x", b"y"])), max_size=30),
    st.integers(1, 7),
)
def test_the_last_row_of_a_key_stands(rows: list[tuple[str, bytes]], batch: int) -> None:
    ledger = KeyLedger()
    for start in range(0, len(rows), batch):
        part = rows[start : start + batch]
        numbers = np.arange(start, start + len(part), dtype=np.int64)
        ledger.add(pa.array([key for key, _ in part], pa.string()), numbers)
    shared = ledger.shared()
    repeats = shared.settle({number: rows[number][1] for number in shared.ordinals.tolist()})
    groups: dict[str, list[int]] = defaultdict(list)
    for number, (key, _) in enumerate(rows):
        groups[key].append(number)
    same = [n for group in groups.values() for n in group[:-1] if rows[n][1] == rows[group[-1]][1]]
    other = [n for group in groups.values() for n in group[:-1] if rows[n][1] != rows[group[-1]][1]]
    assert (repeats.same.tolist(), repeats.superseded.tolist()) == (sorted(same), sorted(other))


@pytest.mark.parametrize("block", [40, 1 << 20], ids=["many batches", "one batch"])
def test_repeated_keys_of_a_file(block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", block)
    text = "site_id,name\nA,one\nB,b\nA,two\n,no key\nA,two\nB,b\nC,c\n"
    survey = surveyed(feeds(write(tmp_path, "sites.csv", text)))[0]
    repeats = survey.repeats["sites"]
    assert (repeats.superseded.tolist(), repeats.same.tolist()) == ([1], [2, 3])


def test_ids_that_become_equal_only_in_normal_form(tmp_path: Path) -> None:
    text = "owner,type,value\nFirm:F,phone,139 1234 5678\nfirm:F,Phone,+8613912345678\n"
    repeats = surveyed(feeds(write(tmp_path, "identifiers.csv", text)))[0].repeats["identifiers"]
    assert (repeats.superseded.tolist(), repeats.same.tolist()) == ([], [1])


def test_rows_that_a_later_file_replaces(tmp_path: Path) -> None:
    write(tmp_path, "sites-1.csv", "site_id,name\nA,a\nB,b\n")
    write(tmp_path, "sites-2.csv", "site_id,name,role\nB,bb,port\nC,c,port\n")
    write(tmp_path, "sites-3.csv", "site_id,name\nC,cc\n")
    surveys = surveyed(feeds(tmp_path))
    assert [survey.overtaken.get("sites", np.array([])).tolist() for survey in surveys] == [[2], [], []]

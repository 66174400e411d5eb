"""Rows of a store as they were at a cut-off, and findings by party."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from suyuan.graph.store.base import Scope, View
from suyuan.graph.store.opening import open_store
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.dated_rows import ALWAYS, DatedTables, dated_rows, rows_with_begin
from suyuan.service.party_findings import PartyFinding, party_findings
from suyuan.service.times import microseconds

TABLES = {
    "sellers": "platform,seller_id,opened_at,closed_at\nshop,1,2025-01-01,2025-06-01\nshop,2,2025-03-01,\nshop,3,,\n",
    "listings": "platform,listing_id,seller_id,listed_at\nshop,L1,1,2025-02-01\nshop,L2,,2025-02-01\n",
    "leads": (
        "lead_id,subject,reported_at,state,decision,decided_at,by\n"
        "1,Listing:shop:L1,2025-02-10,confirmed,confirmed,2025-04-10,AU1\n"
    ),
    "rights": "right_id,right_type,status\nR1,trade_mark,in_force\nR2,invention,Invalidated\n",
    "findings": (
        "finding_id,subject,right_id,outcome,finality,decided_at\n"
        "F3,Firm:A1,R2,infringing,in_force,2025-02-01\n"
        "F1,Listing:shop:L1,R1,infringing,in_force,2025-03-02\n"
        "F2,Site:W1,R1,infringing,revoked,2025-03-02\n"
        "F4,Seller:shop:2,R9,not_infringing,in_force,\n"
    ),
}


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> Iterator[View]:
    folder: Path = tmp_path_factory.mktemp("dated")
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'dated.db'}")
    try:
        ingest(store, [folder], IngestOptions())
        yield store.view(Scope())
    finally:
        store.close()


JUNE = 1_748_736_000_000_000
"""2025-06-01."""


def sellers(view: View, as_of: str | None) -> dict[str, int | None]:
    rows = dated_rows(view, "sellers", ("closed_at",), microseconds("as_of", as_of))
    return {record.rpartition(":")[2]: closed for record, closed in rows}


def test_what_is_dated_later_is_not_there(view: View) -> None:
    assert sellers(view, None) == {"1": JUNE, "2": None, "3": None}
    assert sellers(view, "2025-06-01") == {"1": JUNE, "2": None, "3": None}
    assert sellers(view, "2025-05-31") == {"1": None, "2": None, "3": None}
    assert sellers(view, "2025-02-28") == {"1": None, "3": None}


def test_a_decision_is_unknown_before_its_day(view: View) -> None:
    def lead(as_of: str) -> list[tuple[object, ...]]:
        return list(dated_rows(view, "leads", ("decision", "subject", "by"), microseconds("as_of", as_of)))

    assert lead("2025-02-09") == []
    assert lead("2025-04-09") == [("Lead:1", None, "Listing:shop:L1", None)]
    assert lead("2025-04-10") == [("Lead:1", "confirmed", "Listing:shop:L1", "AU1")]


def test_findings_fall_on_parties(view: View) -> None:
    found = party_findings(view)
    assert [one.finding for one in found] == ["Finding:F3", "Finding:F1", "Finding:F2", "Finding:F4"]
    assert [one.party for one in found] == ["Firm:A1", "Seller:shop:1", None, "Seller:shop:2"]
    assert [one.infringing for one in found] == [False, True, False, False]
    assert found[1].right_type == "trade_mark"
    assert found[1].day == 20149  # 2025-03-02
    assert found[3] == PartyFinding(
        finding="Finding:F4", subject="Seller:shop:2", party="Seller:shop:2", right="Right:R9", right_type=None,
        kind=None, act=None, outcome="not_infringing", finality="in_force", day=None,
        division=None, right_holds=True,
    )  # fmt: skip


def test_findings_decided_later_are_not_there(view: View) -> None:
    found = party_findings(view, microseconds("as_of", "2025-03-01"))
    assert [one.finding for one in found] == ["Finding:F3", "Finding:F4"]


COLUMNS = {
    "sellers": ("platform", "closed_at", "opened_at", "name"),
    "leads": ("state", "decision", "by", "subject"),
    "rights": ("status",),
    "findings": (),
    "shipments": ("from_site",),
}


class Counted:
    """A view that counts how often each table is read."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.seq = view.seq
        self.read: list[str] = []

    def batches(self, table: str, columns: Any) -> Any:
        self.read.append(table)
        return self.view.batches(table, columns)


@pytest.mark.parametrize(
    "as_of", ["2025-02-09", "2025-02-28", "2025-04-09", "2025-04-10", "2025-06-01", None]
)
def test_tables_read_once_are_cut_like_the_store(view: View, as_of: str | None) -> None:
    counted: Any = Counted(view)
    tables = DatedTables(counted)
    moment = microseconds("as_of", as_of)
    for _ in range(2):
        for table, columns in COLUMNS.items():
            wanted = sorted(dated_rows(view, table, columns, moment), key=lambda row: row[0])
            assert list(dated_rows(tables, table, columns, moment)) == wanted
    assert counted.read == list(COLUMNS)


def test_what_is_hidden_at_one_cut_off_is_there_at_another(view: View) -> None:
    tables = DatedTables(view)
    early, late = (microseconds("as_of", day) for day in ("2025-05-31", "2025-06-01"))

    def closed(as_of: int | None) -> list[int | None]:
        return [row[1] for row in dated_rows(tables, "sellers", ("closed_at",), as_of)]

    assert [closed(one) for one in (early, late, early)] == [[None] * 3, [JUNE, None, None], [None] * 3]


def test_rows_tell_when_they_came_to_be(view: View) -> None:
    found = {record: begin for begin, (record,) in rows_with_begin(view, "sellers", ())}
    march = 1_740_787_200_000_000
    assert found["Seller:shop:2"] == march
    assert found["Seller:shop:3"] == ALWAYS
    with pytest.raises(ValueError, match="closed_at of sellers"):
        list(rows_with_begin(view, "sellers", ("name", "closed_at")))

"""Nothing in a simulated market is dated after its last day, and all that is a case is still there."""

import csv
from collections.abc import Callable

import pytest

from suyuan.graph.tables import TABLES
from suyuan.ingest.times import parse_time
from suyuan.service.dated_rows import BEGINS, ENDS
from suyuan.simulate.market import MarketOptions, simulate_market
from suyuan.simulate.tables import COLUMNS
from suyuan.simulate.world import DAY, EPOCH

PLANNED = {
    ("rights", "valid_to"),
    ("licences", "valid_to"),
    ("customs_recordals", "valid_to"),
    ("authorities", "valid_to"),
    ("divisions", "valid_to"),
    ("findings", "public_until"),
    ("watch_lists", "to"),
    ("ownerships", "to"),
}
"""Endings that are known beforehand."""

Rows = Callable[[str], list[dict[str, str]]]


@pytest.fixture(
    scope="module",
    params=[
        MarketOptions(days=120, cases=120, seizure_share=0.5),
        MarketOptions(days=120, seed=5, confirm_cases=True, seizure_share=0.5),
        MarketOptions(),
    ],
    ids=["short", "confirmed", "default"],
)
def market(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Rows]:
    """End of the market, microseconds since 1970, and its rows by table."""
    folder = tmp_path_factory.mktemp("market")
    simulate_market(request.param, folder)

    def read(name: str) -> list[dict[str, str]]:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return (EPOCH + request.param.days * DAY) * 1_000_000, read


def test_the_dates_by_which_rows_are_cut_are_looked_at() -> None:
    assert not set(BEGINS.items()) & PLANNED
    assert {(table, told[0]) for table, told in ENDS.items()} & PLANNED == {
        ("watch_lists", "to"),
        ("ownerships", "to"),
    }


def test_no_date_lies_after_the_last_day(market: tuple[int, Rows]) -> None:
    end, rows = market
    late: list[tuple[str, str, str]] = []
    for table in TABLES.values():
        columns = {column.name for column in table.columns if column.type == "time"}
        times = [name for name in columns if (table.name, name) not in PLANNED]
        for row in rows(table.name) if table.name in COLUMNS else ():
            for name in times:
                moment = parse_time(row.get(name) or "")
                if moment and moment.start >= end:
                    late.append((table.name, name, row[name]))
    assert not late


def test_leads_are_decided_by_somebody_on_a_day_or_not_at_all(market: tuple[int, Rows]) -> None:
    leads = market[1]("leads")
    assert {row["state"] for row in leads} >= {"under_review", "confirmed", "rejected"}
    for row in leads:
        decided = row["state"] in ("confirmed", "rejected")
        assert decided == bool(row["decided_at"]) == bool(row["by"])
        assert row["decision"] == (row["state"] if decided else "")


def test_cases_are_in_their_tables_and_confirmed_afterwards(market: tuple[int, Rows]) -> None:
    rows = market[1]
    seen = {f"Seizure:{row['seizure_id']}": row["at"] for row in rows("seizures")}
    seen |= {f"Exhibit:{row['exhibit_id']}": row["at"] for row in rows("exhibits")}
    seen |= {f"Listing:{row['platform']}:{row['listing_id']}": row["listed_at"] for row in rows("listings")}
    bought = {
        f"Listing:{row['platform']}:{row['listing_id']}": row["observed_at"]
        for row in rows("dispatches")
        if row["listing_id"]
    }
    assert {row["case"] for row in rows("truth")} <= set(seen)
    for row in rows("confirmed_origins"):
        assert row["confirmed_at"] >= (seen | bought)[row["case"]][:10]


def test_places_are_run_by_firms_and_shops_of_the_first_day(market: tuple[int, Rows]) -> None:
    rows = market[1]
    since = {f"Firm:{row['firm_id']}": row["registered_at"] for row in rows("firms")}
    since |= {f"Seller:{row['platform']}:{row['seller_id']}": row["opened_at"] for row in rows("sellers")}
    operators = {row["operator"] for row in rows("sites") if row["operator"]}
    assert {operator.split(":")[0] for operator in operators} == {"Firm", "Seller"}
    assert all(since[operator] <= "2024-01-01" for operator in operators)

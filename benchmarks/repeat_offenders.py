"""Repeat offenders found on simulated markets against the true owners of accounts.

An owner is a repeat offender if decisions of two or more days found an infringement of its shops, firms or listings, or
if it opened a shop or registered a firm on a later day than the first of them; decisions revoked, or on an invalidated
right, do not count. That is worked out here from the exchange tables and truth_actors.csv, without the code under test.
The actors of the market are read from a store that holds none of the truth.
"""

import argparse
import csv
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.markets import ingested
from benchmarks.measure import Row, print_rows
from suyuan.analytics.actors import resolve
from suyuan.graph.store.base import Scope
from suyuan.graph.store.opening import open_store
from suyuan.service.actor_evidence import actor_evidence
from suyuan.service.repeat_offenders import actor_index, found_actors
from suyuan.simulate.market import MarketOptions, simulate_market

SEEDS: Final = tuple(range(211, 221))
TARGET: Final = 0.95


@dataclass(frozen=True, slots=True)
class Counts:
    """Actors named; those of them that are right; true repeat offenders; those of them that were named."""

    named: int = 0
    right: int = 0
    true: int = 0
    reached: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.named + other.named,
            self.right + other.right,
            self.true + other.true,
            self.reached + other.reached,
        )

    @property
    def precision(self) -> float:
        """Share of the named actors that are right."""
        return self.right / max(self.named, 1)

    @property
    def recall(self) -> float:
        """Share of the true repeat offenders that were named."""
        return self.reached / max(self.true, 1)


def market(seed: int, folder: Path) -> Path:
    """A market, its tables without the truth in a store; the folder of the tables with it."""
    simulate_market(MarketOptions(seed=seed), folder / "all")
    (folder / "tables").mkdir()
    for path in (folder / "all").iterdir():
        if not path.name.startswith("truth"):
            shutil.copy(path, folder / "tables")
    ingested(folder / "tables", folder / "market.db")
    return folder / "all"


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """Rows of an exchange table."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def owners(folder: Path) -> dict[str, str]:
    """The true owner of each account."""
    return {row["account"]: row["owner"] for row in table(folder, "truth_actors")}


def true_offenders(folder: Path) -> set[str]:
    """Owners that are repeat offenders, from the tables and the truth."""
    owner = owners(folder)
    shop = {
        f"Listing:{row['platform']}:{row['listing_id']}": f"Seller:{row['platform']}:{row['seller_id']}"
        for row in table(folder, "listings")
    }
    gone = {row["right_id"] for row in table(folder, "rights") if row["status"].startswith("invalid")}
    days: dict[str, set[str]] = defaultdict(set)
    for row in table(folder, "findings"):
        subject = shop.get(row["subject"], row["subject"])
        stands = (
            row["outcome"] == "infringing" and row["finality"] != "revoked" and row["right_id"] not in gone
        )
        if stands and subject in owner:
            days[owner[subject]].add(row["decided_at"][:10])
    opened = {
        f"Seller:{row['platform']}:{row['seller_id']}": row["opened_at"] for row in table(folder, "sellers")
    }
    opened |= {f"Firm:{row['firm_id']}": row["registered_at"] for row in table(folder, "firms")}
    again = {
        owner[account]
        for account, day in opened.items()
        if account in owner and owner[account] in days and day[:10] > min(days[owner[account]])
    }
    return again | {name for name, found in days.items() if len(found) >= 2}


def named_actors(store_file: Path) -> list[tuple[str, ...]]:
    """Members of the actors that are named as repeat offenders."""
    store = open_store(f"sqlite:///{store_file}")
    try:
        view = store.view(Scope())
        actors = actor_index(resolve(actor_evidence(view)))
        found = found_actors(view, actors).recurrence
        return [actors.members[number] for number, one in sorted(found.items()) if one.recurs]
    finally:
        store.close()


def owner_of(members: Iterable[str], owner: Mapping[str, str]) -> str | None:
    """The owner of most of an actor's accounts; of several the first by name."""
    found = Counter(owner[record] for record in members if record in owner)
    return min(found, key=lambda name: (-found[name], name)) if found else None


def judged(named: list[tuple[str, ...]], owner: Mapping[str, str], true: set[str]) -> Counts:
    """An actor is right if most of its accounts are a repeat offender's; each owner makes one actor right."""
    found = [owner_of(members, owner) for members in named]
    reached = {name for name in found if name in true}
    return Counts(len(named), len(reached), len(true), len(reached))


def rows(quick: bool = False) -> Iterable[Row]:
    """Lines of the table of benchmarks."""
    total = Counts()
    for seed in SEEDS[:2] if quick else SEEDS:
        with tempfile.TemporaryDirectory() as name:
            tables = market(seed, Path(name))
            one = judged(named_actors(Path(name) / "market.db"), owners(tables), true_offenders(tables))
        total += one
        print(f"seed {seed}: {one}", flush=True)
    for what, value, right, every in (
        ("precision", total.precision, total.right, total.named),
        ("recall", total.recall, total.reached, total.true),
    ):
        yield Row(
            what=f"repeat offenders of simulated markets, {what}",
            ours=f"{value:.3f} ({right} of {every})",
            target=f">= {TARGET:.2f}",
            met=value >= TARGET,
        )


def main() -> None:
    """Parse arguments, print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="two markets")
    print_rows(rows(quick=parser.parse_args().quick))


if __name__ == "__main__":
    main()

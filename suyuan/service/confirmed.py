"""Cases whose place of making is known: from the store's confirmed origins, or from a file."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from suyuan.errors import ConfigError, RecordError, SuyuanError
from suyuan.graph.ids import normal_id, split_id
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.traceback.cases import START_KINDS
from suyuan.traceback.fitting import Confirmed

FACTORY_COLUMNS: Final = ("factory", "site")


def confirmed_in(snapshot: GraphSnapshot) -> list[Confirmed]:
    """The confirmed origins of a store, by kind, case and site; a case with several is one for each."""
    return [
        Confirmed(edges.source_kind, int(case), int(site))
        for edges in snapshot.edge_sets("CONFIRMED_ORIGIN")
        if edges.source_kind in START_KINDS and edges.target_kind == "Site"
        for case, site in zip(edges.source.tolist(), edges.target.tolist(), strict=True)
    ]


def confirmed_by(file: Path, snapshot: GraphSnapshot) -> list[Confirmed]:
    """The cases of a table with columns ``case`` (or ``listing_id`` and, if it takes it, ``platform``) and ``factory``.

    Raises
    ------
    ConfigError
        The file cannot be read, or lacks a column.
    RecordError
        A row names a case or site that is not there, or a listing id that several platforms have.
    """
    return [
        Confirmed(*_case(row, number, file, snapshot), _site(row, number, file, snapshot))
        for number, row in _rows(file)
    ]


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            table = csv.DictReader(lines)
            names = set(table.fieldnames or ())
            if not names & {"case", "listing_id"} or not names & set(FACTORY_COLUMNS):
                raise ConfigError(f"{file} needs the columns case (or listing_id) and factory.")
            for number, row in enumerate(table, start=1):
                yield number, {name: (value or "").strip() for name, value in row.items() if name}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error


def _case(row: dict[str, str], number: int, file: Path, snapshot: GraphSnapshot) -> tuple[str, int]:
    if not row.get("case"):
        return "Listing", _listing(row, number, file, snapshot)
    try:
        case = normal_id(row["case"])
        kind = split_id(case)[0]
        if kind not in START_KINDS:
            raise ConfigError(f"no trace starts from a {kind}")
        return kind, snapshot.nodes[kind].position(case)
    except SuyuanError as error:
        raise RecordError(error.message, source=str(file), row=number, field="case") from error


def _listing(row: dict[str, str], number: int, file: Path, snapshot: GraphSnapshot) -> int:
    wanted, platform = row.get("listing_id", ""), row.get("platform", "")
    listings = snapshot.nodes["Listing"]
    if platform:
        try:
            return listings.position(f"Listing:{platform}:{wanted}")
        except SuyuanError as error:
            raise RecordError(error.message, source=str(file), row=number, field="listing_id") from error
    found = _listings_called(snapshot, wanted)
    if len(found) != 1:
        told = (
            "no listing has this id"
            if not found
            else f"{len(found)} platforms have this id; name the platform"
        )
        raise RecordError(f"{wanted!r}: {told}", source=str(file), row=number, field="listing_id")
    return found[0]


def _listings_called(snapshot: GraphSnapshot, listing_id: str) -> list[int]:
    ids = snapshot.nodes["Listing"].ids.to_pylist()
    return [place for place, name in enumerate(ids) if name and name.split(":", 2)[-1] == listing_id]


def _site(row: dict[str, str], number: int, file: Path, snapshot: GraphSnapshot) -> int:
    column = next(name for name in FACTORY_COLUMNS if name in row)
    site = row[column]
    try:
        return snapshot.nodes["Site"].position(site if site.startswith("Site:") else f"Site:{site}")
    except SuyuanError as error:
        raise RecordError(error.message, source=str(file), row=number, field=column) from error

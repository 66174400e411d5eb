"""What ties actors together, from the tables and the graph of a store, with the records behind each tie."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.analytics.actors import ActorResolution
from suyuan.analytics.candidates import HUB, probability_of_bits
from suyuan.analytics.evidence import FAMILIES, FAMILY_OF_KIND
from suyuan.analytics.ties import (
    DEFAULT_TIE_SETTINGS,
    PairRows,
    Rows,
    Ties,
    TieSettings,
    direct_pairs,
    flow_pairs,
    gathered,
    shared_pairs,
)
from suyuan.graph.ids import canonical_id
from suyuan.graph.snapshot import (
    ARRIVED_UNKNOWN,
    DEPARTED_UNKNOWN,
    BoolArray,
    FloatArray,
    GraphSnapshot,
    Int64Array,
)
from suyuan.graph.store.base import View
from suyuan.service.dated_rows import dated_rows
from suyuan.service.party_findings import shops_by_listing
from suyuan.service.repeat_offenders import ActorIndex
from suyuan.service.workspace import Workspace

PUBLIC_ROLES: Final = frozenset({"wholesale_market", "port", "forwarder", "fair_booth"})
PARTY_ROLE_STRENGTH: Final = {"legal_representative": 0.9, "controller": 0.9, "director": 0.4}
SHARE_UNKNOWN: Final = 0.5
SUPPLY_STRENGTH: Final = 0.5
"""Of a tie between a shop and the firm whose factory an officer confirmed as the origin of its goods."""


@dataclass(slots=True)
class EvidenceBook:
    """Numbers of records, in blocks; each number is told as (kind, text)."""

    starts: list[int] = field(default_factory=list[int])
    kinds: list[str] = field(default_factory=list[str])
    texts: list[Callable[[int], str]] = field(default_factory=list[Callable[[int], str]])
    size: int = 0

    def add(self, kind: str, count: int, text: Callable[[int], str]) -> Int64Array:
        """Numbers for a block of records, whose texts are looked up when they are asked for."""
        start = self.size
        self.starts.append(start)
        self.kinds.append(kind)
        self.texts.append(text)
        self.size += count
        return np.arange(start, self.size)

    def told(self, row: int) -> tuple[str, str]:
        """Kind and text of a record: its canonical id, or a shared value as ``kind:normal form``."""
        block = bisect_right(self.starts, row) - 1
        return self.kinds[block], self.texts[block](row - self.starts[block])


@dataclass(frozen=True, slots=True)
class ActorTies:
    """Ties of all actors, the records behind them, and what they were found from.

    actor_of_site : int64, by position of the site in the snapshot; -1 nobody's.
    owned : int64, shape (n, 2): who owns, represents or controls whom, as numbers of different actors.
    """

    ties: Ties
    evidence: EvidenceBook
    snapshot: GraphSnapshot
    actor_of_site: Int64Array
    owned: Int64Array
    movements: Int64Array


def actor_ties(
    workspace: Workspace,
    resolution: ActorResolution,
    actors: ActorIndex,
    as_of: int | None = None,
    settings: TieSettings = DEFAULT_TIE_SETTINGS,
) -> ActorTies:
    """All ties between actors up to a cut-off, microseconds since 1970 UTC (None: everything)."""
    view, snapshot, book = workspace.view(), workspace.snapshot(), EvidenceBook()
    n = len(actors.ids)
    values = _value_pairs(resolution, actors, book)
    owned, ownership = _owned_pairs(view, actors, as_of, settings, book)
    sites = _Sites(snapshot)
    uses, operators = _uses(view, actors, sites, as_of, book)
    public = _public(view, sites)
    otherwise = (values, ownership)
    shared = shared_pairs(uses, n, public=public, otherwise=otherwise, settings=settings)
    of_site = _actor_of_site(uses, operators, len(sites))
    chosen, moved = _moved_pairs(snapshot, of_site, public, as_of, settings, book)
    origins = _origin_pairs(view, actors, sites, operators, as_of, book)
    common = shared_pairs(origins[0], n, otherwise=otherwise, settings=settings)
    kinds = [("identifier", values), ("ownership", ownership), ("shared_site", shared), ("movement", moved)]
    ties = gathered([*kinds, ("common_origin", common), ("common_origin", origins[1])], n, settings)
    return ActorTies(ties, book, snapshot, of_site, owned, chosen)


class _Sites:
    """Positions of sites in the snapshot."""

    def __init__(self, snapshot: GraphSnapshot) -> None:
        self.ids = snapshot.nodes["Site"].ids

    def __len__(self) -> int:
        return len(self.ids)

    def positions(self, names: Iterable[str]) -> Int64Array:
        """Position of each site by canonical id; -1 where the snapshot does not have it."""
        found = pc.index_in(pa.array(names, pa.string()), value_set=self.ids).fill_null(-1)
        return np.asarray(found).astype(np.int64)


def _numbers(actors: ActorIndex, records: Iterable[str | None]) -> Int64Array:
    return np.array([actors.number_of(record) for record in records], np.int64)


def _times(moments: Sequence[int | None]) -> tuple[Int64Array, BoolArray]:
    dated = np.array([moment is not None for moment in moments], np.bool_)
    return np.array([moment or 0 for moment in moments], np.int64), dated


def _value_pairs(resolution: ActorResolution, actors: ActorIndex, book: EvidenceBook) -> PairRows:
    """Records of two actors that share values which are no hubs, too little to be one party."""
    found, values = resolution.candidates, resolution.evidence.values
    rows = book.add("identifier", len(values), lambda place: values[place].as_py())
    number = _numbers(actors, resolution.evidence.records.to_pylist())
    left, right = number[found.left], number[found.right]
    pair = np.repeat(np.arange(len(found)), np.diff(found.reason_start))
    place = FAMILIES.index("site")
    told = (
        (left != right)[pair]
        & (found.reason_bits > 0.0)
        & (resolution.values.hub_probability[found.reason_value] < HUB)
        & (FAMILY_OF_KIND[resolution.evidence.kind[found.reason_value]] != place)
    )
    pair, value = pair[told], found.reason_value[told]
    bits = np.bincount(pair, found.reason_bits[told], minlength=len(found)).astype(np.float64)
    kept, renumbered = np.unique(pair, return_inverse=True)
    weight = probability_of_bits(bits[kept] + resolution.settings.prior_bits)
    low, high = np.minimum(left, right)[kept], np.maximum(left, right)[kept]
    none = np.zeros(len(kept), np.int64)
    return PairRows(
        low, high, weight, none, none, none.astype(np.bool_), renumbered.astype(np.int64), rows[value]
    )


def _owned_pairs(
    view: View, actors: ActorIndex, as_of: int | None, settings: TieSettings, book: EvidenceBook
) -> tuple[Int64Array, PairRows]:
    """Who owns, represents or controls whom, among different actors; an owner of very many is an agent."""
    rows: list[tuple[Any, ...]] = sorted(
        dated_rows(view, "ownerships", ("owner", "owned", "role", "share", "from"), as_of),
        key=lambda row: row[0],
    )
    numbers = book.add("ownership", len(rows), lambda place: rows[place][0])
    owner = _numbers(actors, (row[1] for row in rows))
    owned = _numbers(actors, (row[2] for row in rows))
    strength = np.array(
        [
            PARTY_ROLE_STRENGTH.get(role or "", SHARE_UNKNOWN if share is None else share)
            for *_, role, share, _ in rows
        ],
        np.float64,
    )
    at, dated = _times([row[5] for row in rows])
    kept = (owner >= 0) & (owned >= 0) & (owner != owned)
    pairs = np.unique(np.stack([owner[kept], owned[kept]], axis=1), axis=0)
    owns = (
        np.bincount(pairs[:, 0], minlength=len(actors.ids))
        if len(pairs)
        else np.zeros(len(actors.ids), np.int64)
    )
    kept &= owns[np.maximum(owner, 0)] <= settings.most_users
    weight = strength[kept] / np.log2(1.0 + np.maximum(owns[owner[kept]], 1))
    return pairs, direct_pairs(owner[kept], owned[kept], weight, at[kept], dated[kept], numbers[kept])


def _uses(
    view: View, actors: ActorIndex, sites: _Sites, as_of: int | None, book: EvidenceBook
) -> tuple[Rows, Rows]:
    """Who sends goods from which site, or runs it; the second answer holds those who run them."""
    columns = ("platform", "seller_id", "site_id", "observed_at")
    sent = sorted(
        (row for row in dated_rows(view, "dispatches", columns, as_of) if all(row[1:4])),
        key=lambda row: row[0],
    )
    run: list[tuple[Any, ...]] = sorted(
        (row for row in dated_rows(view, "sites", ("operator",)) if row[1]), key=lambda row: row[0]
    )
    sending = _rows(
        sites.positions([canonical_id("Site", row[3]) for row in sent]),
        _numbers(actors, (canonical_id("Seller", row[1], row[2]) for row in sent)),
        [row[4] for row in sent],
        book.add("dispatch", len(sent), lambda place: sent[place][0]),
    )
    running = _rows(
        sites.positions([row[0] for row in run]),
        _numbers(actors, (row[1] for row in run)),
        [None] * len(run),
        book.add("operator", len(run), lambda place: run[place][0]),
    )
    return _both(sending, running), running


def _rows(thing: Int64Array, actor: Int64Array, moments: Sequence[int | None], numbers: Int64Array) -> Rows:
    at, dated = _times(moments)
    kept = (thing >= 0) & (actor >= 0)
    return Rows(thing[kept], actor[kept], at[kept], dated[kept], np.ones(int(kept.sum())), numbers[kept])


def _both(one: Rows, other: Rows) -> Rows:
    return Rows(
        np.concatenate([one.thing, other.thing]),
        np.concatenate([one.actor, other.actor]),
        np.concatenate([one.at, other.at]),
        np.concatenate([one.dated, other.dated]),
        np.concatenate([one.strength, other.strength]),
        np.concatenate([one.row, other.row]),
    )


def _public(view: View, sites: _Sites) -> BoolArray:
    """Places open to the public, by position of the site."""
    open_to_all = [record for record, role in dated_rows(view, "sites", ("role",)) if role in PUBLIC_ROLES]
    found = sites.positions(open_to_all)
    public = np.zeros(len(sites), np.bool_)
    public[found[found >= 0]] = True
    return public


def _actor_of_site(uses: Rows, operators: Rows, n_sites: int) -> Int64Array:
    """Whose place each site is: who runs it, else the only one who sends from it."""
    found = np.full(n_sites, -1, np.int64)
    pairs = np.unique(np.stack([uses.thing, uses.actor], axis=1), axis=0)
    alone = (
        np.bincount(pairs[:, 0], minlength=n_sites)[pairs[:, 0]] == 1 if len(pairs) else np.zeros(0, np.bool_)
    )
    found[pairs[alone, 0]] = pairs[alone, 1]
    found[operators.thing] = operators.actor
    return found


def _moved_pairs(
    snapshot: GraphSnapshot,
    of_site: Int64Array,
    public: BoolArray,
    as_of: int | None,
    settings: TieSettings,
    book: EvidenceBook,
) -> tuple[Int64Array, PairRows]:
    """Movements up to the cut-off, and the actors between whose places goods moved."""
    moved, shipments = snapshot.movements, snapshot.nodes["Shipment"]
    departed, arrived = moved.flags & DEPARTED_UNKNOWN == 0, moved.flags & ARRIVED_UNKNOWN == 0
    at = np.where(departed, moved.departed, moved.arrived)
    rows = book.add("movement", len(moved), shipments.id_at)
    there = np.ones(len(moved), np.bool_) if as_of is None else ~((at > as_of) & (departed | arrived))
    chosen = np.flatnonzero(there)
    pairs = flow_pairs(
        moved.from_site[chosen].astype(np.int64),
        moved.to_site[chosen].astype(np.int64),
        at[chosen],
        (departed | arrived)[chosen],
        rows[chosen],
        actor_of_site=of_site,
        public=public,
        settings=settings,
    )
    return chosen, pairs


def _origin_pairs(
    view: View, actors: ActorIndex, sites: _Sites, operators: Rows, as_of: int | None, book: EvidenceBook
) -> tuple[Rows, PairRows]:
    """Whose goods came from which factory by an officer's word; and each of them with who runs the factory."""
    shops = shops_by_listing(view, as_of)
    rows: list[tuple[Any, ...]] = sorted(
        (
            row
            for row in dated_rows(view, "confirmed_origins", ("case", "site", "confirmed_at"), as_of)
            if row[2]
        ),
        key=lambda row: row[0],
    )
    origins = _rows(
        sites.positions([canonical_id("Site", row[2]) for row in rows]),
        _numbers(actors, (shops.get(row[1], row[1]) for row in rows)),
        [None] * len(rows),
        book.add("confirmed_origin", len(rows), lambda place: rows[place][0]),
    )
    runs = np.full(len(sites), -1, np.int64)
    runs[operators.thing] = operators.actor
    known = runs[origins.thing] >= 0
    strength: FloatArray = np.full(int(known.sum()), SUPPLY_STRENGTH)
    supplied = direct_pairs(
        origins.actor[known],
        runs[origins.thing][known],
        strength,
        origins.at[known],
        origins.dated[known],
        origins.row[known],
    )
    return origins, supplied

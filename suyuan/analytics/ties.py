"""Ties between actors: what two parties share or do with each other, short of being one party.

A *thing* is a place, a factory or an owner that several actors have to do with; a *row* is one record that says so. A
thing that many strangers use (a wholesale market, a courier's station) ties nobody: the weight of a tie falls with the
number of its users and with the number of groups they fall into by what else ties them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from suyuan.errors import ParameterError
from suyuan.graph.snapshot import BoolArray, FloatArray, Int8Array, Int32Array, Int64Array
from suyuan.graph.times import MICROSECONDS_PER_DAY

TIE_KINDS: Final = ("shared_site", "movement", "identifier", "ownership", "common_origin")


@dataclass(frozen=True, slots=True, kw_only=True)
class TieSettings:
    """How ties are weighed.

    Parameters
    ----------
    window_days : two uses of a place that lie no further apart count as at the same time, >= 0.
    most_groups, most_groups_public : a thing whose users fall into more groups ties nobody, >= 1; the second is for
        places open to the public.
    most_users : a thing of more users ties nobody, whatever else ties them, >= 2.
    least_weight : weaker ties are left out, in [0, 1).
    """

    window_days: float = 21.0
    most_groups: int = 8
    most_groups_public: int = 3
    most_users: int = 60
    least_weight: float = 0.05

    def __post_init__(self) -> None:
        least = {"window_days": 0, "most_groups": 1, "most_groups_public": 1, "most_users": 2}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise ParameterError(name, getattr(self, name), f"{value} or more")
        if not 0.0 <= self.least_weight < 1.0:
            raise ParameterError("least_weight", self.least_weight, "0 or more, below 1")


DEFAULT_TIE_SETTINGS: Final = TieSettings()


@dataclass(frozen=True, slots=True)
class Rows:
    """Records that say which actor had to do with which thing; arrays of one shape (n_rows,).

    thing, actor : int64, positions.
    at : int64, microseconds since 1970 UTC; right where ``dated``.
    dated : bool.
    strength : float64, in (0, 1]: how much a tie through this record is worth.
    row : int64, the number of the record, which evidence names.
    """

    thing: Int64Array
    actor: Int64Array
    at: Int64Array
    dated: BoolArray
    strength: FloatArray
    row: Int64Array


@dataclass(frozen=True, slots=True)
class PairRows:
    """Pairs of actors that one thing or record ties, before they are gathered; arrays of one shape (n,).

    left, right : int64, positions of actors, left < right.
    weight : float64, in (0, 1].
    first, last : int64, microseconds UTC; right where ``dated``.
    dated : bool.
    evidence_pair, evidence_row : int64, shape (n_evidence,): the number of a pair and of a record behind it.
    """

    left: Int64Array
    right: Int64Array
    weight: FloatArray
    first: Int64Array
    last: Int64Array
    dated: BoolArray
    evidence_pair: Int64Array
    evidence_row: Int64Array


@dataclass(frozen=True, slots=True)
class Ties:
    """Ties between actors, sorted by (left, right, kind), each pair once a kind; arrays of one shape (n_ties,).

    left, right : int32, positions of actors, left < right.
    kind : int8, index into TIE_KINDS.
    weight : float64, in (0, 1]: several reasons of one kind count as ``1 - prod(1 - weight)``.
    first, last : int64, microseconds UTC; right where ``dated``.
    dated : bool.
    evidence_start : int64, shape (n_ties + 1,): the records behind tie i are
        ``evidence_row[evidence_start[i]:evidence_start[i + 1]]``, ascending.
    """

    left: Int32Array
    right: Int32Array
    kind: Int8Array
    weight: FloatArray
    first: Int64Array
    last: Int64Array
    dated: BoolArray
    evidence_start: Int64Array
    evidence_row: Int64Array

    def __len__(self) -> int:
        return len(self.left)

    def evidence_of(self, tie: int) -> Int64Array:
        """Numbers of the records behind a tie."""
        return self.evidence_row[self.evidence_start[tie] : self.evidence_start[tie + 1]]

    def adjacency(self, n_actors: int) -> sparse.csr_array:
        """Symmetric weights between actors: kinds combined as ``1 - prod(1 - weight)``, float64."""
        key, weight = _combined(self.left.astype(np.int64) * n_actors + self.right, self.weight)
        left, right = np.divmod(key, max(n_actors, 1))
        one, other = left.astype(np.int32), right.astype(np.int32)
        ends = (np.concatenate([one, other]), np.concatenate([other, one]))
        return sparse.csr_array((np.concatenate([weight, weight]), ends), shape=(n_actors, n_actors))


def _combined(key: Int64Array, weight: FloatArray) -> tuple[Int64Array, FloatArray]:
    """Distinct keys, ascending, with 1 - prod(1 - weight)."""
    order = np.lexsort((weight, key))
    key, rest = key[order], np.log1p(-np.minimum(weight[order], 1.0 - 1e-12))
    begins = np.flatnonzero(np.diff(key, prepend=-1))
    total = np.add.reduceat(rest, begins) if len(begins) else rest
    return key[begins], np.round(-np.expm1(total), 12).astype(np.float64)


def shared_pairs(
    rows: Rows,
    n_actors: int,
    *,
    public: BoolArray | None = None,
    otherwise: Sequence[PairRows] = (),
    settings: TieSettings = DEFAULT_TIE_SETTINGS,
) -> PairRows:
    """Pairs of actors that use one thing at the same time.

    Parameters
    ----------
    rows : who uses what, and when.
    public : bool, shape (n_things,): places open to the public.
    otherwise : pairs tied by something else, which put users of a thing into one group.

    Notes
    -----
    A use lasts from the first to the last dated record of an actor at a thing; a use without dates meets every other.
    With n users in g groups the weight is ``strength / (g - 1 + log2 n)``, the strength being the weaker one's.

    Examples
    --------
    >>> two = np.array([0, 1])
    >>> seen = Rows(np.zeros(2, int), two, two, np.ones(2, bool), np.ones(2), two)
    >>> shared_pairs(seen, 2).weight.tolist()
    [0.5]
    """
    order = np.lexsort((rows.row, rows.actor, rows.thing))
    key = rows.thing[order] * n_actors + rows.actor[order]
    begins = np.flatnonzero(np.diff(key, prepend=-1)).astype(np.int64)
    thing, actor = np.divmod(key[begins], max(n_actors, 1))
    first, last, dated = _spans(rows, order, begins)
    strength = np.maximum.reduceat(rows.strength[order], begins) if len(begins) else rows.strength
    users = np.bincount(thing, minlength=int(thing.max(initial=-1)) + 1)
    one, other = _within(thing, users, settings.most_users)
    groups = _groups(thing, actor, one, other, n_actors, otherwise)
    most = np.full(len(users), settings.most_groups)
    if public is not None:
        most[public[: len(users)]] = settings.most_groups_public
    gap = int(settings.window_days * MICROSECONDS_PER_DAY)
    apart = (first[one] > last[other] + gap) | (first[other] > last[one] + gap)
    kept = ~(apart & dated[one] & dated[other]) & (groups <= most)[thing[one]]
    one, other = one[kept], other[kept]
    weight = np.minimum(strength[one], strength[other])
    weight = weight / (groups[thing[one]] - 1 + np.log2(np.maximum(users[thing[one]], 2)))
    begin, end = _common(first, last, dated, one, other)
    pair, row = _evidence(rows.row[order], np.append(begins, len(order)), one, other)
    return PairRows(actor[one], actor[other], weight, begin, end, dated[one] | dated[other], pair, row)


def _spans(rows: Rows, order: Int64Array, begins: Int64Array) -> tuple[Int64Array, Int64Array, BoolArray]:
    """First and last time of each use, and whether all of its records are dated."""
    if not len(begins):
        none = np.zeros(0, np.int64)
        return none, none, np.zeros(0, np.bool_)
    at, dated = rows.at[order], rows.dated[order]
    limits = np.iinfo(np.int64)
    first = np.minimum.reduceat(np.where(dated, at, limits.max), begins)
    last = np.maximum.reduceat(np.where(dated, at, limits.min), begins)
    any_dated = np.maximum.reduceat(dated, begins)
    return np.where(any_dated, first, 0), np.where(any_dated, last, 0), any_dated


def _within(thing: Int64Array, users: Int64Array, most_users: int) -> tuple[Int64Array, Int64Array]:
    """Every two uses of one thing, of things with 2 to ``most_users`` users; uses are sorted by thing."""
    usable = np.flatnonzero((users[thing] >= 2) & (users[thing] <= most_users)) if len(thing) else thing
    place = np.arange(len(usable))
    following = np.searchsorted(thing[usable], thing[usable], "right") - place - 1
    first = np.repeat(place, following)
    within = np.arange(len(first)) - np.repeat(np.cumsum(following) - following, following)
    return usable[first], usable[first + 1 + within]


def _groups(
    thing: Int64Array,
    actor: Int64Array,
    one: Int64Array,
    other: Int64Array,
    n_actors: int,
    otherwise: Sequence[PairRows],
) -> Int64Array:
    """How many groups the users of each thing fall into by what else ties them; shape (n_things,)."""
    known = [pairs.left * n_actors + pairs.right for pairs in otherwise]
    keys = np.unique(np.concatenate(known)) if known else np.zeros(0, np.int64)
    tied = np.isin(actor[one] * n_actors + actor[other], keys)
    joins = sparse.coo_array(
        (np.ones(int(tied.sum()), np.int8), (one[tied], other[tied])), shape=(len(thing), len(thing))
    )
    if not len(thing):
        return np.zeros(0, np.int64)
    count, label = csgraph.connected_components(joins.tocsr(), directed=False)
    thing_of_label = np.zeros(count, np.int64)
    thing_of_label[label] = thing
    return np.bincount(thing_of_label, minlength=int(thing.max()) + 1).astype(np.int64)


def _common(
    first: Int64Array, last: Int64Array, dated: BoolArray, one: Int64Array, other: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """The time that two uses have in common; of two that only lie close, the time between them."""
    begin = np.where(
        dated[one] & dated[other], np.maximum(first[one], first[other]), first[one] + first[other]
    )
    end = np.where(dated[one] & dated[other], np.minimum(last[one], last[other]), last[one] + last[other])
    return np.minimum(begin, end), np.maximum(begin, end)


def _evidence(
    rows: Int64Array, start: Int64Array, one: Int64Array, other: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """The records of both uses of each pair."""
    use = np.concatenate([one, other])
    pair = np.concatenate([np.arange(len(one)), np.arange(len(one))])
    size = start[use + 1] - start[use] if len(use) else use
    within = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
    return np.repeat(pair, size), rows[np.repeat(start[use], size) + within] if len(use) else rows[:0]


def flow_pairs(
    from_site: Int64Array,
    to_site: Int64Array,
    at: Int64Array,
    dated: BoolArray,
    row: Int64Array,
    *,
    actor_of_site: Int64Array,
    public: BoolArray,
    settings: TieSettings = DEFAULT_TIE_SETTINGS,
) -> PairRows:
    """Pairs of actors between whose places goods moved.

    Parameters
    ----------
    from_site, to_site, at, dated, row : shape (n_movements,): ends, time, whether it is known, number of the record.
    actor_of_site : int64, shape (n_sites,): whose place it is; -1 if nobody's.
    public : bool, shape (n_sites,): places open to the public.

    Notes
    -----
    The weight of movements from a to b is the geometric mean of their share in all that left a, and in all that came to
    b. A place that trades with more than ``most_users`` actors, a public one with more than ``most_groups_public``,
    ties nobody.
    """
    source, target = actor_of_site[from_site], actor_of_site[to_site]
    n = int(actor_of_site.max(initial=-1)) + 1
    between = (source >= 0) & (target >= 0) & (source != target)
    partners = _partners(
        from_site[between], to_site[between], source[between], target[between], len(public), n
    )
    hub = (partners > settings.most_users) | (public & (partners > settings.most_groups_public))
    out = np.bincount(source[between], minlength=n)
    into = np.bincount(target[between], minlength=n)
    kept = np.flatnonzero(between & ~hub[from_site] & ~hub[to_site])
    key, place, count = np.unique(
        source[kept] * max(n, 1) + target[kept], return_inverse=True, return_counts=True
    )
    source, target = np.divmod(key, max(n, 1))
    weight = count / np.sqrt(np.maximum(out[source] * into[target], 1.0)) if n else np.zeros(0)
    moved = direct_pairs(source[place], target[place], np.zeros(len(kept)), at[kept], dated[kept], row[kept])
    # A direction weighs once, however many movements it has; each of its records carries the whole of it.
    return _weighed_once(moved, place, weight)


def _partners(
    from_site: Int64Array, to_site: Int64Array, source: Int64Array, target: Int64Array, n_sites: int, n: int
) -> Int64Array:
    """With how many actors each site exchanges goods."""
    met = np.concatenate([from_site * max(n, 1) + target, to_site * max(n, 1) + source])
    return np.bincount(np.unique(met) // max(n, 1), minlength=n_sites)


def _weighed_once(pairs: PairRows, place: Int64Array, weight: FloatArray) -> PairRows:
    _, first = np.unique(place, return_index=True)
    weights = np.zeros(len(place))
    weights[first] = weight
    return PairRows(
        pairs.left,
        pairs.right,
        weights,
        pairs.first,
        pairs.last,
        pairs.dated,
        pairs.evidence_pair,
        pairs.evidence_row,
    )


def direct_pairs(
    one: Int64Array, other: Int64Array, weight: FloatArray, at: Int64Array, dated: BoolArray, row: Int64Array
) -> PairRows:
    """Pairs that one record each ties: who owns whom, who shares a value with whom; shape (n,) each.

    Pairs of an actor with itself are left out.
    """
    kept = one != other
    left, right = np.minimum(one, other)[kept], np.maximum(one, other)[kept]
    number = np.arange(len(left))
    return PairRows(left, right, weight[kept], at[kept], at[kept], dated[kept], number, row[kept])


def gathered(
    pairs: Sequence[tuple[str, PairRows]], n_actors: int, settings: TieSettings = DEFAULT_TIE_SETTINGS
) -> Ties:
    """All ties of some kinds.

    Parameters
    ----------
    pairs : (kind, pairs) in any order; several of one kind are taken together.

    Raises
    ------
    ParameterError
        A kind is not one of TIE_KINDS.
    """
    for kind, _ in pairs:
        if kind not in TIE_KINDS:
            raise ParameterError("kind", kind, "one of " + ", ".join(TIE_KINDS))
    kinds, every = _all_pairs(pairs)
    key = (every.left * n_actors + every.right) * len(TIE_KINDS) + kinds
    distinct, total = _combined(key, every.weight)
    place = np.searchsorted(distinct, key)
    first, last, dated = _whole_spans(every, place, len(distinct))
    strong = total >= settings.least_weight
    start, row = _rows_by_tie(place[every.evidence_pair], every.evidence_row, strong)
    pair, kind = np.divmod(distinct[strong], len(TIE_KINDS))
    left, right = np.divmod(pair, max(n_actors, 1))
    return Ties(
        left.astype(np.int32),
        right.astype(np.int32),
        kind.astype(np.int8),
        total[strong],
        first[strong],
        last[strong],
        dated[strong],
        start,
        row,
    )


def _all_pairs(pairs: Sequence[tuple[str, PairRows]]) -> tuple[Int64Array, PairRows]:
    """The kind of each pair, and all pairs one after the other."""
    every = [_no_pairs(), *(one for _, one in pairs)]
    offset = np.cumsum([0, *(len(one.left) for one in every)])
    kinds = [np.full(len(one.left), TIE_KINDS.index(name), np.int64) for name, one in pairs]
    return np.concatenate([np.zeros(0, np.int64), *kinds]), PairRows(
        np.concatenate([one.left for one in every]),
        np.concatenate([one.right for one in every]),
        np.concatenate([one.weight for one in every]),
        np.concatenate([one.first for one in every]),
        np.concatenate([one.last for one in every]),
        np.concatenate([one.dated for one in every]),
        np.concatenate([one.evidence_pair + start for one, start in zip(every, offset, strict=False)]),
        np.concatenate([one.evidence_row for one in every]),
    )


def _no_pairs() -> PairRows:
    none = np.zeros(0, np.int64)
    return PairRows(none, none, np.zeros(0), none, none, np.zeros(0, np.bool_), none, none)


def _whole_spans(every: PairRows, place: Int64Array, count: int) -> tuple[Int64Array, Int64Array, BoolArray]:
    """First and last time of all pairs at one place, and whether any is dated."""
    limits = np.iinfo(np.int64)
    first, last = np.full(count, limits.max), np.full(count, limits.min)
    np.minimum.at(first, place[every.dated], every.first[every.dated])
    np.maximum.at(last, place[every.dated], every.last[every.dated])
    dated = first != limits.max
    return np.where(dated, first, 0), np.where(dated, last, 0), dated


def _rows_by_tie(tie: Int64Array, row: Int64Array, strong: BoolArray) -> tuple[Int64Array, Int64Array]:
    """Distinct records of each strong tie, ascending, in compressed rows."""
    renumbered = np.cumsum(strong) - 1
    kept = strong[tie]
    tie, row = renumbered[tie[kept]], row[kept]
    order = np.lexsort((row, tie))
    tie, row = tie[order], row[order]
    new = (np.diff(tie, prepend=-1) != 0) | (np.diff(row, prepend=-1) != 0)
    tie, row = tie[new], row[new]
    return np.searchsorted(tie, np.arange(int(strong.sum()) + 1)).astype(np.int64), row

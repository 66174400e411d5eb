"""Use case: networks of actors that hang together, who recurs in them, and the evidence for each tie."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from suyuan.analytics.actors import ActorResolution
from suyuan.analytics.measures import page_rank
from suyuan.analytics.networks import communities, core_numbers
from suyuan.analytics.roles import ROLES, first_role, roles
from suyuan.graph.snapshot import BoolArray, FloatArray, Int8Array, Int32Array
from suyuan.service.actor_ties import ActorTies, actor_ties
from suyuan.service.actors import resolve_actors
from suyuan.service.network_facts import NetworkFacts, network_facts
from suyuan.service.network_memory import NetworkIds, network_ids
from suyuan.service.repeat_offenders import (
    ActorIndex,
    FoundActors,
    accounts_of,
    actor_index,
    found_actors,
    ties_within,
)
from suyuan.service.workspace import Workspace

_KEPT_RUNS: Final = 4


@dataclass(frozen=True, slots=True)
class Networks:
    """All networks of a store at a cut-off; actors by number, networks by number in the order of their ids.

    members : numbers of each network's actors, ascending.
    network_of : int32, shape (n_actors,).
    has_role, role : roles of actors within their networks.
    core, centrality : the k-core number, and the share of its network's rank that each actor holds.
    joined_by : what joins the records of the actors that recur.
    """

    as_of: int | None
    resolution: ActorResolution
    actors: ActorIndex
    found: FoundActors
    tied: ActorTies
    facts: NetworkFacts
    ids: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]
    network_of: Int32Array
    memory: NetworkIds
    has_role: BoolArray
    role: Int8Array
    core: Int32Array
    centrality: FloatArray
    joined_by: Mapping[int, Sequence[str]]
    position: Mapping[str, int]

    def records(self, network: int) -> list[str]:
        """Ids of all records behind a network, ascending."""
        return sorted(record for actor in self.members[network] for record in self.actors.members[actor])

    def accounts(self, network: int) -> list[str]:
        """Ids of the shops and firms in a network, ascending."""
        return accounts_of(self.records(network))

    def ties_of(self, network: int) -> list[int]:
        """Numbers of the ties between members of a network, by pair, then kind."""
        ties = self.tied.ties
        inside = (self.network_of[ties.left] == network) & (self.network_of[ties.right] == network)
        return np.flatnonzero(inside).tolist()

    def roles_of(self, actor: int) -> list[str]:
        """Names of an actor's roles, the one shown first."""
        return [name for name, has in zip(ROLES, self.has_role[actor].tolist(), strict=True) if has]


_runs: WeakKeyDictionary[Workspace, dict[int | None, tuple[int, Networks]]] = WeakKeyDictionary()
_running: Final = Lock()


def networks_of(workspace: Workspace, as_of: int | None = None) -> Networks:
    """The networks of a store up to a cut-off, microseconds since 1970 UTC (None: everything).

    Notes
    -----
    Networks without a cut-off become the run that the next one is matched to. What was worked out last is given
    again as long as neither the records nor the actors have changed.
    """
    with _running:
        resolution, seq = resolve_actors(workspace, as_of), workspace.view().seq
        kept = _runs.setdefault(workspace, {})
        last = kept.pop(as_of, None)
        if last is None or last[0] != seq or last[1].resolution is not resolution:
            last = (seq, _networks(workspace, resolution, as_of))
        while len(kept) >= _KEPT_RUNS:
            kept.pop(next(iter(kept)))
        kept[as_of] = last
        return last[1]


def _networks(workspace: Workspace, resolution: ActorResolution, as_of: int | None) -> Networks:
    view, actors = workspace.view(), actor_index(resolution)
    found = found_actors(view, actors, as_of)
    tied = actor_ties(workspace, resolution, actors, as_of)
    adjacency = tied.ties.adjacency(len(actors.ids))
    label = communities(adjacency)
    facts = network_facts(view, actors, tied, as_of)
    groups = _groups(label)
    records = [[record for actor in group for record in actors.members[actor]] for group in groups]
    oldest = [actors.ids[min(group, key=lambda actor: _age(actors, found, actor))] for group in groups]
    memory = network_ids(workspace.store.documents, records, oldest, keep=as_of is None)
    order = sorted(range(len(groups)), key=lambda number: memory.ids[number])
    members = tuple(groups[number] for number in order)
    network_of = np.zeros(len(actors.ids), np.int32)
    for number, group in enumerate(members):
        network_of[list(group)] = number
    has_role = roles(facts.doings)
    recurring = [actor for actor, one in sorted(found.recurrence.items()) if one.recurs]
    ids = tuple(memory.ids[number] for number in order)
    return Networks(
        as_of=as_of,
        resolution=resolution,
        actors=actors,
        found=found,
        tied=tied,
        facts=facts,
        ids=ids,
        members=members,
        network_of=network_of,
        memory=memory,
        has_role=has_role,
        role=first_role(has_role),
        core=core_numbers(adjacency),
        centrality=_share_of_rank(page_rank(adjacency), network_of),
        joined_by=ties_within(resolution, actors, recurring),
        position={name: number for number, name in enumerate(ids)},
    )


def _groups(label: Int32Array) -> list[tuple[int, ...]]:
    order = np.argsort(label, kind="stable")
    begins = np.flatnonzero(np.diff(label[order], prepend=-1))
    return [tuple(group.tolist()) for group in np.split(order, begins[1:])] if len(order) else []


def _age(actors: ActorIndex, found: FoundActors, actor: int) -> tuple[int, str]:
    """By the first opening of its accounts, where known, then by id."""
    days = [found.opened[record] for record in actors.members[actor] if record in found.opened]
    return min(days, default=2**31), actors.ids[actor]


def _share_of_rank(rank: FloatArray, network_of: Int32Array) -> FloatArray:
    whole = np.bincount(network_of, rank) if len(rank) else rank
    return np.round(rank / np.maximum(whole[network_of], 1e-300), 12) if len(rank) else rank


def actors_by_recurrence(networks: Networks, network: int) -> Counter[bool]:
    """How many actors of a network with a finding that counts recur, and how many do not."""
    found = networks.found.recurrence
    return Counter(
        found[actor].recurs
        for actor in networks.members[network]
        if actor in found and (found[actor].finding_days or found[actor].findings_in_force)
    )

"""Networks: groups of actors that hang together more closely than with others, and the ids they keep between runs."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from scipy import sparse
from sknetwork.topology import get_core_decomposition

from suyuan.analytics.communities import leiden_communities
from suyuan.analytics.measures import components
from suyuan.graph.snapshot import Int32Array

SEED: Final = 20_240_601
SMALLEST_SPLIT: Final = 4
"""A component of fewer actors is one network."""


def communities(adjacency: sparse.csr_array, *, seed: int = SEED) -> Int32Array:
    """The community of each actor, named by its least member.

    Parameters
    ----------
    adjacency : symmetric weights above 0, shape (n, n), without a diagonal.

    Returns
    -------
    int32, shape (n,).

    Notes
    -----
    Leiden in each connected component by itself, begun anew from the seed: what is in one component changes nothing in
    another. Actors are taken in their order, so that is to be canonical.

    Examples
    --------
    >>> pair = np.ones((2, 2)) - np.eye(2)
    >>> communities(sparse.csr_array(np.kron(np.eye(2), pair))).tolist()
    [0, 0, 2, 2]
    """
    label = components(adjacency)
    found = label.copy()
    order = np.argsort(label, kind="stable")
    begins = np.flatnonzero(np.diff(label[order], prepend=-1))
    for members in np.split(order, begins[1:]):
        if len(members) >= SMALLEST_SPLIT:
            within = sparse.triu(adjacency[members][:, members], format="coo")
            part = leiden_communities(len(members), within.row, within.col, within.data, seed=seed)
            found[members] = members[part]
    return found


def core_numbers(adjacency: sparse.csr_array) -> Int32Array:
    """The greatest k for which each actor belongs to the k-core: all of whose members have k ties within it."""
    if not adjacency.nnz:
        return np.zeros(adjacency.shape[0], np.int32)
    return np.asarray(get_core_decomposition(sparse.csr_matrix(adjacency)), np.int32)


def network_id(actor: str, number: int = 0) -> str:
    """The id of a network that begins with an actor; ``number`` counts networks that do.

    Examples
    --------
    >>> network_id("Actor:6dec0eb374dc436f")
    'Network:cd044d41744da629'
    """
    text = f"{actor}#{number}" if number else actor
    return f"Network:{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"


def matched_ids(
    networks: Sequence[Sequence[str]], oldest: Sequence[str], previous: Mapping[str, Sequence[str]]
) -> list[str]:
    """Ids of networks, kept from the run before where members stayed together.

    Parameters
    ----------
    networks : records behind each network.
    oldest : the actor that each is named by if it is new.
    previous : records behind each network of the run before, by id.

    Returns
    -------
    Distinct ids. The pair of an old and a new network with the most records in common is matched first (then the
    greater Jaccard index, then the old id, then the new network's first record), each once.

    Examples
    --------
    >>> matched_ids([["a", "b"], ["c"]], ["Actor:1", "Actor:2"], {"Network:x": ["b", "c", "a"]})
    ['Network:x', 'Network:348d2d607f7eebd8']
    """
    found: dict[int, str] = {}
    taken: set[str] = set()
    for _, _, old, _, number in sorted(_overlaps(networks, previous)):
        if number not in found and old not in taken:
            found[number] = old
            taken.add(old)
    for number in sorted(range(len(networks)), key=lambda number: (-len(networks[number]), oldest[number])):
        if number not in found:
            found[number] = _new_id(oldest[number], taken)
            taken.add(found[number])
    return [found[number] for number in range(len(networks))]


def _overlaps(
    networks: Sequence[Sequence[str]], previous: Mapping[str, Sequence[str]]
) -> Iterator[tuple[int, float, str, str, int]]:
    """Old and new networks with records in common, as keys that sort the best first."""
    old_of = {record: old for old, records in previous.items() for record in records}
    for number, records in enumerate(networks):
        common: dict[str, int] = {}
        for record in records:
            if (old := old_of.get(record)) is not None:
                common[old] = common.get(old, 0) + 1
        for old, count in common.items():
            union = len(records) + len(previous[old]) - count
            yield -count, -round(count / union, 12), old, min(records), number


def _new_id(actor: str, taken: set[str]) -> str:
    number = 0
    while (name := network_id(actor, number)) in taken:
        number += 1
    return name

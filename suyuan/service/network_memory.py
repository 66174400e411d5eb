"""Ids that networks keep between runs, and how they grew: what the last two runs found, kept in the store."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from suyuan.analytics.networks import matched_ids
from suyuan.errors import ConflictError
from suyuan.graph.store.documents import ABSENT, Documents

Members = Mapping[str, Sequence[str]]

_COLLECTION: Final = "networks"
_KEY: Final = "runs"


@dataclass(frozen=True, slots=True)
class Growth:
    """Records that came to a network or left it since the run before; ``is_new``: it was not there then."""

    is_new: bool
    joined: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NetworkIds:
    """Ids of networks, and the run before that growth is measured by; None if there was none."""

    ids: tuple[str, ...]
    before: Members | None

    def growth(self, network: str, records: Sequence[str]) -> Growth | None:
        """How a network grew; None where there is no run before."""
        if self.before is None:
            return None
        former, now = set(self.before.get(network, ())), set(records)
        return Growth(network not in self.before, tuple(sorted(now - former)), tuple(sorted(former - now)))


def network_ids(
    documents: Documents, networks: Sequence[Sequence[str]], oldest: Sequence[str], *, keep: bool
) -> NetworkIds:
    """Ids matched to the last run of the store.

    Parameters
    ----------
    networks : records behind each network.
    oldest : the actor that each is named by if it is new.
    keep : whether this run becomes the last one, if it found anything else than it; not for looks into the past.

    Notes
    -----
    Networks of one actor are not kept: where it alone is left of a network, it is named anew. If somebody else kept a
    run at the same time, theirs stays and this one is not kept.
    """
    document = documents.get(_COLLECTION, _KEY)
    runs: Mapping[str, Any] = document.value if document else {}
    current: Members | None = runs.get("current")
    ids = matched_ids(networks, oldest, current or {})
    found = {name: sorted(records) for name, records in zip(ids, networks, strict=True) if len(records) > 1}
    if not keep:
        return NetworkIds(tuple(ids), None)
    if found == current:
        return NetworkIds(tuple(ids), runs.get("before"))
    with suppress(ConflictError):
        documents.put(
            _COLLECTION,
            _KEY,
            {"current": found, "before": current},
            expected_version=document.version if document else ABSENT,
        )
    return NetworkIds(tuple(ids), current)

"""Which nodes of the graph belong to a network: for exports."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from suyuan.graph.ids import canonical_id
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.graph.store.base import View
from suyuan.service.dated_rows import dated_rows
from suyuan.service.network_report import network_number
from suyuan.service.networks import Networks, networks_of
from suyuan.service.party_findings import shops_by_listing
from suyuan.service.workspace import Workspace


def within_network(workspace: Workspace, name: str) -> pa.Array:
    """Ids of a network's shops, firms and persons, their listings, sites and dispatches, the findings on them with the
    rights concerned, the shipments between its sites, and the identifiers that two or more of its records share.

    Raises
    ------
    NotFoundError
        There is no such network.
    """
    networks = networks_of(workspace)
    number = network_number(networks, name)
    records = frozenset(networks.records(number))
    view = workspace.view()
    found = set(records)
    found.update(listing for listing, shop in shops_by_listing(view).items() if shop in records)
    found.update(_found(networks, number))
    sites = set(_sites(view, networks, number, records))
    found |= sites
    found.update(_dispatches(view, records))
    found.update(_identifiers(view, records))
    found.update(_movements(networks.tied.snapshot, sites))
    return pa.array(sorted(found), pa.string())


def _found(networks: Networks, number: int) -> Iterator[str]:
    for actor in networks.members[number]:
        for finding in networks.found.findings.get(actor, ()):
            yield finding.finding
            if finding.right:
                yield finding.right


def _sites(view: View, networks: Networks, number: int, records: frozenset[str]) -> Iterator[str]:
    for actor in networks.members[number]:
        yield from networks.facts.origins.get(actor, ())
    for site, operator in dated_rows(view, "sites", ("operator",)):
        if operator in records:
            yield site
    for _, platform, seller, site in dated_rows(view, "dispatches", ("platform", "seller_id", "site_id")):
        if platform and seller and site and canonical_id("Seller", platform, seller) in records:
            yield canonical_id("Site", site)


def _dispatches(view: View, records: frozenset[str]) -> Iterator[str]:
    for record, platform, seller in dated_rows(view, "dispatches", ("platform", "seller_id")):
        if platform and seller and canonical_id("Seller", platform, seller) in records:
            yield record


def _identifiers(view: View, records: frozenset[str]) -> Iterator[str]:
    owners: Counter[str] = Counter()
    for _, owner, kind, value in dated_rows(view, "identifiers", ("owner", "type", "value")):
        if owner in records and kind and value:
            owners[canonical_id("Identifier", kind, value)] += 1
    yield from (identifier for identifier, count in owners.items() if count > 1)


def _movements(snapshot: GraphSnapshot, sites: set[str]) -> Iterator[str]:
    table, moved = snapshot.nodes["Site"], snapshot.movements
    inside = np.zeros(len(table), np.bool_)
    inside[[place for site in sites if (place := table.find(site)) is not None]] = True
    for movement in np.flatnonzero(inside[moved.from_site] & inside[moved.to_site]).tolist():
        yield snapshot.nodes["Shipment"].id_at(movement)

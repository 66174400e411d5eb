"""What part an actor plays in a network, from what it runs, what goods do at its places, and whom it controls."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from suyuan.graph.snapshot import BoolArray, Int8Array, Int64Array

ROLES: Final = ("shared_controller", "producer", "logistics", "wholesaler", "front_shop", "member")
"""In the order in which one of several is shown; ``member`` where nothing tells."""

LEAST_CONTROLLED: Final = 2
LEAST_CUSTOMERS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Doings:
    """What actors do; int64, shape (n_actors,) each, counts.

    makers : sites it runs that are factories or make goods.
    carriers : forwarders and ports it runs.
    trading_places : wholesale markets, stalls and warehouses it runs.
    customers, suppliers : actors that goods went to from its places, or came from.
    listings : goods offered by its shops.
    controlled : other actors it owns, represents or controls.
    """

    makers: Int64Array
    carriers: Int64Array
    trading_places: Int64Array
    customers: Int64Array
    suppliers: Int64Array
    listings: Int64Array
    controlled: Int64Array


def roles(doings: Doings) -> BoolArray:
    """Which roles each actor has: bool, shape (n_actors, len(ROLES)); at least one each.

    Notes
    -----
    A shared controller controls two or more others. A producer runs a factory. Logistics runs a forwarder or a port. A
    wholesaler is supplied and supplies two or more others, or runs a trading place that supplies anybody, and makes
    nothing. A front shop offers goods and makes nothing.
    """
    makes = doings.makers > 0
    supplies = (doings.suppliers > 0) & (doings.customers >= LEAST_CUSTOMERS)
    trades = (doings.trading_places > 0) & (doings.customers > 0)
    told = np.stack(
        [
            doings.controlled >= LEAST_CONTROLLED,
            makes,
            doings.carriers > 0,
            ~makes & (supplies | trades),
            ~makes & (doings.listings > 0),
        ],
        axis=1,
    )
    return np.concatenate([told, ~told.any(axis=1, keepdims=True)], axis=1)


def first_role(has_role: BoolArray) -> Int8Array:
    """The role shown of each actor, an index into ROLES: int8, shape (n_actors,)."""
    return np.argmax(has_role, axis=1).astype(np.int8)

"""Administrative divisions that goods came to."""

from typing import Any, NamedTuple

import numpy as np

from suyuan.graph.snapshot import Int32Array, Int64Array
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.spread import Amounts, Spread


class ReachedDivision(NamedTuple):
    """A division by its code (None: sites of which none is recorded), with what came to its sites.

    ``sites`` and ``sellers`` are how many of those that were reached lie there.
    """

    code: str | None
    units: float
    mass: float
    sites: int
    sellers: int


def divisions_reached(
    prepared: Prepared, spread: Spread, amounts: Amounts, sites: Int32Array, sellers: Int32Array
) -> list[ReachedDivision]:
    """Divisions of sites and sellers that were reached, in no order.

    What moves within a division counts only where the goods began their way there, so that no unit counts twice
    while it stays.
    """
    codes, code_of_site = _codes(prepared.snapshot.nodes["Site"].columns["division_code"])
    movements = prepared.snapshot.movements
    from_code, to_code = code_of_site[movements.from_site], code_of_site[movements.to_site]
    enters = from_code != to_code
    enters[spread.start.movements] = True
    amount = np.where(enters, amounts.amount, 0.0)
    everything = np.bincount(to_code, weights=amount, minlength=len(codes))
    units = np.bincount(to_code, weights=amount * spread.part, minlength=len(codes))
    n_sites = dict(zip(codes, np.bincount(code_of_site[sites], minlength=len(codes)).tolist(), strict=True))
    n_sellers: dict[str | None, int] = {}
    for code in _texts(prepared.snapshot.nodes["Seller"].columns["division_code"], sellers):
        if code:
            n_sellers[code] = n_sellers.get(code, 0) + 1
    found = {
        code: ReachedDivision(
            code,
            float(units[i]),
            float(units[i] / everything[i]) if everything[i] > 0.0 else 0.0,
            n_sites[code],
            n_sellers.get(code, 0),
        )
        for i, code in enumerate(codes)
        if n_sites[code] or code in n_sellers
    }
    for code, count in n_sellers.items():
        found.setdefault(code, ReachedDivision(code, 0.0, 0.0, 0, count))
    return list(found.values())


def _codes(column: Any) -> tuple[list[str | None], Int64Array]:
    """Distinct codes, None first, and the number of each entry's."""
    encoded = column.fill_null("").dictionary_encode()
    texts = [*encoded.dictionary.to_pylist()]
    named = sorted({text for text in texts if text})
    number = {text: i + 1 for i, text in enumerate(named)}
    renumbered = np.array([number.get(text, 0) for text in texts] or [0], np.int64)
    return [None, *named], renumbered[np.asarray(encoded.indices)]


def _texts(column: Any, positions: Int32Array) -> list[str | None]:
    return column.take(np.asarray(positions)).to_pylist()

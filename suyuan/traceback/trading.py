"""What two places trade with one another, as the movements between them that name a product tell."""

import numpy as np

from suyuan.graph.snapshot import BoolArray, Int32Array
from suyuan.traceback.mixingmodel import Traded


def traded_between(
    from_site: Int32Array,
    to_site: Int32Array,
    product: Int32Array,
    seen: BoolArray,
    prior: float,
    n_sites: int,
) -> Traded:
    """How often movements between each two sites name each product.

    Parameters
    ----------
    from_site, to_site, product : int32, shape (n_movements,); product -1 where none is named
    seen : movements that count
    prior : see :class:`Traded`
    """
    key = from_site.astype(np.int64) * n_sites + to_site
    pairs, pair = np.unique(key, return_inverse=True)
    names = np.flatnonzero(seen & (product >= 0))
    named, count = np.unique(np.stack([pair[names], product[names]], axis=1), axis=0, return_counts=True)
    return Traded(
        pair.astype(np.int32),
        np.searchsorted(named[:, 0], np.arange(len(pairs) + 1)).astype(np.int64),
        np.ascontiguousarray(named[:, 1]).astype(np.int32),
        count.astype(np.float64),
        prior,
    )


def nothing_traded(prior: float) -> Traded:
    """What stands for it where products are not inferred."""
    return Traded(
        np.empty(0, np.int32), np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.float64), prior
    )

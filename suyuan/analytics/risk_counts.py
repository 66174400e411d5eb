"""How features of a risk ranking are counted: with time, against few cases, over ties and over flows of goods."""

from typing import Final

import numpy as np
from scipy import sparse

from suyuan.analytics.measures import page_rank
from suyuan.graph.snapshot import FloatArray

HALF_LIFE_DAYS: Final = 365.0
"""After so many days a finding counts half."""

NEW_DAYS: Final = 120.0
"""Days by which the weight of a newly opened account falls to 1/e."""

PRIOR_COUNT: Final = 2.0
"""Cases at the overall share that are added to those of an entity."""

EXPOSURE_DAMPING: Final = 0.5
"""Probability that a walk from a party with findings follows another tie; half of it ends after two."""


def decayed(days: float, half_life: float = HALF_LIFE_DAYS) -> float:
    """What something counts ``days`` after it happened.

    Examples
    --------
    >>> decayed(0.0), decayed(365.0)
    (1.0, 0.5)
    """
    return float(0.5 ** (max(days, 0.0) / half_life))


def newness(days: float) -> float:
    """What an account counts ``days`` after it was opened: 1 on the day, falling by NEW_DAYS."""
    return float(np.exp(-max(days, 0.0) / NEW_DAYS))


def shrunk(cases: float, of: float, base: float, strength: float = PRIOR_COUNT) -> float:
    """The share of ``cases`` ``of`` so many, drawn to ``base``.

    Examples
    --------
    >>> shrunk(2.0, 2.0, 0.5)
    0.75
    """
    return (cases + strength * base) / (of + strength)


def exposure(ties: sparse.csr_array, seeds: FloatArray) -> FloatArray:
    """How near each party is to those with findings: shape (n,), 0 without any tie.

    Parameters
    ----------
    ties : shape (n, n), symmetric, no diagonal: strength of the tie of two parties
    seeds : shape (n,), in [0, 1]: weight of each party's own findings

    Notes
    -----
    Personalised PageRank times the sum of seeds, without what a seed gives itself at the start: the sum, over parties
    with findings, of the walks that end here. It is not normalised, so that taking one party's findings away raises
    nobody's. A party with many ties hands little on by each, which guards against hubs.
    """
    tied = np.flatnonzero(np.asarray(ties.sum(axis=1)).ravel() > 0.0)
    found = np.zeros(len(seeds))
    restart = seeds[tied]
    if restart.sum() <= 0.0:
        return found
    rank = page_rank(ties[tied][:, tied].tocsr(), restart=restart, damping=EXPOSURE_DAMPING)
    found[tied] = np.maximum(rank * restart.sum() - (1.0 - EXPOSURE_DAMPING) * restart, 0.0)
    return found


def inherited(flow: sparse.csr_array, known: FloatArray, rounds: int = 8) -> FloatArray:
    """Share of what is at each site that came from known ones: shape (n,), in [0, 1].

    Parameters
    ----------
    flow : shape (n, n), ``flow[i, j]`` is what site i sent to site j
    known : shape (n,), 1 for sites that are known, 0 for others
    rounds : most moves of goods that are followed
    """
    came = np.asarray(flow.sum(axis=0)).ravel()
    into = (
        flow @ sparse.diags_array(np.divide(1.0, came, out=np.zeros(len(came)), where=came > 0.0))
    ).T.tocsr()
    share = known.copy()
    for _ in range(rounds):
        share = np.maximum(known, into @ share)
    return np.clip(share, 0.0, 1.0)

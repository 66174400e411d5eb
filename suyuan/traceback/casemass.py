"""Origin masses of many cases at once: each case's mass over sites, and what is usual in the market."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from suyuan.graph.snapshot import BoolArray, FloatArray, Int32Array, NodeTable
from suyuan.traceback.cases import case_product, first_movements
from suyuan.traceback.licensing import covered_sites
from suyuan.traceback.parameters import DEFAULT_LIMITS, TraceLimits
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.trace import ends_of_case, mass_graph, walk_from

SAMPLE: Final = 256
"""Cases that the background is taken from, where there are so many."""

SMOOTHING: Final = 2.0
"""How many cases of the sample the mean over the group itself weighs."""


PLACE_RULES: Final = frozenset({"site", "operator_sites", "exhibitor_sites"})
"""Rules by which all goods of a place stand for a case: which of them it is about is not told."""


@dataclass(frozen=True, slots=True)
class CaseMass:
    """Where one case can have come from.

    Parameters
    ----------
    rule : str
        How its first movements were found.
    sites : int32, shape (n,)
        Origins, each once.
    mass : float64, shape (n,)
        Their probabilities; what is missing to 1 is unresolved, or of origins left out.
    licensed : int32, shape (m,)
        Origins left out because licences cover all goods of the case that can have come from there.
    truncated : bool
        Whether a limit cut anything.
    """

    rule: str
    sites: Int32Array
    mass: FloatArray
    licensed: Int32Array
    truncated: bool


def case_mass(
    prepared: Prepared,
    kind: str,
    position: int,
    limits: TraceLimits = DEFAULT_LIMITS,
    *,
    keep_licensed: bool = True,
) -> CaseMass:
    """The origins of a case, as :func:`suyuan.traceback.trace.trace` finds them, without ways and lists.

    Parameters
    ----------
    keep_licensed : whether origins count whose goods were made under licence; the mass of the others is the same
        either way.

    Raises
    ------
    ParameterError
        No trace starts from that kind.
    """
    start = first_movements(prepared, kind, position)
    product = case_product(prepared, kind, position)
    walked = walk_from(prepared, start, "backward", limits)
    graph = mass_graph(prepared, start, walked, limits, product=product, ways=not keep_licensed)
    origins, _ = ends_of_case(prepared, start, graph, product)
    sites = np.array([origin.site for origin in origins], np.int32)
    mass = np.array([origin.probability for origin in origins])
    covered = np.empty(0, np.int32) if keep_licensed else covered_sites(prepared, start, graph, product)
    counts = ~np.isin(sites, covered)
    truncated = bool(walked.cut_by_hops or walked.cut_by_nodes or graph.cut_by_hops or graph.cut_by_nodes)
    return CaseMass(start.rule, sites[counts], mass[counts], sites[~counts], truncated)


@dataclass(frozen=True, slots=True)
class Background:
    """What is usual in the market: how much of the goods comes from each site.

    Parameters
    ----------
    total : float64, shape (n_sites,)
        Sum of the masses of a sample of cases, by position of the site.
    cases : int
        How many of the sample lead to an origin.
    """

    total: FloatArray
    cases: int


def sampled(nodes: NodeTable, wanted: int = SAMPLE) -> Int32Array:
    """Positions of so many nodes, spread evenly over those there are in the order of their ids."""
    there = nodes.by_id[~nodes.removed[nodes.by_id]]
    if len(there) <= wanted:
        return there
    return there[np.arange(wanted) * len(there) // wanted]


def background(n_sites: int, sample: Iterable[CaseMass]) -> Background:
    """What is usual, from a sample of cases."""
    total, cases = np.zeros(n_sites), 0
    for one in sample:
        total[one.sites] += one.mass
        cases += len(one.sites) > 0
    return Background(total, cases)


@dataclass(frozen=True, slots=True)
class MassTable:
    """Masses of a group as a matrix.

    Parameters
    ----------
    sites : int32, shape (n_sites,)
        Position of the site of each column, in the order of site ids.
    masses : float64 matrix, shape (n_cases, n_sites)
    usual : float64, shape (n_sites,)
        Share of the goods of the market that come from each of these sites, > 0.
    places : bool, shape (n_cases,)
        Which cases are all goods of a place, not certain ones.
    """

    sites: Int32Array
    masses: sparse.csr_array
    usual: FloatArray
    places: BoolArray


def mass_table(cases: Sequence[CaseMass], usual: Background, site_rank: Int32Array) -> MassTable:
    """The masses of a group of cases, each of which leads to an origin.

    Parameters
    ----------
    site_rank : rank of each site by its id.

    Notes
    -----
    The mean over the group itself counts as so many cases of the sample as SMOOTHING says: sites that the sample
    does not hold get a share by it, and where there is no sample it is all there is.
    """
    sizes = [len(case.sites) for case in cases]
    sites = np.concatenate([case.sites for case in cases])
    found, column = np.unique(site_rank[sites], return_inverse=True)
    of_column = np.empty(len(found), np.int32)
    of_column[column] = sites
    masses = sparse.csr_array(
        (
            np.concatenate([case.mass for case in cases]),
            column,
            np.concatenate([[0], np.cumsum(sizes)]),
        ),
        shape=(len(cases), len(found)),
    )
    own = masses.sum(axis=0) / len(cases)
    shares = usual.total[of_column] + SMOOTHING * own
    places = np.array([case.rule in PLACE_RULES for case in cases], np.bool_)
    return MassTable(of_column, masses, shares / (usual.total.sum() + SMOOTHING * own.sum()), places)

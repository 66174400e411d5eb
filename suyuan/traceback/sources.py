"""Many cases, one or few origins: a robust mixture that allows for false leads.

A single trace gives each case c a mass P_c(o) over origins. By Bayes' rule the records of the case are
``L_c(o) = P_c(o) / b(o)`` times as likely if the goods come from o as they are for goods of the market at
large, where ``b(o)`` is the share of such goods that come from o. What a trace leaves unresolved (``u_c``)
can have come from anywhere. Some masses say no more than which sites are possible (share ``vague``): those to
which they give anything, ``R_c``. And now and then a mass misses the true origin altogether (share ``missed``):

    L_c(o) = missed + (1 - missed) * (u_c + (1 - vague) * P_c(o) / b(o) + vague * (1 - u_c) * [o in R_c] / b(R_c)),

whose mean over b is 1.

A false lead has nothing to do with the others: its likelihood is that mean, 1. With the share ``e`` of false
leads and the share ``v_j`` of source ``s_j``, the cases together have the likelihood

    product over c of ( e + sum over j of v_j * L_c(s_j) ),        e + sum over j of v_j = 1.

Shares are fitted by expectation maximisation, with a prior on e; each source in turn is set to the best of all
sites, by enumeration; the number of sources is the one with the least BIC.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import sparse

from suyuan.errors import ParameterError
from suyuan.graph.snapshot import BoolArray, FloatArray, Int64Array

TIE: Final = 1e-9
"""Sites whose log-likelihoods differ by no more are not told apart."""

_TRIALS: Final = np.array([0.05, 0.15, 0.3, 0.45, 0.6, 0.8, 0.95])
"""Shares of all mass that a new source is tried with, before the shares are fitted."""

_STARTS: Final = 3
_STEPS_MAX: Final = 300
_ROUNDS_MAX: Final = 30
_NEARLY: Final = 1e-4
_SETTLED: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureOptions:
    """What is assumed before a case is seen.

    Parameters
    ----------
    false_share : float
        Expected share of false leads, in (0, 1).
    prior_cases : float
        How many cases that expectation weighs, > 0.
    missed : float
        Share, in (0, 1), of cases whose mass says nothing of their origin.
    vague, vague_place : float
        Share, in (0, 1), of the others whose mass says no more than which sites are possible: of cases that
        are certain goods, and of those that are all goods of a place.
    most_sources : int
        Most sources looked for, >= 1, where their number is not given.

    Raises
    ------
    ParameterError
        A value is outside what is said above.
    """

    false_share: float = 0.3
    prior_cases: float = 5.0
    missed: float = 0.05
    vague: float = 0.01
    vague_place: float = 0.5
    most_sources: int = 8

    def __post_init__(self) -> None:
        for name in ("false_share", "missed", "vague", "vague_place"):
            if not 0.0 < getattr(self, name) < 1.0:
                raise ParameterError(name, getattr(self, name), "a share above 0 and below 1")
        for name in ("prior_cases", "most_sources"):
            if not 0.0 < getattr(self, name) < float("inf"):
                raise ParameterError(name, getattr(self, name), "a number above 0")


DEFAULT_OPTIONS: Final = MixtureOptions()


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """How much likelier each case is from each site than from the market at large: ``base + extra``.

    Parameters
    ----------
    base : float64, shape (n_cases,)
        What every site has.
    case, site : int64, shape (n_entries,)
        Places of what some sites have beyond that; each pair once, ordered by case.
    extra : float64, shape (n_entries,)
    prior : float64, shape (n_sites,)
        Logarithm of the probability, before a case is seen, that a source is at a site.
    """

    base: FloatArray
    case: Int64Array
    site: Int64Array
    extra: FloatArray
    prior: FloatArray

    def of_site(self, site: int) -> FloatArray:
        """All cases from one site, shape (n_cases,)."""
        found = self.base.copy()
        here = self.site == site
        found[self.case[here]] += self.extra[here]
        return found

    def of_sites(self, sites: list[int]) -> FloatArray:
        """All cases from some sites, shape (n_cases, n)."""
        return np.stack([self.of_site(site) for site in sites], axis=1)

    def of_all(self, others: FloatArray, share: float) -> FloatArray:
        """Log-likelihood of all cases by where one source of that share is, shape (n_sites,).

        Parameters
        ----------
        others : shape (n_cases,), likelihood of each case from all else, times its share.
        """
        without = others + share * self.base
        gain = np.log1p(share * self.extra / without[self.case])
        return np.log(without).sum() + np.bincount(self.site, weights=gain, minlength=len(self.prior))


def likelihoods(
    masses: sparse.csr_array,
    usual: FloatArray,
    places: BoolArray | None = None,
    options: MixtureOptions = DEFAULT_OPTIONS,
) -> Likelihoods:
    """Likelihoods of cases from their origin masses.

    Parameters
    ----------
    masses : float64, shape (n_cases, n_sites)
        Mass of each case over origins; rows sum to at most 1, the rest is unresolved.
    usual : float64, shape (n_sites,)
        Share of the goods of the market that come from each site, > 0; the rest come from others.
    places : bool, shape (n_cases,)
        Which cases are all goods of a place, not certain ones; none of them if not given.

    Examples
    --------
    Two sites that make equally much; the first case can only come from the first.

    >>> found = likelihoods(sparse.csr_array([[1.0, 0.0], [0.25, 0.25]]), np.array([0.5, 0.5]))
    >>> found.base.round(3).tolist(), found.of_site(0).round(3).tolist()
    ([0.05, 0.525], [1.95, 1.0])
    """
    entries = masses.tocsr().tocoo()
    case, site = (axis.astype(np.int64) for axis in entries.coords)
    unresolved = np.clip(1.0 - masses.sum(axis=1), 0.0, 1.0)
    told = 1.0 - options.missed
    about_place = np.zeros(len(unresolved), np.bool_) if places is None else places
    of_case = np.where(about_place, options.vague_place, options.vague)
    sharp = (1.0 - of_case[case]) * entries.data / usual[site]
    vague = (of_case * (1.0 - unresolved))[case]
    possible = np.bincount(case, weights=usual[site], minlength=len(unresolved))
    return Likelihoods(
        base=np.asarray(options.missed + told * unresolved, np.float64),
        case=case,
        site=site,
        extra=told * (sharp + vague / possible[case]),
        prior=np.log(usual),
    )


@dataclass(frozen=True, slots=True)
class Sources:
    """Sources of a group of cases.

    Parameters
    ----------
    sites : int64, shape (k,)
        Columns of the masses, the source that explains most first; equal ones by column.
    shares : float64, shape (k,)
        Share of the cases that come from each.
    false_share : float
        Share of false leads; with ``shares`` it sums to 1.
    posterior : float64, shape (k, n_sites)
        Where each source is, the others taken as found.
    explained : float64, shape (n_cases, k)
        Probability that each case comes from each source.
    false_lead : float64, shape (n_cases,)
        Probability that it comes from none of them.
    bic : tuple of float
        Criterion by number of sources, from one on, as far as it was looked at.
    """

    sites: Int64Array
    shares: FloatArray
    false_share: float
    posterior: FloatArray
    explained: FloatArray
    false_lead: FloatArray
    bic: tuple[float, ...]

    def ties(self) -> list[Int64Array]:
        """For each source, the sites that explain the cases as well as it does, itself among them."""
        best = self.posterior[np.arange(len(self.sites)), self.sites]
        return [
            np.flatnonzero(row >= own * (1.0 - TIE)) for row, own in zip(self.posterior, best, strict=True)
        ]


def common_sources(
    found: Likelihoods, sources: int | None = None, options: MixtureOptions = DEFAULT_OPTIONS
) -> Sources:
    """The sources that explain a group of cases best.

    Parameters
    ----------
    found : of at least one case and one site.
    sources : how many to look for; as many as the cases bear out if not given.

    Raises
    ------
    ParameterError
        ``sources`` is not from 1 to the number of cases.

    Notes
    -----
    A source costs the logarithm of its prior and half the logarithm of the number of cases. Unless their
    number is given, a source besides the first has to explain two cases at least.
    """
    n = len(found.base)
    if sources is not None and not 1 <= sources <= n:
        raise ParameterError("sources", sources, f"1 to {n}, the number of cases that lead to an origin")
    most = min(options.most_sources, max(1, n // 2)) if sources is None else sources
    most = min(most, len(found.prior))
    fits: list[_Fit] = []
    for _ in range(most):
        starts = _enlarged(found, fits[-1] if fits else None)
        fits.append(min((_settled(found, start, options) for start in starts), key=lambda fit: fit.bic))
        if sources is None and len(fits) > 2 and _worse_twice(fits):
            break
    chosen = fits[-1] if sources is not None else _chosen(found, fits)
    return _told(found, chosen, tuple(fit.bic for fit in fits))


@dataclass(frozen=True, slots=True)
class _Fit:
    """Sites with fitted shares; ``bic`` in units of twice the log-likelihood, less is better."""

    sites: list[int]
    shares: FloatArray
    false_share: float
    bic: float


def _worse_twice(fits: list[_Fit]) -> bool:
    best = min(fit.bic for fit in fits)
    return fits[-1].bic > best and fits[-2].bic > best


def _chosen(found: Likelihoods, fits: list[_Fit]) -> _Fit:
    """The fit with the least BIC of those all of whose sources explain two cases."""
    borne_out = [fit for fit in fits[1:] if _least_explained(found, fit) >= 2]
    return min([fits[0], *borne_out], key=lambda fit: fit.bic)


def _least_explained(found: Likelihoods, fit: _Fit) -> int:
    parts = _parts(found, fit.sites, fit.shares, fit.false_share)
    return int(np.bincount(parts.argmax(axis=1), minlength=parts.shape[1])[1:].min())


def _enlarged(found: Likelihoods, last: _Fit | None) -> list[list[int]]:
    """The sites with one more, for each of the few that help most, its share tried at a few values."""
    sites = [] if last is None else last.sites
    mixed = np.ones(len(found.base)) if last is None else _mixed(found, last)
    scores = np.max([found.of_all((1.0 - share) * mixed, share) for share in _TRIALS], axis=0)
    scores += found.prior
    scores[sites] = -np.inf
    order = np.argsort(-scores, kind="stable")[: min(_STARTS, len(scores) - len(sites))]
    return [[*sites, int(site)] for site in order]


def _mixed(found: Likelihoods, fit: _Fit) -> FloatArray:
    """Likelihood of each case."""
    return fit.false_share + found.of_sites(fit.sites) @ fit.shares


def _best(scores: FloatArray, taken: list[int]) -> int:
    """The first of the best sites that are not taken."""
    free = scores.copy()
    free[taken] = -np.inf
    return int(np.flatnonzero(free >= free.max() - TIE)[0])


def _settled(found: Likelihoods, sites: list[int], options: MixtureOptions) -> _Fit:
    """Shares fitted and each source set to the best site in turn, until none moves."""
    sites, share = list(sites), _equal_shares(len(sites), options)
    for _ in range(_ROUNDS_MAX):
        share = _fitted_shares(found.of_sites(sites), share, options, _NEARLY)
        shares, false_share = share[1:], float(share[0])
        moved = False
        for j in range(len(sites)):
            scores = _scores_of(found, sites, shares, false_share, j)
            best = _best(scores, sites[:j] + sites[j + 1 :])
            if scores[best] > scores[sites[j]] + TIE or best < sites[j]:
                sites[j], moved = best, True
        if not moved:
            break
    share = _fitted_shares(found.of_sites(sites), share, options, _SETTLED)
    shares, false_share = share[1:], float(share[0])
    fit = _Fit(sites, shares, false_share, 0.0)
    gain = (
        np.log(_mixed(found, fit)).sum() + _false_share_prior(false_share, options) + found.prior[sites].sum()
    )
    return replace(fit, bic=float(len(sites) * np.log(len(found.base)) - 2.0 * gain))


def _scores_of(
    found: Likelihoods, sites: list[int], shares: FloatArray, false_share: float, j: int
) -> FloatArray:
    """Log-likelihood with prior by where source j is, all else as it is; shape (n_sites,)."""
    others = np.full(len(found.base), false_share)
    for i, site in enumerate(sites):
        if i != j:
            others += shares[i] * found.of_site(site)
    return found.of_all(others, float(shares[j])) + found.prior


def _false_share_prior(false_share: float, options: MixtureOptions) -> float:
    """Logarithm, up to a constant, of the prior of the share of false leads: a beta distribution."""
    expected = options.false_share * options.prior_cases
    return expected * float(np.log(false_share)) + (options.prior_cases - expected) * float(
        np.log1p(-false_share)
    )


def _equal_shares(sources: int, options: MixtureOptions) -> FloatArray:
    """Shares before a case is seen: of false leads, then of each source."""
    false = options.false_share
    return np.concatenate([[false], np.full(sources, (1.0 - false) / sources)])


def _fitted_shares(
    table: FloatArray, share: FloatArray, options: MixtureOptions, settled: float
) -> FloatArray:
    """Shares of false leads and of sources by expectation maximisation, until no step changes one by more.

    Parameters
    ----------
    table : shape (n_cases, k), likelihoods.
    share : shape (k + 1,), where to begin.
    """
    n = len(table)
    expected = options.false_share * options.prior_cases
    whole = np.concatenate([np.ones((n, 1)), table], axis=1)
    for _ in range(_STEPS_MAX):
        parts = whole * share
        counts = (parts / parts.sum(axis=1, keepdims=True)).sum(axis=0)
        false_share = (counts[0] + expected) / (n + options.prior_cases)
        renewed = counts * ((1.0 - false_share) / counts[1:].sum())
        renewed[0] = false_share
        done = np.abs(renewed - share).max() <= settled
        share = renewed
        if done:
            break
    return share


def _parts(found: Likelihoods, sites: list[int], shares: FloatArray, false_share: float) -> FloatArray:
    """Probability that each case is a false lead, or from each source; shape (n_cases, k + 1)."""
    table = np.concatenate([np.ones((len(found.base), 1)), found.of_sites(sites)], axis=1)
    parts = table * np.concatenate([[false_share], shares])
    return parts / parts.sum(axis=1, keepdims=True)


def _told(found: Likelihoods, fit: _Fit, bic: tuple[float, ...]) -> Sources:
    parts = _parts(found, fit.sites, fit.shares, fit.false_share)
    scores = np.stack(
        [_scores_of(found, fit.sites, fit.shares, fit.false_share, j) for j in range(len(fit.sites))]
    )
    for j in range(len(fit.sites)):
        scores[j, fit.sites[:j] + fit.sites[j + 1 :]] = -np.inf
    posterior = np.exp(scores - scores.max(axis=1, keepdims=True))
    posterior /= posterior.sum(axis=1, keepdims=True)
    sites = np.array(fit.sites, np.int64)
    order = np.lexsort((sites, -np.round(fit.shares, 12)))
    return Sources(
        sites=sites[order],
        shares=fit.shares[order],
        false_share=fit.false_share,
        posterior=posterior[order],
        explained=parts[:, 1:][:, order],
        false_lead=parts[:, 0],
        bic=bic,
    )

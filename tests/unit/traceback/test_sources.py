"""Common sources: an example worked by hand, exhaustive search on small groups, and what must not matter."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from suyuan.errors import ParameterError
from suyuan.graph.snapshot import FloatArray
from suyuan.traceback.sources import (
    TIE,
    Likelihoods,
    MixtureOptions,
    Sources,
    common_sources,
    likelihoods,
)

FIXED = MixtureOptions(false_share=0.3, prior_cases=1e12)
"""So sure of the share of false leads that no case changes it."""

BY_HAND = [[0.7, 0.2, 0.1, 0.0], [0.6, 0.0, 0.4, 0.0], [0.5, 0.0, 0.0, 0.5], [0.0, 0.9, 0.0, 0.1]]
QUARTERS = np.full(4, 0.25)


def found_of(rows: object, usual: FloatArray, options: MixtureOptions = FIXED) -> Likelihoods:
    return likelihoods(sparse.csr_array(np.array(rows, np.float64)), usual, options=options)


def test_the_example_worked_by_hand() -> None:
    """docs/user/origins.md: four factories of equal size, three cases of A and one of B."""
    found = found_of(BY_HAND, QUARTERS)
    assert found.of_site(0) == pytest.approx([2.6960667, 2.3262, 1.95, 0.05], abs=1e-4)
    assert found.of_site(1) == pytest.approx([0.8148667, 0.05, 0.05, 3.4549], abs=1e-3)
    told = common_sources(found, options=FIXED)
    assert told.sites.tolist() == [0]
    products = np.array([2.3526, 0.2656, 0.0955, 0.1143])
    assert told.posterior[0] == pytest.approx(products / products.sum(), abs=1e-4)
    assert told.false_lead == pytest.approx([0.137, 0.156, 0.180, 0.896], abs=6e-4)
    assert told.false_share == pytest.approx(0.3)
    assert told.shares == pytest.approx([0.7])


def test_what_is_unresolved_can_have_come_from_anywhere() -> None:
    found = found_of([[0.3, 0.0], [0.0, 0.0]], np.array([0.5, 0.25]))
    assert found.of_site(0) == pytest.approx([0.05 + 0.95 * (0.7 + 0.3 / 0.5), 1.0])
    assert found.of_site(1) == pytest.approx([0.05 + 0.95 * 0.7, 1.0])


def test_of_all_goods_of_a_place_what_is_possible_counts_more_than_how_much() -> None:
    masses = sparse.csr_array(np.array([[0.9, 0.1, 0.0]] * 2))
    sharp, vague = likelihoods(masses, np.full(3, 1 / 3), np.array([False, True])).of_sites([0, 1, 2])
    # 0.05 + 0.95 ((1 - v) 3 P + v 3 / 2), v 0.01 and 0.5
    assert sharp == pytest.approx(
        [0.05 + 0.95 * (0.99 * 2.7 + 0.015), 0.05 + 0.95 * (0.99 * 0.3 + 0.015), 0.05]
    )
    assert vague == pytest.approx([0.05 + 0.95 * (1.35 + 0.75), 0.05 + 0.95 * (0.15 + 0.75), 0.05])


def test_a_rare_site_counts_for_more_than_one_that_is_everywhere() -> None:
    """Each case leads to the large factory more than to the small one; so would any other case."""
    usual = np.array([0.6, 0.02])
    told = common_sources(found_of([[0.55, 0.2]] * 3, usual))
    assert told.sites.tolist() == [1]


def test_the_share_of_false_leads_follows_the_cases() -> None:
    agreeing = [[1.0, 0.0, 0.0]] * 40
    usual = np.array([0.1, 0.1, 0.1])
    clean = common_sources(found_of(agreeing, usual, MixtureOptions()))
    noisy = common_sources(found_of(agreeing + [[0.0, 0.5, 0.5]] * 40, usual, MixtureOptions()), sources=1)
    assert clean.false_share < 0.08
    assert noisy.false_share == pytest.approx(0.5, abs=0.06)


def test_two_sources_are_told_apart_and_one_is_not_split() -> None:
    usual = np.full(20, 0.05)
    first, second = np.eye(20)[3], np.eye(20)[7]
    both = common_sources(found_of([first] * 5 + [second] * 3, usual, MixtureOptions()))
    assert both.sites.tolist() == [3, 7]
    assert both.explained.argmax(axis=1).tolist() == [0] * 5 + [1] * 3
    assert both.bic[1] < both.bic[0]
    one = common_sources(found_of([first] * 7 + [second], usual, MixtureOptions()))
    assert one.sites.tolist() == [3]
    assert one.false_lead.argmax() == 7
    assert one.false_lead[7] > 0.5


def test_as_many_sources_as_asked_for() -> None:
    found = found_of([np.eye(6)[i % 3] for i in range(9)], np.full(6, 1 / 6), MixtureOptions())
    for number in (1, 2, 3, 4):
        assert len(common_sources(found, number).sites) == number
    assert sorted(common_sources(found, 3).sites.tolist()) == [0, 1, 2]


@pytest.mark.parametrize("number", [0, -1, 5])
def test_more_sources_than_cases_are_refused(number: int) -> None:
    with pytest.raises(ParameterError, match="1 to 4"):
        common_sources(found_of(BY_HAND, QUARTERS), number)


@pytest.mark.parametrize(
    "wrong", [{"false_share": 0.0}, {"missed": 1.0}, {"prior_cases": 0.0}, {"most_sources": 0}]
)
def test_options_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError):
        MixtureOptions(**wrong)  # pyright: ignore[reportArgumentType]


def test_sites_that_explain_equally_are_a_tie() -> None:
    rows = np.array([[0.4, 0.4, 0.1], [0.3, 0.3, 0.2]])
    told = common_sources(found_of(rows, np.array([0.1, 0.1, 0.1])))
    assert told.sites.tolist() == [0]
    assert [tied.tolist() for tied in told.ties()] == [[0, 1]]
    assert told.posterior[0, 0] == pytest.approx(told.posterior[0, 1], abs=TIE)
    apart = common_sources(found_of(np.add(rows, [[0.0, 1e-6, 0.0]]), np.array([0.1, 0.1, 0.1])))
    assert apart.sites.tolist() == [1]
    assert [tied.tolist() for tied in apart.ties()] == [[1]]


def test_a_single_case_is_its_own_trace() -> None:
    """With no false leads and no misses the posterior of one case is its mass."""
    sure = MixtureOptions(false_share=1e-9, missed=1e-9, vague=1e-9, prior_cases=1e12)
    told = common_sources(found_of([[0.5, 0.3, 0.2]], np.array([0.2, 0.3, 0.5]), sure), options=sure)
    assert told.posterior[0] == pytest.approx([0.5, 0.3, 0.2])


def random_groups(seed: int, count: int) -> list[tuple[FloatArray, FloatArray]]:
    """Masses and usual shares of small groups."""
    rng = np.random.default_rng(seed)
    found: list[tuple[FloatArray, FloatArray]] = []
    for _ in range(count):
        n_cases, n_sites = int(rng.integers(2, 7)), int(rng.integers(2, 6))
        masses = rng.dirichlet(np.full(n_sites + 1, 0.3), n_cases)[:, :n_sites]
        found.append((masses, rng.dirichlet(np.full(n_sites, 5.0))))
    return found


def best_by_search(found: Likelihoods, number: int, options: MixtureOptions) -> float:
    """Greatest log-likelihood with priors over all sets of sites, shares on a grid."""
    expected = options.false_share * options.prior_cases
    grid = np.linspace(0.01, 0.99, 99)
    best = -np.inf
    for sites in combinations(range(len(found.prior)), number):
        table = found.of_sites(list(sites))
        splits = grid[:, None] if number == 2 else np.ones((1, 1))
        parts = np.concatenate([splits, 1.0 - splits], axis=1)[:, :number]
        mixed = grid[:, None, None] + (1.0 - grid)[:, None, None] * (parts @ table.T)[None]
        fit = np.log(mixed).sum(axis=2).max(axis=1)
        prior = expected * np.log(grid) + (options.prior_cases - expected) * np.log1p(-grid)
        best = max(best, float((fit + prior).max()) + float(found.prior[list(sites)].sum()))
    return best


@pytest.mark.parametrize("number", [1, 2])
def test_nothing_better_is_found_by_trying_all(number: int) -> None:
    options = MixtureOptions()
    for masses, usual in random_groups(5, 60):
        found = found_of(masses, usual, options)
        told = common_sources(found, number, options)
        reached = (number * np.log(len(masses)) - told.bic[-1]) / 2.0
        assert reached >= best_by_search(found, number, options) - 1e-6


@st.composite
def groups(draw: st.DrawFn) -> tuple[FloatArray, FloatArray]:
    seed = draw(st.integers(0, 10_000))
    return random_groups(seed, 1)[0]


def agrees(one: Sources, other: Sources) -> bool:
    return bool(np.allclose(one.posterior, other.posterior, atol=1e-9))


@settings(deadline=None, max_examples=40)
@given(groups())
def test_probabilities_are_such(group: tuple[FloatArray, FloatArray]) -> None:
    told = common_sources(found_of(*group, MixtureOptions()))
    assert told.false_share + told.shares.sum() == pytest.approx(1.0)
    assert told.posterior.sum(axis=1) == pytest.approx(np.ones(len(told.sites)))
    assert told.explained.sum(axis=1) + told.false_lead == pytest.approx(np.ones(len(group[0])))
    assert len(set(told.sites.tolist())) == len(told.sites)


@settings(deadline=None, max_examples=40)
@given(groups(), st.randoms(use_true_random=False))
def test_the_order_of_cases_and_sites_changes_nothing(
    group: tuple[FloatArray, FloatArray], random: "np.random.Generator"
) -> None:
    masses, usual = group
    cases, sites = list(range(masses.shape[0])), list(range(masses.shape[1]))
    random.shuffle(cases)
    random.shuffle(sites)
    told = common_sources(found_of(masses, usual, MixtureOptions()))
    moved = common_sources(found_of(masses[cases][:, sites], usual[sites], MixtureOptions()))
    if any(len(tied) > 1 for tied in told.ties()):
        return
    assert [sites[site] for site in moved.sites] == told.sites.tolist()
    assert np.allclose(moved.posterior, told.posterior[:, sites], atol=1e-9)
    assert np.allclose(moved.false_lead, told.false_lead[cases], atol=1e-9)


@settings(deadline=None, max_examples=40)
@given(groups())
def test_a_case_that_leads_as_any_other_does_changes_nothing(group: tuple[FloatArray, FloatArray]) -> None:
    masses, usual = group
    told = common_sources(found_of(masses, usual), 1, FIXED)
    more = common_sources(found_of(np.concatenate([masses, usual[None]]), usual), 1, FIXED)
    assert agrees(told, more)


def test_ten_thousand_cases() -> None:
    rng = np.random.default_rng(3)
    usual = np.full(400, 1 / 400)
    truth = rng.choice([10, 20, 30], 10_000, p=[0.5, 0.3, 0.2])
    truth[rng.random(10_000) < 0.2] = -1
    column = np.where(truth < 0, rng.integers(0, 400, 10_000), truth)
    other = rng.integers(0, 400, 10_000)
    rows = np.repeat(np.arange(10_000), 2)
    columns = np.stack([column, other], axis=1).ravel()
    masses = sparse.csr_array((np.tile([0.9, 0.1], 10_000), (rows, columns)), shape=(10_000, 400))
    told = common_sources(likelihoods(masses, usual))
    assert told.sites.tolist() == [10, 20, 30]
    # A fifth of the cases, less the one in twenty of the others whose mass is expected to miss its origin.
    assert told.false_share == pytest.approx(0.2 - 0.05 * 0.8, abs=0.02)
    right = (told.false_lead > 0.5) == (truth < 0)
    assert right.mean() > 0.97

"""The law of fitted parameters: its coordinates, its draws, its file, and how it is found from a likelihood."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from suyuan.errors import ParameterError
from suyuan.traceback.information import WIDEST, inverse_information, products_of_scores, scores
from suyuan.traceback.parameters import DEFAULT_PARAMETERS, ROLE_NAMES, TraceParameters
from suyuan.traceback.uncertainty import Uncertainty, coordinates, shifted

WAREHOUSE = ROLE_NAMES.index("warehouse")
EVERYTHING = coordinates(range(len(ROLE_NAMES)))


def test_coordinates_are_logits_of_shares_and_logarithms_of_scales() -> None:
    names = ("fifo_share", "floor", "bandwidth", "dwell_days", "dwell_days.warehouse")
    one = shifted(TraceParameters(), names, np.log([9.0, 11.0, 2.0, 3.0, 0.5]))
    assert one.fifo_share == pytest.approx(0.5)
    assert_allclose(one.floor, 0.1)
    assert one.bandwidth == pytest.approx(4.0)
    assert one.dwell_days[0] == pytest.approx(21.0)
    assert one.dwell_days[WAREHOUSE] == pytest.approx(12.0)
    assert one.match_unknown == DEFAULT_PARAMETERS.match_unknown


def test_no_shift_changes_nothing_and_none_leaves_what_is_allowed() -> None:
    edges = TraceParameters(fifo_share=0.0, match_unknown=1.0)
    assert shifted(edges, EVERYTHING, np.zeros(len(EVERYTHING))) == edges
    for far in (-1e6, 1e6):
        one = shifted(edges, EVERYTHING, np.full(len(EVERYTHING), far))
        assert (one.fifo_share, one.match_unknown) == (0.0, 1.0)
        assert max(one.floor) < 1.0


def test_draws_have_the_covariance_and_are_the_same_for_the_same_seed() -> None:
    names = ("bandwidth", "dwell_days")
    law = Uncertainty.of(names, np.array([[0.09, 0.03], [0.03, 0.04]]))
    drawn = law.drawn(DEFAULT_PARAMETERS, 4000, 7)
    logs = np.log([(one.bandwidth / 2.0, one.dwell_days[0] / 7.0) for one in drawn])
    assert_allclose(np.cov(logs.T), [[0.09, 0.03], [0.03, 0.04]], atol=0.006)
    assert_allclose(logs.mean(axis=0), 0.0, atol=0.02)
    assert law.drawn(DEFAULT_PARAMETERS, 3, 7) == drawn[:3]
    assert law.drawn(DEFAULT_PARAMETERS, 3, 8) != drawn[:3]
    sure = Uncertainty.of(names, np.zeros((2, 2)))
    assert sure.drawn(DEFAULT_PARAMETERS, 2, 7) == [DEFAULT_PARAMETERS] * 2


def test_a_file_holds_it_as_it_is() -> None:
    law = Uncertainty.of(("floor", "dwell_days.port"), np.array([[0.5, 0.1], [0.1, 0.25]]))
    assert Uncertainty.from_json(law.to_json()) == law


@pytest.mark.parametrize(
    ("names", "covariance"),
    [
        (["nonsense"], [[1.0]]),
        (["floor", "floor"], [[1.0, 0.0], [0.0, 1.0]]),
        (["floor"], [[1.0, 0.0]]),
        (["floor"], []),
        (["floor"], [[-1.0]]),
        (["floor"], [[float("nan")]]),
        (["floor"], [[True]]),
        (["floor"], ["1"]),
        (["floor", "bandwidth"], [[1.0, 0.5], [0.2, 1.0]]),
        (["floor", "bandwidth"], [[1.0, 2.0], [2.0, 1.0]]),
        ("floor", [[1.0]]),
        ([1], [[1.0]]),
        (None, None),
    ],
)
def test_what_is_no_covariance_is_refused(names: object, covariance: object) -> None:
    with pytest.raises(ParameterError):
        Uncertainty.from_json({"names": names, "covariance": covariance})


def test_scores_of_quadratics_are_exact_and_take_two_values_a_coordinate() -> None:
    slopes = np.array([[0.3, -0.2, 0.1], [2.0, 0.0, 1.0]])
    calls: list[int] = []

    def quadratics(x: np.ndarray) -> np.ndarray:
        calls.append(1)
        return slopes @ x + 5.0 * float(x @ x)

    assert_allclose(scores(quadratics, 3), slopes, atol=1e-9)
    assert len(calls) == 6


def test_the_covariance_of_a_mean_is_the_one_of_the_textbook() -> None:
    """The logarithm of the likelihood of a normal variable x of variance 4 has at its mean the score (x - mean) / 4."""
    values = np.random.default_rng(3).normal(1.0, 2.0, 4000)
    information = products_of_scores((values[:, None] - 1.0) / 4.0)
    assert inverse_information(information)[0, 0] == pytest.approx(4.0 / 4000, rel=0.1)


def test_the_covariance_is_the_inverse_where_the_cases_tell_and_bounded_where_they_do_not() -> None:
    assert_allclose(inverse_information(np.diag([4.0, 25.0])), np.diag([0.25, 0.04]))
    turned = np.array([[0.6, 0.8], [-0.8, 0.6]])
    flat = turned @ np.diag([16.0, 0.01]) @ turned.T
    assert_allclose(inverse_information(flat), turned @ np.diag([1 / 16, WIDEST**2]) @ turned.T)

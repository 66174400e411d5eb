"""The scorecard of steps: sums, directions, order of rows, priors, both kinds of models."""

from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from suyuan.analytics.risk_counts import exposure, inherited
from suyuan.analytics.risk_features import FEATURES
from suyuan.analytics.step_scorecard import (
    StepPrior,
    Steps,
    StepScorecard,
    directions,
    fit_boosted_steps,
    fit_steps,
)
from suyuan.graph.snapshot import FloatArray

STEPS: Final = (Steps("up", 1, (1.0, 2.0)), Steps("down", -1, (5.0,)))
FLAT: Final = StepPrior(-2.0, np.zeros(3), 1.0)


def rows(n: int, seed: int = 1) -> tuple[FloatArray, FloatArray, FloatArray]:
    stream = np.random.default_rng(seed)
    values = np.column_stack([stream.integers(0, 4, n), stream.integers(0, 10, n)]).astype(np.float64)
    chance = 0.05 + 0.2 * (values[:, 0] >= 1.0) + 0.3 * (values[:, 0] >= 2.0) - 0.04 * (values[:, 1] >= 5.0)
    return values, (stream.random(n) < chance).astype(np.float64), np.full(n, 0.5)


def test_points_by_hand() -> None:
    card = StepScorecard("scorecard", STEPS, -3.0, np.array([1.0, 0.5, -0.25]), np.eye(4), 2.0, 0.1)
    values = np.array([[0.0, 0.0], [1.0, 5.0], [7.0, 4.9]])
    assert card.base == pytest.approx(-5.9)
    assert card.contributions(values).tolist() == [[0.0, 0.0], [2.0, -0.5], [3.0, 0.0]]
    assert card.log_odds(values).tolist() == pytest.approx([-5.9, -4.4, -2.9])
    assert card.spread(values).tolist() == pytest.approx([2.0, 2.0 * np.sqrt(3.0), 2.0 * np.sqrt(3.0)])


def test_a_kept_scorecard_is_the_same() -> None:
    card = fit_steps(STEPS, *rows(300), FLAT).calibrated(0.9, 0.2)
    again = StepScorecard.from_json(card.to_json())
    values = rows(20, 2)[0]
    assert again.log_odds(values).tolist() == card.log_odds(values).tolist()
    assert again.spread(values).tolist() == card.spread(values).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_changes_keep_their_directions_even_against_the_labels(seed: int) -> None:
    values, positive, weight = rows(400, seed)
    against = 1.0 - positive
    for labels in (positive, against):
        card = fit_steps(STEPS, values, labels, weight, FLAT)
        boosted = fit_boosted_steps(STEPS, values, labels, weight, card)
        for one in (card, boosted):
            assert (one.changes * directions(STEPS) >= 0.0).all()


def test_both_find_what_tells() -> None:
    values, positive, weight = rows(4_000)
    card = fit_steps(STEPS, values, positive, weight, FLAT)
    boosted = fit_boosted_steps(STEPS, values, positive, weight, card)
    for one in (card, boosted):
        probability = 1.0 / (1.0 + np.exp(-one.log_odds(np.array([[0.0, 9.0], [3.0, 0.0]]))))
        assert probability[0] < 0.08
        assert 0.45 < probability[1] < 0.65


def test_rows_may_come_in_any_order() -> None:
    values, positive, weight = rows(300)
    order = np.random.default_rng(3).permutation(300)
    first = fit_steps(STEPS, values, positive, weight, FLAT)
    second = fit_steps(STEPS, values[order], positive[order], weight[order], FLAT)
    assert first.to_json() == second.to_json()
    trees = [
        fit_boosted_steps(STEPS, values, positive, weight, first),
        fit_boosted_steps(STEPS, values[order], positive[order], weight[order], first),
    ]
    assert trees[0].to_json() == trees[1].to_json()


def test_few_labels_leave_the_prior() -> None:
    prior = StepPrior(-1.0, np.array([0.7, 0.3, -0.4]), 0.1)
    values, positive, weight = rows(12)
    card = fit_steps(STEPS, values, positive, weight, prior)
    assert card.changes == pytest.approx(prior.changes, abs=0.05)


@given(st.integers(3, 8), st.integers(0, 10_000))
def test_taking_findings_away_raises_nobodys_exposure(n: int, seed: int) -> None:
    stream = np.random.default_rng(seed)
    weight = np.triu(stream.random((n, n)) * (stream.random((n, n)) < 0.5), 1)
    ties = sparse.csr_array(weight + weight.T)
    seeds = stream.random(n) * (stream.random(n) < 0.7)
    less = seeds.copy()
    less[int(stream.integers(n))] = 0.0
    assert (exposure(ties, less) <= exposure(ties, seeds) + 1e-9).all()


def test_exposure_of_three_in_a_row() -> None:
    ties = sparse.csr_array(np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]))
    near, middle, far = exposure(ties, np.array([1.0, 0.0, 0.0])).tolist()
    assert (middle, far, near) == pytest.approx((1 / 3, 1 / 12, 1 / 12))
    assert exposure(ties, np.zeros(3)).tolist() == [0.0, 0.0, 0.0]


def test_what_came_from_a_known_site() -> None:
    flow = np.zeros((4, 4))
    flow[0, 2], flow[1, 2], flow[2, 3] = 1.0, 3.0, 5.0
    assert inherited(sparse.csr_array(flow), np.array([1.0, 0.0, 0.0, 0.0])).tolist() == [
        1.0,
        0.0,
        0.25,
        0.25,
    ]


def test_features_are_told_in_both_languages() -> None:
    for feature in FEATURES:
        assert feature.direction in (1, -1)
        assert list(feature.cuts) == sorted(set(feature.cuts))
        assert "0.5" in feature.text(0.5)
        assert any("一" <= letter <= "鿿" for letter in feature.text(0.5))

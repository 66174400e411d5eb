"""Scorecards: contributions add up, order makes no difference, the better model is taken, later rows never help."""

import numpy as np
import pytest
from scipy.special import expit

from suyuan.analytics.backtest import fit_chosen
from suyuan.analytics.coded_table import CodedTable
from suyuan.analytics.ranking_measures import auroc, calibration_error, precision_at
from suyuan.analytics.scorecard import Model, fit_scorecards
from suyuan.graph.snapshot import FloatArray, Int64Array

EXACT = 1e-9


def market(rows: int, seed: int = 0) -> tuple[CodedTable, FloatArray, Int64Array]:
    """Goods, countries and prices that tell, firms that do not, and the time of each row."""
    rng = np.random.default_rng(seed)
    sizes = (12, 6, 300)
    codes = np.stack([rng.integers(0, size, rows) for size in sizes], axis=1)
    price = rng.lognormal(size=rows)
    risky = np.random.default_rng(9).random((12, 6)) < 0.2
    log_odds = -2.5 + 4.0 * risky[codes[:, 0], codes[:, 1]] - 0.5 * np.log(price)
    positive = (rng.random(rows) < expit(log_odds)).astype(float)
    price[::97] = np.nan
    table = CodedTable(("goods", "country", "firm"), codes, sizes, ("price",), price[:, None])
    return table, positive, np.arange(rows)


@pytest.fixture(scope="module")
def learnt() -> tuple[CodedTable, FloatArray, Int64Array]:
    return market(3_000)


@pytest.mark.parametrize("model", list(Model))
def test_contributions_add_up(model: Model, learnt: tuple[CodedTable, FloatArray, Int64Array]) -> None:
    table, positive, _ = learnt
    card = fit_scorecards(table, positive)[model].calibrated(1.1, -0.05)
    new, outcome, _ = market(1_000, seed=1)
    added = card.base + card.contributions(new).sum(axis=1)
    assert np.abs(added - card.log_odds(new)).max() <= EXACT
    assert np.abs(expit(added) - card.probability(new)).max() <= EXACT
    assert card.contributions(new).shape == (1_000, len(card.terms))
    found = auroc(outcome, card.log_odds(new))
    assert found is not None
    assert found > 0.8
    if card.boosted is not None:
        raw = card.boosted.decision_function(card.features.values(new))
        assert np.abs((added - card.shift) / card.slope - raw).max() <= EXACT


@pytest.mark.parametrize("model", list(Model))
def test_order_of_rows_makes_no_difference(
    model: Model, learnt: tuple[CodedTable, FloatArray, Int64Array]
) -> None:
    table, positive, _ = learnt
    order = np.random.default_rng(4).permutation(len(table))
    new, _, _ = market(500, seed=1)
    first = fit_scorecards(table, positive)[model].log_odds(new)
    second = fit_scorecards(table.take(order), positive[order])[model].log_odds(new)
    assert first.tolist() == second.tolist()


def test_more_evidence_never_counts_against(learnt: tuple[CodedTable, FloatArray, Int64Array]) -> None:
    table, positive, _ = learnt
    cards = fit_scorecards(table, positive)
    assert (cards[Model.SCORECARD].weights >= 0.0).all()
    new, _, _ = market(500, seed=1)
    card = cards[Model.BOOSTED]
    values, added = card.features.values(new), card.contributions(new)
    for term in range(values.shape[1]):
        order = np.argsort(values[:, term], kind="stable")
        assert (np.diff(added[order, term]) >= -EXACT).all()


def test_the_choice_is_calibrated_and_tested(learnt: tuple[CodedTable, FloatArray, Int64Array]) -> None:
    table, positive, time = learnt
    choice = fit_chosen(table, positive, time)
    assert [test.model for test in choice.tests] == list(Model)
    assert choice.scorecard.model == min(choice.tests, key=lambda test: test.log_loss).model
    new, outcome, _ = market(4_000, seed=1)
    assert calibration_error(outcome, choice.scorecard.probability(new)) < 0.03
    assert fit_chosen(table, positive, None).tests


def test_later_rows_do_not_help_earlier_windows() -> None:
    """What is predicted in the first window is the same whatever comes after it."""
    table, positive, time = market(2_000)
    changed = positive.copy()
    changed[time >= 1_600] = np.random.default_rng(6).permutation(changed[time >= 1_600])
    before = np.flatnonzero(time < 1_200)
    window = np.flatnonzero((time >= 1_200) & (time < 1_600))
    cards = [fit_scorecards(table.take(before), each[before]) for each in (positive, changed)]
    for model in Model:
        first, second = (each[model].log_odds(table.take(window)) for each in cards)
        assert first.tolist() == second.tolist()


def test_few_rows_get_a_scorecard_without_test() -> None:
    table, positive, time = market(40)
    choice = fit_chosen(table, positive, time)
    assert choice.tests == ()
    assert choice.scorecard.model is Model.SCORECARD
    assert np.isfinite(choice.scorecard.log_odds(table)).all()


def test_a_table_of_codes_alone_and_of_quantities_alone() -> None:
    table, positive, _ = market(600)
    codes = CodedTable(table.code_names, table.codes, table.sizes, (), np.empty((600, 0)))
    quantities = CodedTable((), np.empty((600, 0), np.int64), (), ("price",), table.quantities)
    for part in (codes, quantities):
        for card in fit_scorecards(part, positive).values():
            assert np.isfinite(card.log_odds(part)).all()


def test_measures() -> None:
    positive = np.array([1.0, 0.0, 1.0, 0.0])
    assert auroc(positive, np.array([4.0, 3.0, 2.0, 1.0])) == 0.75
    assert auroc(np.ones(3), np.arange(3.0)) is None
    assert precision_at(positive, np.ones(4), 0.25) == 0.5
    assert precision_at(np.empty(0), np.empty(0), 0.5) is None
    assert precision_at(positive, np.array([4.0, 3.0, 2.0, 1.0]), 0.5) == 0.5
    assert calibration_error(positive, np.full(4, 0.5)) == pytest.approx(0.5)

"""Histories of codes: out of fold, shrunk, and never told their own label."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from suyuan.analytics.coded_table import UNSEEN, CodedTable, binned, canonical_order, content_folds, cuts_of
from suyuan.analytics.histories import Labels, chosen_columns, fit_chain
from suyuan.analytics.monotone_bins import fit_bins
from suyuan.analytics.ranking_measures import auroc
from suyuan.graph.snapshot import FloatArray, Int64Array


def table_of(codes: Int64Array) -> CodedTable:
    names = tuple(f"c{column}" for column in range(codes.shape[1]))
    sizes = tuple(int(size) for size in codes.max(axis=0) + 1)
    return CodedTable(names, codes, sizes, (), np.empty((len(codes), 0)))


def noise(rows: int, firms: int) -> tuple[CodedTable, FloatArray]:
    """Firms that say nothing about the labels."""
    rng = np.random.default_rng(5)
    codes = np.stack([rng.integers(0, firms, rows), rng.permutation(rows)], axis=1)
    return table_of(codes), (rng.random(rows) < 0.3).astype(float)


def fit(table: CodedTable, positive: FloatArray, columns: list[int], folds: int = 5) -> FloatArray:
    labels = Labels.of(positive, content_folds(table, folds), folds)
    return fit_chain(table, columns, labels)[1]


def test_what_a_row_is_told_does_not_change_with_its_own_label() -> None:
    table, positive = noise(60, 6)
    labels = content_folds(table, 5)
    for row in range(len(table)):
        other = positive.copy()
        other[row] = 1.0 - other[row]
        # Of one strength, since the strength is chosen by all labels together.
        steps = [fit_fixed(table, each, labels) for each in (positive, other)]
        assert steps[0][row] == pytest.approx(steps[1][row], abs=1e-12)


def fit_fixed(table: CodedTable, positive: FloatArray, fold: Int64Array) -> FloatArray:
    from suyuan.analytics import histories

    labels = Labels.of(positive, fold, 5)
    groups = histories._groups(table, np.zeros(len(table), np.int64), 0, labels)  # pyright: ignore[reportPrivateUsage]
    return logit(groups.share(labels.base, 5.0)) - logit(labels.base)


def test_a_planted_leak_is_seen() -> None:
    """The same check fails for encodings that have seen the label, so it can be trusted."""
    table, positive = noise(1_000, 400)
    labels = Labels.of(positive, content_folds(table, 5), 5)
    chain, steps = fit_chain(table, [0], labels)
    out_of_fold = auroc(positive, steps[:, 0])
    in_sample = auroc(positive, chain.steps(table)[:, 0])
    assert out_of_fold is not None
    assert in_sample is not None
    assert in_sample > 0.8
    assert abs(out_of_fold - 0.5) < 0.06


def test_equal_rows_share_a_fold() -> None:
    rng = np.random.default_rng(1)
    table = table_of(rng.integers(0, 3, (200, 2)))
    fold = content_folds(table, 5)
    for one in np.unique(table.codes, axis=0):
        assert len(set(fold[(table.codes == one).all(axis=1)].tolist())) == 1


@given(st.permutations(range(12)))
def test_order_and_folds_follow_content(order: list[int]) -> None:
    codes = np.stack([np.arange(12) % 3, np.arange(12) % 5], axis=1)
    table = table_of(codes)
    moved = table.take(np.array(order))
    assert (moved.codes[canonical_order(moved)] == codes[canonical_order(table)]).all()
    assert content_folds(moved, 4).tolist() == content_folds(table, 4)[order].tolist()


def test_a_combination_nobody_saw_adds_nothing() -> None:
    codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 10)
    positive = (codes[:, 0] == 1).astype(float)
    table = table_of(codes)
    labels = Labels.of(positive, np.arange(40) % 5, 5)
    chain, _ = fit_chain(table, [0, 1], labels)
    new = CodedTable(
        table.code_names, np.array([[1, UNSEEN], [UNSEEN, 1]]), table.sizes, (), np.empty((2, 0))
    )
    steps = chain.steps(new)
    assert steps[0, 0] > 0.0
    assert steps[0, 1] == 0.0
    assert (steps[1] == 0.0).all()


def test_the_columns_chosen_are_those_that_tell() -> None:
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 4, (4_000, 5))
    likely = (codes[:, 1] + codes[:, 3]) % 2 == 0
    positive = (rng.random(4_000) < np.where(likely & (codes[:, 1] > 0), 0.8, 0.1)).astype(float)
    table = table_of(codes)
    chosen = chosen_columns(table, Labels.of(positive, content_folds(table, 5), 5))
    assert set(chosen) == {1, 3}
    nothing = (rng.random(4_000) < 0.3).astype(float)
    assert chosen_columns(table, Labels.of(nothing, content_folds(table, 5), 5)) == ()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_bins_rise_or_fall_throughout(sign: float) -> None:
    rng = np.random.default_rng(3)
    quantity = rng.normal(size=2_000)
    positive = (rng.random(2_000) < 1.0 / (1.0 + np.exp(-2.0 * sign * quantity))).astype(float)
    quantity[::50] = np.nan
    labels = Labels.of(positive, np.arange(2_000) % 5, 5)
    bins, outside = fit_bins(quantity, labels)
    evidence = bins.of(np.linspace(-4.0, 4.0, 50))
    assert (sign * np.diff(evidence) >= 0.0).all()
    assert sign * (evidence[-1] - evidence[0]) > 2.0
    assert np.isfinite(outside).all()
    assert bins.of(np.array([np.nan]))[0] == bins.evidence[-1]


def test_cuts_and_bins_agree() -> None:
    quantity = np.array([1.0, 1.0, 2.0, 3.0, np.nan])
    cuts = cuts_of(quantity, 4)
    assert binned(quantity, cuts).max() == len(cuts) + 1
    assert binned(quantity, cuts)[0] == binned(quantity, cuts)[1]
    assert cuts_of(np.array([np.nan]), 4).tolist() == []

"""A table whose columns are codes (categories) and quantities, and an order of its rows that only content decides."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from suyuan.graph.snapshot import FloatArray, Int64Array

UNSEEN: Final = -1
"""Code of a value that the training rows do not have."""

_SEED: Final = 20_261_129


def cuts_of(quantity: FloatArray, bins: int) -> FloatArray:
    """Where to cut a quantity into bins of about equally many rows: sorted, at most ``bins - 1`` cuts."""
    known = quantity[~np.isnan(quantity)]
    if not len(known):
        return np.empty(0)
    return np.unique(np.quantile(known, np.linspace(0.0, 1.0, bins + 1)[1:-1], method="lower"))


def binned(quantity: FloatArray, cuts: FloatArray) -> Int64Array:
    """The bin of each value, from 0 on; a missing one has the bin after the last, ``len(cuts) + 1``."""
    bins = np.searchsorted(cuts, quantity, side="left").astype(np.int64)
    return np.where(np.isnan(quantity), len(cuts) + 1, bins)


@dataclass(frozen=True, slots=True)
class CodedTable:
    """Rows of a table in arrays.

    Parameters
    ----------
    code_names : names of the columns of ``codes``
    codes : int64, shape (n, c), positions in the sorted values of the training rows; UNSEEN for others
    sizes : number of values of each code column among the training rows
    quantity_names : names of the columns of ``quantities``
    quantities : float64, shape (n, q); NaN where missing
    """

    code_names: tuple[str, ...]
    codes: Int64Array
    sizes: tuple[int, ...]
    quantity_names: tuple[str, ...]
    quantities: FloatArray

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Int64Array) -> "CodedTable":
        """Some of the rows, in the order given."""
        return CodedTable(
            self.code_names, self.codes[rows], self.sizes, self.quantity_names, self.quantities[rows]
        )


def canonical_order(table: CodedTable, *more: Int64Array) -> Int64Array:
    """Positions of the rows sorted by content: by ``more``, then codes, then quantities.

    Notes
    -----
    Rows that are equal in all of it are interchangeable, so that what is computed in this order does not depend on the
    order the rows came in.
    """
    keys = [*more, *table.codes.T, *table.quantities.T]
    return np.lexsort(keys[::-1]) if keys else np.arange(len(table), dtype=np.int64)


def canonical_matrix_order(values: FloatArray) -> Int64Array:
    """Positions of the rows of a matrix sorted by content, the first column first."""
    return np.lexsort(values.T[::-1])


def content_folds(table: CodedTable, folds: int) -> Int64Array:
    """A fold for each row, shape (n,): rows with equal codes and quantities share one.

    Notes
    -----
    A row that stands in the table twice must not be told its own label by its copy.
    """
    order = canonical_order(table)
    first = np.ones(len(table), np.bool_)
    if len(table) > 1:
        codes, quantities = table.codes[order], table.quantities[order]
        same = (codes[1:] == codes[:-1]).all(axis=1)
        alike = (quantities[1:] == quantities[:-1]) | (np.isnan(quantities[1:]) & np.isnan(quantities[:-1]))
        first[1:] = ~(same & alike.all(axis=1))
    group = np.cumsum(first) - 1
    drawn = np.random.default_rng(_SEED).permutation(int(first.sum())) % folds
    fold = np.empty(len(table), np.int64)
    fold[order] = drawn[group]
    return fold

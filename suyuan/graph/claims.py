"""Listings and the rights whose numbers they print: an edge that two records make together."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.edgebuild import LooseEdges
from suyuan.graph.gather import Rows
from suyuan.graph.snapshot import Int32Array
from suyuan.graph.texts import distinct, joined, plain

CLAIMS: Final = ("CLAIMS", "Listing", "Right")


def claims_of(rows: Rows, listing: Int32Array) -> tuple[Int32Array, pa.Array]:
    """Positions of listings and the numbers they print, each pair once."""
    lists = rows.columns["claimed_rights"]
    parents = np.asarray(pc.list_parent_indices(lists))
    numbers = plain(pc.list_flatten(lists))
    held = np.flatnonzero(np.asarray(pc.is_valid(numbers)))
    numbers = plain(pc.take(numbers, pa.array(held)))
    claimant = listing[parents[held]]
    pairs = claimant.astype(np.int64) * (len(numbers) + 1) + distinct(numbers).place
    _, first = np.unique(pairs, return_index=True)
    return claimant[first], plain(pc.take(numbers, pa.array(first)))


def claim_edges(
    listing: Int32Array, number: pa.Array, right: Int32Array, right_number: pa.Array
) -> LooseEdges:
    """An edge for every right that has a number that a listing prints.

    Parameters
    ----------
    listing, number : claims, shape (n,).
    right, right_number : positions of rights and their numbers (nulls allowed), shape (m,).
    """
    held = np.flatnonzero(np.asarray(pc.is_valid(right_number)))
    right, right_number = right[held], plain(pc.take(right_number, pa.array(held)))
    codes = distinct(joined([number, right_number])).place
    wanted, offered = codes[: len(number)], codes[len(number) :]
    by_number = np.argsort(offered, kind="stable")
    low = np.searchsorted(offered[by_number], wanted, "left")
    count = np.searchsorted(offered[by_number], wanted, "right") - low
    claim = np.repeat(np.arange(len(number)), count)
    within = np.arange(len(claim)) - np.repeat(np.cumsum(count) - count, count)
    target = right[by_number[low[claim] + within]]
    return LooseEdges(CLAIMS, listing[claim], target.astype(np.int32), {})

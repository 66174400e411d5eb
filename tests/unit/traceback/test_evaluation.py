"""Baselines and measures on graphs small enough to count by hand."""

import numpy as np
import pytest

from suyuan.traceback.baselines import (
    Reached,
    indifference,
    nearness,
    path_counts,
    reached_origins,
    shares_of_cases,
)
from suyuan.traceback.cases import first_movements
from suyuan.traceback.evaluation import MISS, Hit, calibration_error, hit, score
from suyuan.traceback.parameters import TraceParameters
from suyuan.traceback.preparation import prepare
from suyuan.traceback.trace import walk_from
from tests.unit.traceback.worlds import Move, World, name_of, positions


def diamond() -> tuple[World, list[str]]:
    moves = (
        Move("1", "F", "M", 0, 1),
        Move("2", "F", "M", 0, 1),
        Move("3", "M", "W", 2, 3),
        Move("4", "M", "W", 2, 3),
        Move("5", "G", "W", 2, 3),
        Move("6", "W", "X", 5, 6),
    )
    return World(moves, {"F": "factory", "G": "factory", "M": "warehouse", "W": "warehouse"}), ["F", "G"]


def test_chains_and_hops_are_counted() -> None:
    world, factories = diamond()
    graph = world.graph()
    prepared = prepare(graph, TraceParameters())
    (position,) = positions(graph, "Shipment", ["6"])
    start = first_movements(prepared, "Shipment", position)
    found = reached_origins(prepared, walk_from(prepared, start).visits, start.movements)
    assert [name_of(graph, "Site", site) for site in found.sites] == factories
    assert found.paths.tolist() == [4.0, 1.0]
    assert found.hops.tolist() == [3, 2]
    assert path_counts(found).tolist() == [4.0, 1.0]
    assert nearness(found).tolist() == [-3.0, -2.0]
    assert indifference(found).tolist() == [0.0, 0.0]


def test_the_share_of_cases_counts_cases() -> None:
    def case(*sites: int) -> Reached:
        return Reached(np.array(sites, np.int32), np.ones(len(sites), np.int32), np.ones(len(sites)))

    shares = shares_of_cases([case(1, 2), case(2), case(2, 3)])
    assert [one.tolist() for one in shares] == [
        pytest.approx([1 / 3, 1.0]),
        pytest.approx([1.0]),
        pytest.approx([1.0, 1 / 3]),
    ]


def test_equal_scores_stand_in_an_order_left_to_chance() -> None:
    sites = np.array([1, 2, 3, 4], np.int32)
    assert hit(sites, np.array([0.4, 0.3, 0.2, 0.1]), 2) == Hit(0.0, 1.0, 0.5)
    quarter = hit(sites, np.zeros(4), 3)
    assert (quarter.top1, quarter.top3) == (0.25, 0.75)
    assert quarter.reciprocal_rank == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert hit(sites, np.zeros(4), 9) == MISS
    assert score([]).cases == 0
    assert score([quarter, MISS]).top1 == 0.125


def test_calibration_is_measured_bin_by_bin() -> None:
    probability = np.array([0.1, 0.1, 0.9, 0.9])
    assert calibration_error(probability, np.array([0.0, 0.0, 1.0, 1.0]), bins=2) == pytest.approx(0.1)
    assert calibration_error(probability, np.array([1.0, 1.0, 0.0, 0.0]), bins=2) == pytest.approx(0.9)
    assert calibration_error(np.empty(0), np.empty(0)) == 0.0

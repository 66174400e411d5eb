"""Fitting: folds, and that a search finds parameters at least as likely as those it begins with."""

from suyuan.traceback.fitting import Confirmed, fitted, folds_of, likelihoods, walked
from suyuan.traceback.parameters import TraceParameters
from suyuan.traceback.preparation import prepare
from tests.unit.traceback.worlds import Move, World, positions

ROLES = {"A": "factory", "B": "factory", "C": "warehouse", "D": "warehouse", "E": "wholesale_market"}
START = TraceParameters(infer_products=True, infer_makers=True, dwell_days=(30.0,) * 9)


def old_and_new() -> World:
    """Goods of A come first and stay long, goods of B follow; what leaves soon after B's arrival is B's."""
    moves: list[Move] = []
    for turn in range(12):
        day = 40.0 * turn
        moves += [
            Move(f"a{turn}", "A", "C", day, day + 1, "P"),
            Move(f"b{turn}", "B", "C", day + 12, day + 13, "P"),
            Move(f"end{turn}", "C", "E", day + 14, day + 15, "P"),
        ]
    return World(tuple(moves), ROLES)


def test_short_stays_are_learnt_from_goods_that_left_soon() -> None:
    graph = old_and_new().graph()
    prepared = prepare(graph, START)
    (site,) = positions(graph, "Site", ["B"])
    ends = positions(graph, "Shipment", [f"end{turn}" for turn in range(12)])
    cases = [walked(prepared, Confirmed("Shipment", end, site)) for end in ends]
    known = [case for case in cases if case is not None]
    assert len(known) == 12
    told: list[float] = []
    found = fitted(known, START, evaluations=60, progress=lambda count, mean: told.append(mean))
    assert likelihoods(known, found).mean() > likelihoods(known, START).mean() + 0.1
    assert found.dwell_days[3] < 20.0
    assert 1 <= len(told) <= 60


def test_a_case_that_leads_nowhere_is_not_walked() -> None:
    """A lot that an event names and no movement carried."""
    repacked = (("C", ("P", "1"), ("P", "2")),)
    graph = World((Move("a", "A", "C", 0, 1, "P"),), ROLES, repacked=repacked).graph()
    (site,) = positions(graph, "Site", ["A"])
    (lot,) = positions(graph, "Lot", ["P:1"])
    assert walked(prepare(graph, START), Confirmed("Lot", lot, site)) is None


def test_cases_of_one_group_stay_in_one_fold() -> None:
    folds = folds_of([1, 1, 2, 3, 3, 3, 4], folds=3)
    assert sorted(place for fold in folds for place in fold) == list(range(7))
    for group in ((0, 1), (3, 4, 5)):
        assert sum(bool(set(group) & set(fold)) for fold in folds) == 1
    assert [len(fold) for fold in folds_of([1, 1, 1])] == [3]

import numpy as np
import pytest

from suyuan.simulate.building import Market, build_market
from suyuan.simulate.options import MarketOptions, Mixing
from suyuan.simulate.world import DAY

MIXINGS: tuple[Mixing, ...] = ("fifo", "proportional", "age", "outside", "partly_fifo")


def small_market(mixing: Mixing) -> Market:
    return build_market(MarketOptions(movements=1200, cases=20, mixing=mixing))


@pytest.mark.parametrize("mixing", MIXINGS)
def test_no_unit_leaves_that_did_not_come(mixing: Mixing) -> None:
    flow = small_market(mixing).flow
    rows = np.flatnonzero(flow.previous >= 0)
    taken = np.bincount(flow.previous[rows], weights=flow.quantity[rows], minlength=len(flow))
    assert (flow.quantity > 0).all()
    assert (taken <= flow.quantity).all()
    assert taken.sum() > 0


@pytest.mark.parametrize("mixing", MIXINGS)
def test_goods_leave_where_and_after_they_came_as_what_they_were(mixing: Mixing) -> None:
    flow = small_market(mixing).flow
    rows = np.flatnonzero(flow.previous >= 0)
    before = flow.previous[rows]
    ready = np.maximum(flow.arrived[before], flow.repack_at[before])
    assert (flow.to_site[before] == flow.from_site[rows]).all()
    assert (ready <= flow.departed[rows]).all()
    assert (flow.product[before] == flow.product[rows]).all()
    assert (flow.factory[before] == flow.factory[rows]).all()
    label = np.where(flow.repack_lot[before] >= 0, flow.repack_lot[before], flow.lot[before])
    assert (label == flow.lot[rows]).all()


def test_what_has_no_source_comes_from_a_factory_that_makes_it() -> None:
    market = small_market("partly_fifo")
    flow, world = market.flow, market.world
    for row in np.flatnonzero(flow.previous < 0).tolist():
        assert flow.factory[row] == flow.from_site[row] < world.n_factories
        assert flow.factory[row] in world.makes[int(flow.product[row])]
        assert flow.lots.factory[flow.lot[row]] == flow.factory[row]
        assert flow.lots.made[flow.lot[row]] <= flow.departed[row]


def test_first_in_first_out_takes_the_oldest_batch() -> None:
    flow = small_market("fifo").flow
    rows = np.flatnonzero(flow.previous >= 0)
    ready = np.maximum(flow.arrived, flow.repack_at)
    left = flow.quantity.copy()
    held: dict[int, list[int]] = {}
    checked = 0
    for row in range(len(flow)):
        source = int(flow.previous[row])
        if source >= 0:
            stock = [batch for batch in held[int(flow.to_bin[source])] if left[batch] > 0]
            oldest = min(ready[batch] for batch in stock if ready[batch] <= flow.departed[row])
            assert ready[source] == oldest
            left[source] -= flow.quantity[row]
            checked += 1
        if flow.to_bin[row] >= 0:
            held.setdefault(int(flow.to_bin[row]), []).append(row)
    assert checked == rows.shape[0]


def test_mixing_rules_differ() -> None:
    dwell: dict[str, float] = {}
    for mixing in MIXINGS:
        flow = small_market(mixing).flow
        rows = np.flatnonzero(flow.previous >= 0)
        dwell[mixing] = float(np.var((flow.departed[rows] - flow.arrived[flow.previous[rows]]) / DAY))
    assert len({round(value, 6) for value in dwell.values()}) == len(MIXINGS)
    assert dwell["outside"] > dwell["fifo"]

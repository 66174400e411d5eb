"""Origin mass against all histories of a unit, multiplied out from the formula by lines of their own."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.graph.rows import snapshot_of_rows
from suyuan.traceback.parameters import TraceLimits, TraceParameters, role_values
from suyuan.traceback.preparation import prepare
from suyuan.traceback.trace import trace
from tests.unit.traceback.mass_oracle import Law, Leg, Market
from tests.unit.traceback.worlds import DAY, EPOCH, positions

PLACES = "ABCDE"
ROLES = (None, "factory", "warehouse", "wholesale_market", "port")

laws = st.builds(
    Law,
    fifo_share=st.sampled_from((0.0, 0.1, 0.6, 1.0)),
    bandwidth=st.sampled_from((0.5, 2.0, 7.0)),
    dwell=st.fixed_dictionaries({role: st.sampled_from((1.5, 4.0, 20.0)) for role in ROLES}),
    floor=st.fixed_dictionaries({role: st.sampled_from((0.0, 0.01, 0.25)) for role in ROLES}),
    longest_stay=st.sampled_from((None, None, 3.0, 8.0)),
)


@st.composite
def legs(draw: st.DrawFn, number: int) -> Leg:
    left = draw(st.integers(0, 16))
    return Leg(
        name=f"m{number}",
        origin=draw(st.sampled_from(PLACES)),
        target=draw(st.sampled_from(PLACES)),
        left=left,
        came=left + draw(st.sampled_from((0.5, 1.0, 3.0))),
        product=draw(st.sampled_from("PPQ")),
        lot=draw(st.sampled_from((None, None, "1", "2"))),
        quantity=draw(st.sampled_from((None, 1.0, 2.0, 5.0, 9.0))),
        unit=draw(st.sampled_from((None, "箱", "箱", "箱", "kg"))),
    )


@st.composite
def markets(draw: st.DrawFn) -> Market:
    count = draw(st.integers(1, 8))
    return Market(
        legs=[draw(legs(number)) for number in range(count)],
        role={place: draw(st.sampled_from(ROLES)) for place in PLACES},
        makes={
            place: frozenset(products)
            for place in PLACES
            if (products := draw(st.sampled_from(("", "", "", "P", "Q"))))
        },
        law=draw(laws),
    )


def parameters(law: Law) -> TraceParameters:
    return TraceParameters(
        fifo_share=law.fifo_share,
        bandwidth=law.bandwidth,
        dwell_days=role_values(law.dwell[None], **{role: value for role, value in law.dwell.items() if role}),
        floor=role_values(law.floor[None], **{role: value for role, value in law.floor.items() if role}),
        max_dwell_days=law.longest_stay,
    )


def tables_of(market: Market) -> dict[str, list[dict[str, Any]]]:
    shipments = [
        {
            "shipment_id": leg.name,
            "from_site": leg.origin,
            "to_site": leg.target,
            "departed_at": EPOCH + int(leg.left * DAY),
            "arrived_at": EPOCH + int(leg.came * DAY),
            "product_id": leg.product,
            "lot_id": leg.lot,
            "quantity": leg.quantity,
            "unit": leg.unit,
        }
        for leg in market.legs
    ]
    makes = [
        {"site_id": place, "product_id": product, "relation": "makes"}
        for place, products in market.makes.items()
        for product in sorted(products)
    ]
    sites = [{"site_id": place, "role": role} for place, role in market.role.items()]
    return {"shipments": shipments, "sites": sites, "site_products": makes}


@settings(max_examples=150, deadline=None)
@given(markets())
def test_mass_is_that_of_all_histories(market: Market) -> None:
    graph = snapshot_of_rows(tables_of(market))
    prepared = prepare(graph, parameters(market.law))
    sites = graph.nodes["Site"]
    for leg in market.legs:
        (start,) = positions(graph, "Shipment", [leg.name])
        result = trace(prepared, "Shipment", start, limits=TraceLimits(max_hops=50))
        found: dict[tuple[str, str], float] = {}
        for kind, ends in (("origin", result.origins), ("unresolved", result.unresolved)):
            for end in ends:
                key = kind, sites.id_at(end.site).partition(":")[2]
                found[key] = found.get(key, 0.0) + end.probability
        expected = market.mass(leg)
        assert sum(expected.values()) == pytest.approx(1.0, abs=1e-9)
        for key in found.keys() | expected.keys():
            assert found.get(key, 0.0) == pytest.approx(expected.get(key, 0.0), abs=1e-9), (leg.name, key)


@settings(max_examples=50, deadline=None)
@given(markets())
def test_paths_are_histories_that_end_at_an_origin(market: Market) -> None:
    graph = snapshot_of_rows(tables_of(market))
    prepared = prepare(graph, parameters(market.law))
    shipments = graph.nodes["Shipment"]
    for leg in market.legs:
        (start,) = positions(graph, "Shipment", [leg.name])
        known = {names: probability for names, end, probability in market.histories(leg) if end == "origin"}
        for path in trace(prepared, "Shipment", start, limits=TraceLimits(max_hops=50)).paths:
            names = tuple(shipments.id_at(m).partition(":")[2] for m in reversed(path.movements))
            assert path.probability == pytest.approx(known[names], abs=1e-9)


@pytest.mark.parametrize("oracle", ["mass_oracle", "plain_model"])
def test_the_oracles_use_nothing_of_what_they_judge(oracle: str) -> None:
    code = (
        f"import sys, tests.unit.traceback.{oracle}\n"
        "print(sorted(name for name in sys.modules if name.startswith('suyuan.traceback')))"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=240, check=True
    )
    assert done.stdout.strip() == "[]"

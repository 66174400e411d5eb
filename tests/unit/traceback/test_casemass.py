"""Masses of many cases: the same as single traces give, as one matrix beside what is usual."""

import numpy as np
import pytest

from suyuan.graph.rows import snapshot_of_rows
from suyuan.traceback.casemass import Background, CaseMass, background, case_mass, mass_table, sampled
from suyuan.traceback.parameters import DEFAULT_PARAMETERS, TraceLimits
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.trace import trace


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    graph = snapshot_of_rows(
        {
            "sites": [{"site_id": name, "role": "factory"} for name in ("F1", "F2")],
            "shipments": [
                {
                    "shipment_id": f"{name}{number}",
                    "from_site": name,
                    "to_site": to,
                    "departed_at": f"2025-01-0{number}",
                    "arrived_at": f"2025-01-0{number + 1}",
                }
                for name, to, number in (("F1", "W", 1), ("F2", "W", 2), ("W", "R", 4))
            ],
        }
    )
    return prepare(graph, DEFAULT_PARAMETERS)


def mass(sites: list[int], values: list[float]) -> CaseMass:
    return CaseMass("site", np.array(sites, np.int32), np.array(values), np.empty(0, np.int32), False)


@pytest.mark.parametrize("name", ["R", "W", "F1"])
def test_a_case_has_the_origins_of_its_trace(prepared: Prepared, name: str) -> None:
    position = prepared.snapshot.nodes["Site"].position(f"Site:{name}")
    found, whole = case_mass(prepared, "Site", position), trace(prepared, "Site", position)
    assert list(zip(found.sites.tolist(), found.mass.tolist(), strict=True)) == list(whole.origins)
    assert found.rule == whole.rule
    assert len(found.sites)
    assert not found.truncated


def test_a_limit_that_cuts_is_told(prepared: Prepared) -> None:
    position = prepared.snapshot.nodes["Site"].position("Site:R")
    assert case_mass(prepared, "Site", position, TraceLimits(max_hops=1)).truncated


def test_the_table_is_ordered_by_site_id_and_knows_what_is_usual() -> None:
    usual = background(4, [mass([3], [1.0]), mass([3, 1], [0.5, 0.25]), mass([], [])])
    assert usual.total.tolist() == [0.0, 0.25, 0.0, 1.5]
    assert usual.cases == 2
    rank = np.array([3, 2, 1, 0], np.int32)
    table = mass_table([mass([0, 3], [0.4, 0.6]), mass([3], [0.2])], usual, rank)
    assert table.sites.tolist() == [3, 0]
    assert table.masses.toarray().tolist() == [[0.6, 0.4], [0.2, 0.0]]
    assert table.places.tolist() == [True, True]
    # Sums of the sample, and twice the group's mean: 1.5 + 0.8 and 0 + 0.4 of 1.75 + 1.2 in all.
    assert table.usual == pytest.approx([2.3 / 2.95, 0.4 / 2.95])


def test_without_a_sample_the_group_itself_is_what_is_usual() -> None:
    table = mass_table(
        [mass([0], [0.5]), mass([1], [0.5])], Background(np.zeros(2), 0), np.arange(2, dtype=np.int32)
    )
    assert table.usual == pytest.approx([0.5, 0.5])


def test_a_sample_is_spread_over_the_ids() -> None:
    graph = snapshot_of_rows({"sites": [{"site_id": f"S{number:02}"} for number in (5, 3, 1, 0, 2, 4, 7, 6)]})
    sites = graph.nodes["Site"]
    assert [sites.id_at(site) for site in sampled(sites, 4)] == [
        "Site:S00",
        "Site:S02",
        "Site:S04",
        "Site:S06",
    ]
    assert len(sampled(sites, 100)) == 8

"""Temperatures: what they change and what not, and that a known one is found again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.errors import ParameterError
from suyuan.graph.rows import snapshot_of_rows
from suyuan.traceback.calibration import (
    LEAST_CASES,
    Calibration,
    at_temperature,
    calibrated,
)
from suyuan.traceback.explanation import Parts
from suyuan.traceback.parameters import TraceParameters
from suyuan.traceback.preparation import prepare
from suyuan.traceback.results import Gap, Origin, OriginPath, Reach, TraceResult, Unresolved
from suyuan.traceback.temperature import fitted_temperature
from suyuan.traceback.trace import trace

rows = st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=6).map(
    lambda values: np.array(values) / sum(values)
)


@given(rows, st.floats(0.3, 4.0))
def test_sum_and_order_are_kept(row: np.ndarray, temperature: float) -> None:
    after = at_temperature(row, temperature)
    assert after.sum() == pytest.approx(1.0)
    assert (np.diff(after[np.argsort(row, kind="stable")]) >= -1e-12).all()


def test_a_known_temperature_is_found_again() -> None:
    """Outcomes drawn from the probabilities squared: half the temperature."""
    random = np.random.default_rng(5)
    given_rows = [random.dirichlet([1.0, 1.0, 1.0]) for _ in range(4000)]
    truth = [int(random.choice(3, p=at_temperature(row, 0.5))) for row in given_rows]
    found = fitted_temperature(given_rows, truth)
    assert found is not None
    assert found.temperature == pytest.approx(0.5, abs=0.05)
    assert found.cases == 4000


def test_too_few_confirmations_make_no_calibration() -> None:
    row = np.array([0.6, 0.4])
    assert fitted_temperature([row] * (LEAST_CASES - 1), [0] * (LEAST_CASES - 1)) is None
    # A case whose origin is not listed counts for nothing.
    assert fitted_temperature([row] * LEAST_CASES, [0] * (LEAST_CASES - 1) + [-1]) is None
    assert fitted_temperature([row] * LEAST_CASES, [0] * LEAST_CASES) is not None


@pytest.mark.parametrize("temperature", [0.0, -1.0, 6.0, float("nan")])
def test_temperatures_out_of_range_are_refused(temperature: float) -> None:
    with pytest.raises(ParameterError):
        Calibration(temperature, 100)


def test_a_chain_keeps_its_share_of_its_origin() -> None:
    nothing = np.empty(0, np.int32)
    reach = Reach(nothing, nothing, nothing.astype(np.int64), nothing, nothing, nothing, nothing, {})
    result = TraceResult(
        kind="Shipment",
        position=0,
        rule="shipment",
        direction="backward",
        origins=(Origin(1, 0.6), Origin(2, 0.3)),
        unresolved=(Unresolved(3, 0.1, Gap.UNRECORDED),),
        paths=(OriginPath(0.3, (7,), (1, 4)), OriginPath(0.15, (8,), (2, 4))),
        reach=reach,
        truncated_counts={},
    )
    after = calibrated(result, Calibration(0.5, 100))
    weights = np.array([0.36, 0.09, 0.01]) / 0.46
    assert [one.probability for one in after.origins] == pytest.approx(weights[:2].tolist())
    assert after.unresolved[0].probability == pytest.approx(weights[2])
    assert [path.probability for path in after.paths] == pytest.approx([weights[0] / 2, weights[1] / 2])


@pytest.mark.parametrize("parts", [Parts.CHOKE_POINTS, Parts.INSPECTIONS, Parts.ORIGINS, Parts.EVERYTHING])
def test_what_is_explained_in_part_is_calibrated_too(parts: Parts) -> None:
    graph = snapshot_of_rows(
        {
            "sites": [{"site_id": name, "role": "factory"} for name in ("A", "B")],
            "shipments": [
                {"shipment_id": "1", "from_site": "A", "to_site": "W", "quantity": 3.0},
                {"shipment_id": "2", "from_site": "B", "to_site": "W", "quantity": 1.0},
                {"shipment_id": "3", "from_site": "W", "to_site": "R", "quantity": 1.0},
            ],
        }
    )
    prepared = prepare(graph, TraceParameters())
    plain = trace(prepared, "Shipment", graph.nodes["Shipment"].position("Shipment:3"), explain=parts)
    after = calibrated(plain, Calibration(0.5, 60))
    assert after.origins[0].probability > plain.origins[0].probability
    assert after.explanation is not None
    assert after.explanation.parts == parts

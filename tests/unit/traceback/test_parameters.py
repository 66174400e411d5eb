"""Parameters of a trace: round trip, and refusals that name what is wrong."""

import pytest

from suyuan.errors import ParameterError
from suyuan.traceback.parameters import (
    DEFAULT_PARAMETERS,
    ROLE_NAMES,
    TraceLimits,
    TraceParameters,
    role_values,
)


def test_parameters_survive_a_file() -> None:
    chosen = TraceParameters(fifo_share=0.3, dwell_days=role_values(7.0, port=2.0), max_dwell_days=90.0)
    document = chosen.to_json()
    assert document["dwell_days"]["port"] == 2.0
    assert TraceParameters.from_json(document) == chosen
    assert TraceParameters.from_json({}) == DEFAULT_PARAMETERS
    assert hash(TraceParameters.from_json(DEFAULT_PARAMETERS.to_json())) == hash(DEFAULT_PARAMETERS)


def test_values_by_role_may_be_given_for_some_roles_or_for_all() -> None:
    some = TraceParameters.from_json({"floor": {"port": 0.5}})
    assert some.floor[ROLE_NAMES.index("port")] == 0.5
    assert some.floor[ROLE_NAMES.index("stall")] == DEFAULT_PARAMETERS.floor[ROLE_NAMES.index("stall")]
    assert TraceParameters.from_json({"floor": 0.2}).floor == role_values(0.2)
    assert TraceParameters.from_json({"max_dwell_days": None}).max_dwell_days is None


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({"nonsense": 1}, "parameters"),
        ({"fifo_share": 1.5}, "fifo_share"),
        ({"fifo_share": "half"}, "fifo_share"),
        ({"fifo_share": None}, "fifo_share"),
        ({"fifo_share": True}, "fifo_share"),
        ({"bandwidth": 0}, "bandwidth"),
        ({"bandwidth": float("nan")}, "bandwidth"),
        ({"match_unknown": 0}, "match_unknown"),
        ({"floor": {"port": 1.0}}, "floor.port"),
        ({"floor": {"harbour": 0.1}}, "floor"),
        ({"floor": {"port": "x"}}, "floor.port"),
        ({"dwell_days": 0}, "dwell_days.unknown"),
        ({"max_dwell_days": -1}, "max_dwell_days"),
        ({"transit_days": -1}, "transit_days"),
    ],
)
def test_what_is_wrong_is_named(document: dict[str, object], name: str) -> None:
    with pytest.raises(ParameterError) as caught:
        TraceParameters.from_json(document)
    assert caught.value.name == name
    assert caught.value.code == "BAD_USER_INPUT"


def test_values_by_role_are_complete() -> None:
    with pytest.raises(ParameterError):
        TraceParameters(floor=(0.1, 0.2))


@pytest.mark.parametrize("limits", [{"max_hops": 0}, {"max_nodes": 0}, {"max_hops": 10_001}])
def test_limits_are_checked(limits: dict[str, int]) -> None:
    with pytest.raises(ParameterError):
        TraceLimits(**limits)

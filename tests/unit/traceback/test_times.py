"""Spans of times of every precision against numpy's calendar."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.graph.records import Precision
from suyuan.traceback.stays import mean_stay, undated_log_stay
from suyuan.traceback.times import EARLIEST, LATEST, mean_of, month_of, month_start, span_end

UNITS = {Precision.DAY: "D", Precision.MONTH: "M", Precision.YEAR: "Y"}
DAYS = st.integers(-719_000, 2_932_000)


def micros(moment: np.datetime64) -> int:
    return int(moment.astype("datetime64[us]").astype(np.int64))


@settings(deadline=None)
@given(DAYS)
def test_months_are_those_of_the_calendar(day: int) -> None:
    moment = np.datetime64(day, "D")
    month = int(moment.astype("datetime64[M]").astype(np.int64))
    assert month_of(micros(moment)) == month
    assert month_start(month) == micros(np.datetime64(month, "M"))


@settings(deadline=None)
@given(DAYS, st.sampled_from(sorted(UNITS)))
def test_a_span_ends_just_before_the_next_begins(day: int, precision: Precision) -> None:
    begin = np.datetime64(day, "D").astype(f"datetime64[{UNITS[precision]}]")
    assert span_end(micros(begin), int(precision)) == micros(begin + 1) - 1


def test_an_exact_time_is_its_own_end() -> None:
    assert span_end(12345, int(Precision.EXACT)) == 12345


@pytest.mark.parametrize(
    ("low", "high", "mean"),
    [(0, 10, 5), (EARLIEST, 10, 10), (3, LATEST, 3), (EARLIEST, LATEST, EARLIEST), (10, 0, 5)],
)
def test_the_mean_of_an_open_span_is_its_known_end(low: int, high: int, mean: int) -> None:
    assert mean_of(low, high) == mean


@settings(deadline=None)
@given(st.floats(0.01, 500.0), st.floats(0.1, 50.0))
def test_an_unknown_stay_is_the_mean_of_a_cut_exponential(longest: float, scale: float) -> None:
    grid = (np.arange(200_000) + 0.5) * (longest / 200_000)
    density = np.exp(-grid / scale)
    assert mean_stay(longest, scale) == pytest.approx(float((grid * density).sum() / density.sum()), rel=1e-3)
    assert mean_stay(1e-9, 1.0) == pytest.approx(5e-10)


@settings(deadline=None)
@given(st.integers(0, 400), st.integers(1, 400), st.integers(-399, 100), st.floats(5.0, 50.0))
def test_an_unknown_stay_weighs_as_its_mean_weight(low: int, span: int, after: int, scale: float) -> None:
    high, left = low + span, low + max(1, span + after)
    fitting = min(left, high) - low
    grid = low + (np.arange(100_000) + 0.5) * (fitting / 100_000)
    expected = float(np.exp(-(left - grid) / scale).mean()) * fitting / span
    assert math.exp(undated_log_stay(low, high, left, scale)) == pytest.approx(expected, rel=1e-4)


def test_where_nothing_bounds_an_arrival_the_stay_is_the_usual_one() -> None:
    assert undated_log_stay(EARLIEST, 90, 100, 10.0) == pytest.approx(-1.0)
    assert undated_log_stay(10, 90, EARLIEST, 10.0) == pytest.approx(-1.0)
    assert undated_log_stay(50, 40, 60, 10.0) == pytest.approx(-1.0)

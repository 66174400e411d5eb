"""Times as text and back."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.graph.records import Precision, time_texts
from suyuan.graph.times import parse_times

DAY = 86_400_000_000


@settings(deadline=None)
@given(st.lists(st.none() | st.tuples(st.integers(-(2 * 10**17), 6 * 10**17), st.sampled_from(Precision))))
def test_text_gives_the_same_time_back(times: list[tuple[int, Precision] | None]) -> None:
    values = pa.array([None if time is None else time[0] for time in times], pa.int64())
    precisions = pa.array([None if time is None else int(time[1]) for time in times], pa.int8())
    texts = time_texts(values, precisions)
    moments, found = parse_times(texts)
    assert found.to_pylist() == precisions.to_pylist()
    assert time_texts(moments, found).to_pylist() == texts.to_pylist()
    exact = [i for i, time in enumerate(times) if time is not None and time[1] == Precision.EXACT]
    assert [moments[i].as_py() for i in exact] == [values[i].as_py() for i in exact]


def test_the_start_of_the_span_is_given() -> None:
    moments, precisions = parse_times(
        pa.array(["1970", "1970-02", "1970-01-02", "1970-01-01T00:00:00.5Z", None])
    )
    assert moments.to_pylist() == [0, 31 * DAY, DAY, 500_000, None]
    assert precisions.to_pylist() == [3, 2, 1, 0, None]
    assert (moments.type, precisions.type) == (pa.int64(), pa.int8())


def test_nothing_gives_nothing() -> None:
    moments, precisions = parse_times(pa.array([], pa.string()))
    assert len(moments) == len(precisions) == 0


@pytest.mark.parametrize("text", ["yesterday", "2025-13", "2025-02-30", "2025-01-01 10:00"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_times(pa.array([text]))

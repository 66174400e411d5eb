from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.graph.records import Precision, time_text, time_texts
from suyuan.ingest.times import parse_time, parse_times

EXACT, DAY, MONTH, YEAR = Precision

GOOD = [
    ("2025-03-02T10:10:00Z", "2025-03-02T10:10:00Z", EXACT, True),
    ("2025-03-02t10:10:00z", "2025-03-02T10:10:00Z", EXACT, True),
    ("2025-03-02T10:10:00+08:00", "2025-03-02T02:10:00Z", EXACT, True),
    ("2025-03-02T10:10:00-0330", "2025-03-02T13:40:00Z", EXACT, True),
    ("2025-03-02T10:10:00.5+08", "2025-03-02T02:10:00.5Z", EXACT, True),
    ("2025-03-02T10:10:00", "2025-03-02T10:10:00Z", EXACT, False),
    ("2025-03-02 10:10:00", "2025-03-02T10:10:00Z", EXACT, False),
    ("2025-03-02 10:10", "2025-03-02T10:10:00Z", EXACT, False),
    ("2025/03/02 10:10:00", "2025-03-02T10:10:00Z", EXACT, False),
    ("2025-03-02T10:10:00.123456789Z", "2025-03-02T10:10:00.123456Z", EXACT, True),
    ("20250302T101000Z", "2025-03-02T10:10:00Z", EXACT, True),
    ("2025/3/2 9:05", "2025-03-02T09:05:00Z", EXACT, False),
    ("2025-03-02", "2025-03-02", DAY, True),
    ("2025/3/2", "2025-03-02", DAY, True),
    ("2025.3.2", "2025-03-02", DAY, True),
    ("20250302", "2025-03-02", DAY, True),
    ("2025年3月2日", "2025-03-02", DAY, True),
    ("2025-03", "2025-03", MONTH, True),
    ("2025年3月", "2025-03", MONTH, True),
    ("2025", "2025", YEAR, True),
    ("0001-01-01", "0001-01-01", DAY, True),
    ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z", EXACT, True),
    ("2024-02-29", "2024-02-29", DAY, True),
    ("1900-02-28T00:00:00Z", "1900-02-28T00:00:00Z", EXACT, True),
]

BAD = [
    "2025-02-29", "1900-02-29", "2025-00-10", "2025-10-00", "2025-13", "0000", "0000-01-01", "10000-01-01",
    "2025-03-02T24:00:00Z", "2025-06-30T23:59:60Z", "2025-03-02T10:60:00Z",
    "2025-03-02T10", "2025-03T10:00:00Z",
    "02.03.2025", "3/2/2025", "202503", "yesterday", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00",
    "2025-03-02T10:10:00+24:00", "2025-03-02T10:10:00+08:60", "2025-03/02",
    "2025-03-02T10:10:00 UTC", "45000.0",
]  # fmt: skip


@pytest.mark.parametrize(("text", "normal", "precision", "zoned"), GOOD)
def test_spellings_that_are_read(text: str, normal: str, precision: Precision, zoned: bool) -> None:
    moment = parse_time(text)
    assert moment is not None
    assert (time_text(moment.start, moment.precision), moment.precision, moment.zoned) == (
        normal,
        precision,
        zoned,
    )


@pytest.mark.parametrize("text", BAD)
def test_what_is_refused(text: str) -> None:
    assert parse_time(text) is None


def assert_column_reads_like_one_by_one(texts: list[str | None]) -> None:
    times = parse_times(pa.array(texts, pa.string()))
    for place, text in enumerate(texts):
        moment = None if text is None else parse_time(text)
        assert times.known[place] == (moment is not None), text
        assert times.bad[place] == (text is not None and moment is None), text
        if moment is not None:
            found = (times.starts[place], times.precisions[place], not times.unzoned[place])
            assert found == (moment.start, moment.precision, moment.zoned), text


def test_column_of_all_spellings() -> None:
    assert_column_reads_like_one_by_one([None, *[text for text, *_ in GOOD], *BAD, None])


@given(st.lists(st.text("0123456789-/:TZ +.", max_size=30) | st.none(), max_size=20))
def test_column_of_anything(texts: list[str | None]) -> None:
    assert_column_reads_like_one_by_one([text and text.strip() for text in texts])


@given(
    st.lists(
        st.tuples(
            st.datetimes(),
            st.sampled_from(
                ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M", "%Y-%m-%d", "%Y-%m", "%Y"]
            ),
            st.sampled_from(["", "Z", "+08:00", "-0530"]),
        ),
        max_size=20,
    )
)
def test_column_of_times(moments: list[tuple[datetime, str, str]]) -> None:
    texts: list[str | None] = []
    for moment, spelling, zone in moments:
        text = moment.strftime(spelling.replace("%Y", f"{moment.year:04d}"))
        texts.append(text + zone if "%H" in spelling else text)
    assert_column_reads_like_one_by_one(texts)


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_offsets_are_taken_off(moment: datetime, minutes: int) -> None:
    zoned = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    read = parse_time(zoned.isoformat())
    assert read is not None
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=read.start) == zoned


@given(st.lists(st.datetimes().map(lambda moment: moment.isoformat() + "Z"), min_size=1, max_size=10))
def test_reading_what_is_written(texts: list[str]) -> None:
    first = parse_times(pa.array(texts))
    again = parse_times(time_texts(*first.arrays()))
    assert np.array_equal(first.starts, again.starts)


def test_spans_end_before_the_next_begins() -> None:
    times = parse_times(pa.array(["2024", "2024-02", "2024-02-29", "2024-02-29T10:00:00Z"]))
    ends = [time_text(end) for end in times.ends().tolist()]
    assert ends == [
        "2024-12-31T23:59:59.999999Z",
        "2024-02-29T23:59:59.999999Z",
        "2024-02-29T23:59:59.999999Z",
        "2024-02-29T10:00:00Z",
    ]

"""Addresses as they are compared, and slips of the pen."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.analytics.addresses import compact_address, dated_slips, divisions_of, is_slip

ROWS = [
    ("330000", "浙江省", ""),
    ("330700", "金华市", "330000"),
    ("330782", "义乌市", "330700"),
    ("330783", "东阳市", "330700"),
    ("110000", "北京市", ""),
    ("110100", "市辖区", "110000"),
    ("310000", "上海市", ""),
    ("310100", "市辖区", "310000"),
    ("110105", "朝阳区", "110100"),
    ("211300", "朝阳市", ""),
    ("220104", "朝阳区", "220100"),
]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("浙江省金华市义乌市稠州路１号", "330782:稠州路1号"),
        ("浙江省义乌市稠州路1号", "330782:稠州路1号"),
        ("金华市 义乌市 稠州路 1 号", "330782:稠州路1号"),
        ("金华市稠州路1号", "330700:稠州路1号"),
        ("北京市朝阳区建国路1号", "110105:建国路1号"),
        ("朝阳区建国路1号", "朝阳区建国路1号"),
        ("稠州路1号", "稠州路1号"),
        ("浙江省", ""),
        ("12 Long  Road", "12 long road"),
    ],
)
def test_an_address_is_its_lowest_division_and_the_rest(text: str, normal: str) -> None:
    assert divisions_of(ROWS).address(text) == normal


def test_names_are_known_up_to_four_levels_above() -> None:
    chain = [(f"{level}", f"第{level}级", f"{level - 1}" if level else "") for level in range(6)]
    assert divisions_of(chain).address("第4级稠州路1号") == "第4级稠州路1号"
    assert divisions_of(chain).address("第3级稠州路1号") == "3:稠州路1号"


def test_without_divisions_an_address_is_compacted() -> None:
    assert divisions_of([]).address("义乌市 稠州路1号") == compact_address("义乌市稠州路 1 号")


@pytest.mark.parametrize(
    ("first", "second", "slip"),
    [
        ("稠州路1号", "稠州州路1号", True),
        ("稠州路1号", "州路1号", True),
        ("稠州路1号", "稠州路1", True),
        ("稠州路1号", "稠州1路号", True),
        ("稠州路12号", "稠州路21号", False),
        ("稠州路1号", "稠州路11号", False),
        ("稠州路1号", "稠州街1号", False),
        ("稠州路1号", "路州稠1号", False),
        ("稠州路1号", "稠路1", False),
        ("稠州路1号", "稠州路1号", False),
    ],
)
def test_slips(first: str, second: str, slip: bool) -> None:
    assert is_slip(first, second) is slip
    assert is_slip(second, first) is slip


def slips(texts: list[str]) -> list[tuple[int, int]]:
    """Pairs among texts that are all there from the beginning, in order."""
    found = dated_slips(texts, np.zeros(len(texts), np.int64), 0)
    return sorted({(one.first, one.second) for one in found})


@given(st.sets(st.text("路稠1", max_size=6), max_size=40).map(sorted))
def test_pairs_found_are_those_found_one_by_one(texts: list[str]) -> None:
    expected = [(i, j) for i, j in combinations(range(len(texts)), 2) if is_slip(texts[i], texts[j])]
    assert slips(texts) == expected


def test_addresses_with_a_running_letter_are_not_compared() -> None:
    running = [f"稠州路{chr(0x4E00 + number)}号" for number in range(60)]
    assert slips(["稠州路号", *running]) == []


RUNNING = [f"稠州路{chr(0x4E00 + number)}号" for number in range(60)]


@given(
    st.dictionaries(st.text("路稠1", max_size=5), st.integers(0, 5), max_size=30),
    st.lists(st.integers(0, 5), min_size=60, max_size=60),
)
def test_slips_of_any_time_are_those_of_the_texts_that_are_there(
    times: dict[str, int], running: list[int]
) -> None:
    times = {**times, "稠州路号": 0, **dict(zip(RUNNING, running, strict=True))}
    texts = sorted(times)
    since = np.array([times[text] for text in texts])
    found = dated_slips(texts, since, 5)
    for moment in range(6):
        there = [text for text in texts if times[text] <= moment]
        told = {
            (texts[i], texts[j])
            for i, j, last in found
            if max(times[texts[i]], times[texts[j]]) <= moment <= last
        }
        assert told == {(there[i], there[j]) for i, j in slips(there)}

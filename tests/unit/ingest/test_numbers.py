import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.ingest.countries import country_code
from suyuan.ingest.numbers import (
    CREDIT_ALPHABET,
    credit_check,
    credit_codes,
    identifier_forms,
    normal_credit_code,
    normal_right_number,
    organisation_check,
    patent_check,
)


def test_organisation_code_of_the_standard() -> None:
    assert organisation_check("MA2DEM01") == "7"


def test_credit_codes_with_letters_in_the_first_places_are_lawful() -> None:
    body = "N1330782MA2DEM017"
    assert normal_credit_code(body + credit_check(body)) == (body + credit_check(body), True)


@pytest.mark.parametrize(
    ("text", "normal", "right"),
    [
        ("91330782MA2DEM017W", "91330782MA2DEM017W", True),
        (" 9133 0782 ma2dem017w", "91330782MA2DEM017W", True),
        ("９１３３０７８２ＭＡ２ＤＥＭ０１７Ｗ", "91330782MA2DEM017W", True),
        ("91330782MA2DEM017X", "91330782MA2DEM017X", False),
        ("91330782MA2DEMO17W", "91330782MA2DEMO17W", False),
        ("330782600012345", "330782600012345", True),
        ("shop 7", "shop 7", True),
    ],
)
def test_credit_code(text: str, normal: str, right: bool) -> None:
    assert normal_credit_code(text) == (normal, right)


@given(st.lists(st.text(CREDIT_ALPHABET + "IO a", min_size=15, max_size=20) | st.none(), max_size=30))
def test_credit_codes_of_a_column_are_those_one_by_one(values: list[str | None]) -> None:
    normal, wrong = credit_codes(pa.array(values, pa.string()))
    expected = [(None, True) if value is None else normal_credit_code(value) for value in values]
    assert list(zip(normal.to_pylist(), (~wrong).tolist(), strict=True)) == expected


@given(
    st.text(CREDIT_ALPHABET, min_size=17, max_size=17), st.integers(0, 17), st.sampled_from(CREDIT_ALPHABET)
)
def test_one_wrong_character_is_seen(body: str, place: int, other: str) -> None:
    code = body + credit_check(body)
    changed = code[:place] + other + code[place + 1 :]
    assert normal_credit_code(changed)[1] == (changed == code)


@pytest.mark.parametrize("digits", ["202110377287", "95115608"])
def test_patent_check_digits(digits: str) -> None:
    assert patent_check(digits) == "X"


@pytest.mark.parametrize(
    ("text", "right_type", "normal", "right"),
    [
        ("202110377287.X", "invention", "202110377287.X", True),
        ("ZL202110377287X", "invention", "202110377287.X", True),
        ("ＺＬ　２０２１　１０３７７２８７．Ｘ", None, "202110377287.X", True),
        ("CN ZL 2021-1-0377287.x", None, "202110377287.X", True),
        ("95115608.X", "invention", "95115608.X", True),
        ("202310012345.6", "invention", "202310012345.6", False),
        ("202310012345.8", None, "202310012345.8", True),
        ("202110377287", "invention", "202110377287", False),
        ("CN112345678B", "invention", "CN112345678B", True),
        ("cn 305678901 s", "design", "CN305678901S", True),
        ("12345678", "trade_mark", "12345678", True),
        ("12345678A", "trade_mark", "12345678A", True),
        ("G1234567", "trade_mark", "G1234567", True),
        ("123456789", "trade_mark", "123456789", False),
        ("12345678", "invention", "12345678", False),
        ("see box", None, "see box", False),
    ],
)
def test_right_number(text: str, right_type: str | None, normal: str, right: bool) -> None:
    assert normal_right_number(text, right_type) == (normal, right)


@pytest.mark.parametrize(
    ("kind", "text", "normal", "right"),
    [
        ("phone", "139 1234 5678", "+8613912345678", True),
        ("phone", "+86-139-1234-5678", "+8613912345678", True),
        ("phone", "０５７１－８８８８８８８８", "+8657188888888", True),
        ("phone", "12", "12", False),
        ("email", "A@B.Cn", "a@b.cn", True),
        ("email", "a at b", "a at b", False),
        ("domain", "https://user@Shop.Example.com:8080/x", "shop.example.com", True),
        ("domain", "localhost", "localhost", False),
        ("bank_account", "6222 0210-0111 6245 702", "6222021001116245702", True),
        ("bank_account", "12", "12", False),
        ("id_card", "11010519491231002x", "11010519491231002X", True),
        ("id_card", "110105194912310021", "110105194912310021", False),
        ("licence_plate", "浙a·12345", "浙A12345", True),
        ("wechat", " WX_Abc ", "wx_abc", True),
        ("device", "AA:BB", "aa:bb", True),
        ("address", "浙江省 义乌市 稠州路 １号", "浙江省义乌市稠州路1号", True),
    ],
)
def test_identifier_forms(kind: str, text: str, normal: str, right: bool) -> None:
    assert identifier_forms()[kind](text) == (normal, right)


@given(st.sampled_from(sorted(identifier_forms())), st.text(max_size=40))
def test_normal_forms_do_not_change_again(kind: str, text: str) -> None:
    form = identifier_forms()[kind]
    normal, right = form(text)
    if right:
        assert form(normal) == (normal, True)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CHINA", "CN"),
        ("cn", "CN"),
        ("Slovak Republic", "SK"),
        ("UAE", "AE"),
        ("越南", "VN"),
        ("Türkiye", "TR"),
    ],
)
def test_countries(text: str, code: str) -> None:
    assert country_code(text) == (code, True)

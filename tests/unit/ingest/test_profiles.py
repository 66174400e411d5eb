import pyarrow as pa
import pytest

from suyuan.ingest.profiles import MOST_VALUES, date_formats, list_separator, profile


def share(shape: str, *values: str) -> float:
    return profile("x", pa.array(values)).share(shape)


@pytest.mark.parametrize(
    ("shape", "right", "wrong"),
    [
        ("credit_code", "91330782MA2DEM017W", "91330782MA2DEM0170"),
        ("right_number", "ZL202110377287.X", "ZL202110377287.1"),
        ("right_number", "CN112345678A", "12345678"),
        ("time", "2025-03-02", "2025"),
        ("time", "20230821", "99990821123"),
        ("time", "2025年3月2日", "3月2日"),
        ("year", "2025", "soon"),
        ("latitude", "29.3", "91.5"),
        ("longitude", "120.1", "120"),
        ("division", "330782", "990782"),
        ("country", "中国", "Atlantis"),
        ("currency", "cny", "ABC"),
        ("url", "https://item.example.com/1", "item"),
        ("email", "a@example.com", "a at example"),
        ("phone", "139-1234-5678", "12345678"),
        ("phone", "0571-88888888", "88888888"),
        ("phone", "+1 650 253 0000", "+x"),
        ("id_card", "11010519491231002X", "110105194912310021"),
        ("gtin", "6901234567892", "6901234567890"),
        ("hs_code", "4202.22", "7702.22"),
        ("hash", "00ff00ff00ff00ff", "00ff"),
        ("canonical_id", "Firm:1", "Nothing:1"),
        ("canonical_id", "Seller:a:1", "http://a.example"),
        ("firm_name", "义乌甲贸易有限公司", "张三"),
        ("firm_name", "Acme Co., Ltd.", "Acme"),
        ("address", "浙江省义乌市稠州路1号", "义乌"),
        ("address", "Plot 12, Industrial Road, Dhaka", "12"),
        ("measured", "12.5 kg", "kg"),
        ("grouped", "1,234.50", "12,34"),
        ("boolean", "是", "vielleicht"),
    ],
)
def test_shapes(shape: str, right: str, wrong: str) -> None:
    assert share(shape, right) == 1.0
    assert share(shape, wrong) == 0.0


def test_counts() -> None:
    seen = profile("n", pa.array(["a", None, "a", "b"]))
    assert (seen.rows, seen.filled, seen.different, seen.values) == (4, 3, 2, ("a", "b"))
    assert seen.counted("number") == "0 of 2 values"


def test_only_the_first_values_are_looked_at() -> None:
    seen = profile("n", pa.array([str(number) for number in range(MOST_VALUES + 100)]))
    assert (len(seen.values), seen.distinct) == (MOST_VALUES, 1.0)


def test_nothing_is_of_no_shape() -> None:
    seen = profile("n", pa.nulls(3, pa.string()))
    assert (seen.values, seen.distinct, seen.share("number")) == ((), 0.0, 0.0)


def test_spellings_of_dates() -> None:
    assert date_formats(("31.12.2024", "01.02.2025")) == ("%d.%m.%Y",)
    assert date_formats(("13/2/2025", "1/2/2025")) == ("%d/%m/%Y",)
    assert date_formats(("1/2/2025",)) == ("%d/%m/%Y", "%m/%d/%Y")
    assert date_formats(("soon",)) == ()
    assert date_formats(()) == ()


def test_separators() -> None:
    assert list_separator(("a、b", "c")) == "、"
    assert list_separator(("a;b", "c,d")) is None
    assert list_separator(("a", "b")) is None

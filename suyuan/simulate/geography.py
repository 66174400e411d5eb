"""Places of the market: real divisions of China with their codes, invented streets in them.

`divisions.csv` holds the provinces and the divisions of eighteen trading cities by GB/T 2260, taken from
modood/Administrative-divisions-of-China (WTFPL), with two codes that Hangzhou gave up in 2021 and their
successors.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

_STREETS = ("兴业", "创业", "工业", "商贸", "锦绣", "永安", "通宝", "新华", "建设", "振兴", "同心", "福康")
_PARKS = ("工业园", "产业园", "物流园", "商贸城", "创业园", "电商园")

_COORDINATES = {
    "11": (39.9, 116.4),
    "31": (31.2, 121.5),
    "3201": (32.1, 118.8),
    "3205": (31.3, 120.6),
    "3301": (30.3, 120.2),
    "3302": (29.9, 121.5),
    "3303": (28.0, 120.7),
    "3307": (29.1, 119.6),
    "3502": (24.5, 118.1),
    "3505": (24.9, 118.6),
    "3702": (36.1, 120.4),
    "1306": (38.9, 115.5),
    "4101": (34.7, 113.6),
    "4401": (23.1, 113.3),
    "4403": (22.5, 114.1),
    "4419": (23.0, 113.7),
    "4452": (23.5, 116.4),
    "5101": (30.6, 104.1),
}

_MAKING = {
    "3303": 3.0,
    "3307": 4.0,
    "3505": 3.0,
    "4401": 2.0,
    "4419": 3.0,
    "4452": 3.0,
    "3302": 2.0,
    "3205": 1.5,
}


@dataclass(frozen=True, slots=True)
class Division:
    """One row of the divisions table."""

    code: str
    name: str
    parent: str
    valid_from: str
    valid_to: str
    successors: str


@cache
def divisions() -> tuple[Division, ...]:
    """All divisions of the shipped table, by code."""
    text = resources.files("suyuan.simulate").joinpath("divisions.csv").read_text(encoding="utf-8")
    return tuple(Division(**row) for row in csv.DictReader(text.splitlines()))


@cache
def districts() -> tuple[Division, ...]:
    """Divisions where things can be: the lowest ones, valid today, of the cities the market is about."""
    parents = {division.parent for division in divisions()}
    lowest = [division for division in divisions() if division.code not in parents and not division.valid_to]
    return tuple(division for division in lowest if not division.code.endswith("0000"))


@cache
def _names() -> dict[str, Division]:
    return {division.code: division for division in divisions()}


@cache
def _district_weights() -> NDArray[np.float64]:
    weights: list[float] = []
    siblings: dict[str, int] = {}
    for district in districts():
        siblings[district.code[:4]] = siblings.get(district.code[:4], 0) + 1
    for district in districts():
        city = district.code[:4]
        weights.append(_MAKING.get(city, 0.7) / siblings[city])
    total = np.asarray(weights)
    return total / total.sum()


def draw_districts(stream: np.random.Generator, size: int) -> list[Division]:
    """Districts at random, making and trading cities more often."""
    places = stream.choice(len(districts()), size, p=_district_weights())
    return [districts()[place] for place in places]


def full_name(code: str) -> str:
    """Names from the province down, without the repetition of municipalities."""
    division: Division | None = _names().get(code)
    parts: list[str] = []
    while division is not None:
        parts.append(division.name)
        division = _names().get(division.parent)
    return "".join(reversed(parts))


def street_address(stream: np.random.Generator, division: Division) -> str:
    """An invented address in a division."""
    street = _STREETS[stream.integers(len(_STREETS))]
    number = int(stream.integers(1, 980))
    tail = (
        f"{_PARKS[stream.integers(len(_PARKS))]}{stream.integers(1, 30)}栋" if stream.random() < 0.4 else ""
    )
    return f"{full_name(division.code)}{street}路{number}号{tail}{stream.integers(101, 1999)}室"


def coordinates(stream: np.random.Generator, code: str) -> tuple[float, float]:
    """Degrees north and east, near the middle of the city."""
    middle = _COORDINATES.get(code[:4]) or _COORDINATES[code[:2]]
    north, east = stream.normal(0.0, 0.12, 2)
    return round(middle[0] + float(north), 5), round(middle[1] + float(east), 5)

"""Probabilistic linkage: tables with known truth, order, and what is refused."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from suyuan.analytics.candidates import probability_of_bits
from suyuan.analytics.linkage import (
    Field,
    LinkageSettings,
    PairScores,
    best_links,
    blocking_rules,
    certain_rules,
    comparisons,
    scored_pairs,
)
from suyuan.errors import ParameterError

PERSON = (
    Field("first_name", "given_name"),
    Field("surname", "surname"),
    Field("dob", "date"),
    Field("city", "place"),
    Field("email", "email"),
)
FEBRL = (
    Field("given_name", "given_name"),
    Field("surname", "surname"),
    Field("date_of_birth", "date"),
    Field("soc_sec_id", "number"),
    Field("street_number", "code"),
    Field("address_1", "place"),
    Field("suburb", "place"),
    Field("postcode", "place"),
    Field("state", "code"),
)


def rows_of(path: Path) -> list[dict[str, str | None]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {name.strip(): value.strip() or None for name, value in row.items()}
            for row in csv.DictReader(file, skipinitialspace=True)
        ]


def table_of(rows: list[dict[str, str | None]]) -> pa.Table:
    return pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]})


def f1(pairs: list[tuple[str, str]], truth: dict[str, str]) -> float:
    """Pairwise F1 of the clusters that pairs make."""
    group = {record: record for record in truth}

    def root(record: str) -> str:
        while group[record] != record:
            record = group[record]
        return record

    for left, right in pairs:
        group[root(left)] = root(right)
    both = Counter((root(record), owner) for record, owner in truth.items())
    found, owners = Counter(root(record) for record in truth), Counter(truth.values())
    right, predicted, actual = (
        sum(size * (size - 1) for size in sizes.values()) for sizes in (both, found, owners)
    )
    return 2 * right / (predicted + actual)


def pairs_of(scores: PairScores) -> list[tuple[str, str]]:
    return list(zip(scores.left.to_pylist(), scores.right.to_pylist(), strict=True))


@pytest.fixture(scope="module")
def fake(samples: Path) -> tuple[list[dict[str, str | None]], dict[str, str]]:
    rows = rows_of(samples / "linkage" / "fake_1000.csv")
    return rows, {str(row["unique_id"]): str(row.pop("cluster")) for row in rows}


@pytest.fixture(scope="module")
def fake_scores(fake: tuple[list[dict[str, str | None]], dict[str, str]]) -> PairScores:
    return scored_pairs([table_of(fake[0])], PERSON, id_column="unique_id")


def test_duplicates_of_fake_1000_are_found(
    fake: tuple[list[dict[str, str | None]], dict[str, str]], fake_scores: PairScores
) -> None:
    links = fake_scores.chosen(fake_scores.match_probability >= 0.5)
    assert f1(pairs_of(links), fake[1]) >= 0.95


def test_parts_sum_to_the_probability(fake_scores: PairScores) -> None:
    assert fake_scores.parts[0] == "prior"
    assert np.ptp(fake_scores.bits[:, 0]) < 1e-9
    assert probability_of_bits(fake_scores.bits.sum(axis=1)) == pytest.approx(fake_scores.match_probability)


def test_order_of_rows_does_not_matter(
    fake: tuple[list[dict[str, str | None]], dict[str, str]], fake_scores: PairScores
) -> None:
    again = scored_pairs([table_of(fake[0][::-1])], PERSON, id_column="unique_id")
    assert dict(zip(pairs_of(again), again.match_probability.tolist(), strict=True)) == pytest.approx(
        dict(zip(pairs_of(fake_scores), fake_scores.match_probability.tolist(), strict=True))
    )


def test_febrl4_is_linked(samples: Path) -> None:
    tables = [table_of(rows_of(samples / "linkage" / "febrl" / f"dataset4{name}.csv")) for name in "ab"]
    links = pairs_of(best_links(scored_pairs(tables, FEBRL, id_column="rec_id"), 0.5))
    right = sum(left.split("-")[1] == found.split("-")[1] for left, found in links)
    assert 2 * right / (len(links) + 5000) >= 0.99


def test_best_links_take_each_party_once() -> None:
    scores = PairScores(
        pa.array(["a", "a", "b", "c"]),
        pa.array(["x", "y", "x", "z"]),
        np.array([0.9, 0.8, 0.7, 0.4]),
        ("prior",),
        np.zeros((4, 1)),
    )
    assert pairs_of(best_links(scores, 0.5)) == [("a", "x")]
    assert pairs_of(best_links(scores, 0.1)) == [("a", "x"), ("c", "z")]
    assert pairs_of(best_links(scores.chosen(np.zeros(4, np.bool_)), 0.1)) == []


def test_every_field_is_compared_and_names_together() -> None:
    assert len(comparisons(PERSON)) == 4
    assert len(comparisons((*PERSON, Field("alias", "given_name")))) == 6
    assert len(comparisons([Field("name", "name"), Field("code", "code")])) == 2


def test_rules_follow_from_what_columns_hold() -> None:
    assert len(certain_rules(PERSON)) == 2
    assert certain_rules([Field("name", "name"), Field("city", "place")]) == []
    assert len(blocking_rules(PERSON)) == 6
    assert len(blocking_rules([Field("mark", "number")])) == 1
    assert "l.first_name = r.surname and l.surname = r.first_name" in blocking_rules(PERSON)


def test_firms_are_linked_by_number_and_address_where_names_teach_nothing() -> None:
    rows: list[dict[str, str | None]] = [
        {"id": f"{side}{number}", "no": f"{7919 * number:06d}", "road": f"road {number % 40}"}
        for number in range(80)
        for side in ("a", "b")
    ]
    for row in rows:
        row["alias"] = row["id"]
    fields = [Field("no", "number"), Field("road", "code"), Field("alias", "name")]
    scores = scored_pairs([table_of(rows)], fields, id_column="id")
    assert pairs_of(scores.chosen(scores.match_probability >= 0.5))[:80] == [
        (f"a{number}", f"b{number}") for number in sorted(range(80), key=str)
    ]


def test_a_model_needs_something_to_learn_from() -> None:
    table = pa.table({"id": ["1"], "city": ["x"], "no": ["1"]})
    with pytest.raises(ParameterError, match="fields"):
        scored_pairs([table], [Field("city", "place")], id_column="id")
    with pytest.raises(ParameterError, match="tables"):
        scored_pairs([table] * 3, [Field("no", "number")], id_column="id")
    with pytest.raises(ParameterError, match="recall"):
        LinkageSettings(recall=0.0)

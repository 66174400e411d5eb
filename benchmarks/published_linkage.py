"""Splink as its own examples set it up for febrl4 and fake_1000, and the scores of linked samples.

The settings are those of Splink's documentation: the detailed model of "Linking the febrl4 datasets", and the model of
"Evaluation when you have fully labelled data" for fake_1000 (docs/demos/examples/duckdb of its repository).
"""

import csv
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

Pair = tuple[str, str]
Scored = tuple[str, str, float]

FEBRL4_RULES: Final[tuple[Any, ...]] = (
    block_on("given_name", "surname"),
    "l.given_name = r.surname and l.surname = r.given_name",
    block_on("date_of_birth"),
    block_on("soc_sec_id"),
    block_on("state", "address_1"),
    block_on("street_number", "address_1"),
    block_on("postcode"),
)


def table_of(path: Path, without: tuple[str, ...] = ()) -> pa.Table:
    """A CSV file as text columns, blanks at the ends taken off, empty cells null."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, skipinitialspace=True))
    names = [name for name in rows[0] if name.strip() not in without]
    return pa.table(
        {name.strip(): pa.array([row[name].strip() or None for row in rows], pa.string()) for name in names}
    )


def _often(comparison: Any) -> Any:
    return comparison.configure(term_frequency_adjustments=True)


def febrl4_published(tables: Iterable[pa.Table]) -> list[Scored]:
    """Pairs scored by the detailed model for febrl4."""
    database = DuckDBAPI(duckdb.connect(":memory:"))
    settings = SettingsCreator(
        unique_id_column_name="rec_id",
        link_type="link_only",
        blocking_rules_to_generate_predictions=list(FEBRL4_RULES),
        comparisons=[
            _often(cl.NameComparison("given_name")),
            _often(cl.NameComparison("surname")),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            _often(cl.ExactMatch("street_number")),
            _often(cl.DamerauLevenshteinAtThresholds("postcode", [1, 2])),
        ],
    )
    linker = Linker([database.register(table) for table in tables], settings, log_level="ERROR")
    certain = [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")]
    linker.training.estimate_probability_two_random_records_match(certain, recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    _learn(linker, block_on("date_of_birth"), block_on("postcode"))
    return _scored(linker, "rec_id")


def fake_1000_published(table: pa.Table) -> list[Scored]:
    """Pairs scored by the model for fake_1000."""
    database = DuckDBAPI(duckdb.connect(":memory:"))
    settings = SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[
            block_on(name) for name in ("first_name", "surname", "dob", "email")
        ],
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            _often(cl.ExactMatch("city")),
            cl.EmailComparison("email"),
        ],
    )
    linker = Linker(database.register(table), settings, log_level="ERROR")
    certain: list[Any] = [
        "l.first_name = r.first_name and levenshtein(r.dob, l.dob) <= 1",
        "l.surname = r.surname and levenshtein(r.dob, l.dob) <= 1",
        "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2",
        "l.email = r.email",
    ]
    linker.training.estimate_probability_two_random_records_match(certain, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=5)
    _learn(linker, block_on("dob"), block_on("email"), block_on("first_name", "surname"))
    return _scored(linker, "unique_id")


def _learn(linker: Linker, *rules: Any) -> None:
    for rule in rules:
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=True
        )


def _scored(linker: Linker, column: str) -> list[Scored]:
    found = linker.inference.predict(threshold_match_probability=0.001).as_pyarrow_table()
    names = (f"{column}_l", f"{column}_r", "match_probability")
    return list(zip(*(found[name].to_pylist() for name in names), strict=True))


def pairs_f1(pairs: Iterable[Pair], truth: Mapping[str, Hashable], actual: int) -> float:
    """F1 of pairs of two tables, of which so many are true."""
    found = list(pairs)
    right = sum(truth[left] == truth[other] for left, other in found)
    return 2 * right / (len(found) + actual)


def clusters(pairs: Iterable[Pair], records: Iterable[str]) -> dict[str, str]:
    """The component of each record."""
    group = {record: record for record in records}

    def root(record: str) -> str:
        while group[record] != record:
            group[record] = group[group[record]]
            record = group[record]
        return record

    for left, right in pairs:
        group[root(left)] = root(right)
    return {record: root(record) for record in group}


def clusters_f1(cluster: Mapping[str, Hashable], truth: Mapping[str, Hashable]) -> float:
    """Pairwise F1 of clusters: of pairs in one cluster against pairs of one owner."""
    both = Counter((cluster[record], owner) for record, owner in truth.items())
    found = Counter(cluster[record] for record in truth)
    right, predicted, actual = (
        sum(size * (size - 1) for size in sizes.values()) for sizes in (both, found, Counter(truth.values()))
    )
    return 2 * right / (predicted + actual)


def mixed(cluster: Mapping[str, Hashable], truth: Mapping[str, Hashable]) -> tuple[int, int]:
    """How many clusters of two or more records hold records of several owners, and how many there are."""
    owners: dict[Hashable, list[Hashable]] = {}
    for record, owner in truth.items():
        owners.setdefault(cluster[record], []).append(owner)
    several = [found for found in owners.values() if len(found) > 1]
    return sum(len(set(found)) > 1 for found in several), len(several)

"""Probabilistic linkage of records that share no hard identifier: Fellegi-Sunter models, trained without labels.

The work is Splink's, on an in-memory DuckDB (Linacre and others: Splink, Free software for probabilistic record linkage
at scale, International Journal of Population Data Science 7(3), 2022). What is fixed here is the model: which
comparisons a column gets by what it holds, which pairs are compared, how the parameters are trained, and how pairs
become links.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final, Literal

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals.exceptions import EMTrainingException

from suyuan.errors import ParameterError
from suyuan.graph.snapshot import BoolArray, FloatArray

FieldRole = Literal["given_name", "surname", "name", "date", "number", "email", "place", "code"]

UNIQUE: Final = ("number", "email")
"""Roles of which one value belongs to one party for the most part."""

_SEED: Final = 5
_NAMES_ALIKE: Final = (0.92, 0.88, 0.7)
_PLACES_ALIKE: Final = (0.85,)


@dataclass(frozen=True, slots=True)
class Field:
    """A column and what it holds.

    Parameters
    ----------
    column : its name.
    role : ``given_name`` and ``surname`` of a person (compared together where both are there), any other ``name``;
        ``date`` as text; a ``number`` or ``email`` that is one party's; a ``place`` in words; a ``code``, such as a
        house number, which is right or wrong.
    """

    column: str
    role: FieldRole


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkageSettings:
    """The shipped model.

    Parameters
    ----------
    recall : share of the true pairs that agree in a unique number or e-mail, or in the whole name and a date.
    all_pairs_up_to : of no more records than this every pair is compared; of more, those that agree in a blocking rule.
    max_pairs : pairs drawn to learn how often strangers agree.
    least_match_probability : pairs below are left out.
    """

    recall: float = 0.7
    all_pairs_up_to: int = 1_500
    max_pairs: float = 1e6
    least_match_probability: float = 0.01

    def __post_init__(self) -> None:
        if not 0.0 < self.recall <= 1.0:
            raise ParameterError("recall", self.recall, "a share above 0, at most 1")


DEFAULT_LINKAGE: Final = LinkageSettings()


@dataclass(frozen=True, slots=True)
class PairScores:
    """Scored pairs, the most probable first, ties by ids.

    left, right : Arrow strings, shape (n,), ids; of one table left < right, of two left is of the first table.
    match_probability : float64, shape (n,).
    bits : float64, shape (n, n_parts): what each part of ``parts`` adds to the log2 odds; the first is the prior.
    """

    left: pa.Array
    right: pa.Array
    match_probability: FloatArray
    parts: tuple[str, ...]
    bits: FloatArray

    def __len__(self) -> int:
        return len(self.match_probability)

    def chosen(self, rows: BoolArray) -> "PairScores":
        """Those of the pairs."""
        mask = pa.array(rows)
        left, right = self.left.filter(mask), self.right.filter(mask)
        return PairScores(left, right, self.match_probability[rows], self.parts, self.bits[rows])


def scored_pairs(
    tables: Sequence[pa.Table],
    fields: Sequence[Field],
    *,
    id_column: str,
    settings: LinkageSettings = DEFAULT_LINKAGE,
) -> PairScores:
    """Score pairs of records by a model trained on these records without labels.

    Parameters
    ----------
    tables : one table to find duplicates in, or two to link; texts, null where unknown.
    fields : the columns to compare; others are not read.
    id_column : the column of the records' ids, distinct in all tables together.
    settings : the model.

    Raises
    ------
    ParameterError
        Not one or two tables, no field, or no way to train: neither a unique number or e-mail nor a whole name with a
        date.

    Notes
    -----
    Names, places, codes, numbers and e-mails count by how often their value occurs. The prior comes from rules that
    hold for sure (see ``recall``), disagreement among matches (m) from expectation maximisation within blocks,
    agreement among strangers (u) from pairs drawn with a fixed seed.
    """
    if len(tables) not in (1, 2):
        raise ParameterError("tables", len(tables), "one table or two")
    certain = certain_rules(fields)
    if not certain:
        raise ParameterError(
            "fields", [field.role for field in fields], "a number, an email, or names and a date"
        )
    columns = [id_column, *(field.column for field in fields)]
    connection = duckdb.connect(":memory:")
    connection.execute("SET enable_progress_bar = false")
    try:
        database = DuckDBAPI(connection)
        ordered = [table.select(columns).sort_by(id_column) for table in tables]
        registered = [database.register(table) for table in ordered]
        linker = Linker(registered, _settings(tables, fields, id_column, settings), log_level="ERROR")
        _train(linker, fields, certain, settings)
        predicted = linker.inference.predict(threshold_match_probability=settings.least_match_probability)
        return _pair_scores(predicted.as_pyarrow_table(), id_column)
    finally:
        connection.close()


def _settings(
    tables: Sequence[pa.Table], fields: Sequence[Field], id_column: str, settings: LinkageSettings
) -> SettingsCreator:
    few = sum(table.num_rows for table in tables) <= settings.all_pairs_up_to
    rules: list[Any] = ["1=1"] if few else blocking_rules(fields)
    return SettingsCreator(
        link_type="dedupe_only" if len(tables) == 1 else "link_only",
        unique_id_column_name=id_column,
        comparisons=comparisons(fields),
        blocking_rules_to_generate_predictions=rules,
        retain_intermediate_calculation_columns=True,
    )


def _columns(fields: Sequence[Field], *roles: str) -> list[str]:
    return [field.column for field in fields if field.role in roles]


def comparisons(fields: Sequence[Field]) -> list[Any]:
    """Splink's comparison of each field; given name and surname together, where there is one of each."""
    given, surname = _columns(fields, "given_name"), _columns(fields, "surname")
    together = len(given) == len(surname) == 1
    found: list[Any] = [cl.ForenameSurnameComparison(given[0], surname[0])] if together else []
    for field in fields:
        if not (together and field.role in ("given_name", "surname")):
            found.append(_comparison(field))
    return found


def _comparison(field: Field) -> Any:
    if field.role in ("date", "number"):
        return cl.DamerauLevenshteinAtThresholds(field.column, [1, 2])
    if field.role == "email":
        return cl.EmailComparison(field.column)
    if field.role == "code":
        return cl.ExactMatch(field.column).configure(term_frequency_adjustments=True)
    alike = _PLACES_ALIKE if field.role == "place" else _NAMES_ALIKE
    return cl.JaroWinklerAtThresholds(field.column, list(alike)).configure(term_frequency_adjustments=True)


def certain_rules(fields: Sequence[Field]) -> list[Any]:
    """Rules by which two records are surely one party's: the same number or e-mail, or the whole name and a date."""
    found = [block_on(column) for column in _columns(fields, *UNIQUE)]
    dates = _columns(fields, "date")
    return found + [block_on(*names, date) for names in _whole_names(fields) for date in dates]


def _whole_names(fields: Sequence[Field]) -> list[list[str]]:
    """Columns that make a whole name: given names with surnames, and each other name."""
    person = _columns(fields, "given_name", "surname")
    return [*([person] if person else []), *([name] for name in _columns(fields, "name"))]


def blocking_rules(fields: Sequence[Field]) -> list[Any]:
    """Rules one of which a pair has to meet to be compared.

    A unique number or e-mail, a date, the whole name (given name and surname in either order), a name with a place, or
    two places or codes.
    """
    names = _columns(fields, "given_name", "surname", "name")
    given, surname = _columns(fields, "given_name"), _columns(fields, "surname")
    places, codes = _columns(fields, "place"), _columns(fields, "code")
    found: list[Any] = [block_on(column) for column in _columns(fields, *UNIQUE, "date")]
    found += [block_on(*whole) for whole in _whole_names(fields)]
    if given and surname:
        found.append(f"l.{given[0]} = r.{surname[0]} and l.{surname[0]} = r.{given[0]}")
    found += [block_on(name, place) for name in names for place in places]
    found += [block_on(*pair) for pair in combinations(places + codes, 2)]
    return found


def _train(linker: Linker, fields: Sequence[Field], certain: list[Any], settings: LinkageSettings) -> None:
    training = linker.training
    training.estimate_probability_two_random_records_match(certain, recall=settings.recall)
    training.estimate_u_using_random_sampling(max_pairs=settings.max_pairs, seed=_SEED)
    for rule in _training_blocks(fields):
        # A block without a pair teaches nothing; nor does one in which a probability falls to 0, which Splink 5.0
        # refuses with a ValueError. What it would have taught keeps Splink's defaults.
        with suppress(EMTrainingException, ValueError):
            training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=True
            )


def _training_blocks(fields: Sequence[Field]) -> list[Any]:
    """Blocks that hold enough true pairs; a comparison learns from those that do not block on its column."""
    found = [block_on(column) for column in _columns(fields, "date", *UNIQUE)]
    return found + [block_on(*names) for names in _whole_names(fields)]


def _pair_scores(table: pa.Table, id_column: str) -> PairScores:
    """Splink's answer as arrays: probability, and the log2 of each Bayes factor."""
    left, right = (table[f"{id_column}_{side}"].combine_chunks().cast(pa.string()) for side in "lr")
    weights = [name for name in table.column_names if name.startswith("mw_")]
    parts = [np.asarray(table[name], np.float64) for name in weights]
    total = np.asarray(table["match_weight"], np.float64)
    prior = total - np.sum(parts, axis=0)
    bits = np.column_stack([prior, *parts])
    probability = np.asarray(table["match_probability"], np.float64)
    order = pc.sort_indices(
        pa.table({"weight": total, "left": left, "right": right}),
        sort_keys=[("weight", "descending"), ("left", "ascending"), ("right", "ascending")],
    )
    rows = np.asarray(order)
    names = ("prior", *(name.removeprefix("mw_") for name in weights))
    return PairScores(left.take(order), right.take(order), probability[rows], names, bits[rows])


def best_links(scores: PairScores, threshold_match_probability: float) -> PairScores:
    """One-to-one links between two tables in which each party is at most once.

    Parameters
    ----------
    scores : pairs of two tables.
    threshold_match_probability : less probable pairs are no links.

    Returns
    -------
    The most probable pair first, then the most probable of the records left, and so on.
    """
    used: set[str] = set()
    kept = np.zeros(len(scores), np.bool_)
    for row, (left, right) in enumerate(zip(scores.left.to_pylist(), scores.right.to_pylist(), strict=True)):
        if scores.match_probability[row] < threshold_match_probability:
            break
        if left not in used and right not in used:
            used |= {left, right}
            kept[row] = True
    return scores.chosen(kept)

"""Use case: the additive scorecard on any labelled table, its rows and the firms they name."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.special import expit

from suyuan.analytics.backtest import Choice, fit_chosen
from suyuan.analytics.coded_table import UNSEEN, CodedTable, canonical_order
from suyuan.analytics.ranking_measures import auroc, calibration_error, precision_at
from suyuan.analytics.scorecard import Scorecard
from suyuan.errors import ConfigError
from suyuan.graph.snapshot import BoolArray, FloatArray, Int64Array
from suyuan.service.labelled_tables import (
    TextTable,
    is_quantity,
    labels_of,
    quantity_of,
    read_tables,
    times_of,
)

Json = dict[str, Any]

LEAST_ROWS: Final = 3
"""Rows, labelled ones and those to be ranked together, below which an entity is not ranked."""

PRIOR_ROWS: Final = 1
"""Rows of the base rate that are added to those of an entity."""

BASE: Final = "base"
_DIGITS: Final = 12
_SURE: Final = 0.999
"""AUROC of a column alone from which on it is told to be suspicious."""


@dataclass(frozen=True, slots=True)
class TableRequest:
    """What to rank.

    Parameters
    ----------
    train : files with labelled rows
    score : file with the rows to rank
    label : column with the label, which of ``score`` is only read to tell how good the ranking is
    time : column with the time of each row
    entities : columns that name who is behind a row
    drop : columns that are left out
    """

    train: tuple[Path, ...]
    score: Path
    label: str
    time: str | None = None
    entities: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """Both tables in arrays.

    Parameters
    ----------
    train, positive, time : rows to learn from, their labels and times
    score, outcome : rows to rank and their labels, NaN where there is none
    values : what stands behind the codes, by column
    left_out : rows of the training files that are after the first row to rank
    """

    train: CodedTable
    positive: FloatArray
    time: Int64Array | None
    score: CodedTable
    outcome: FloatArray
    values: dict[str, tuple[str, ...]]
    left_out: int


def rank_table(request: TableRequest) -> Json:
    """Fit on the labelled rows, score the others, rank who is behind them.

    Returns
    -------
    ``auroc``, ``precision_at_1``, ``precision_at_5`` (None where ``score`` has no labels), ``rows`` in the order of
    ``score``, ``entities`` by column, score and id, ``not_ranked``, and ``model``: the model card.

    Raises
    ------
    ConfigError
        A column is missing, there are no rows, or all labels are alike.
    RecordError
        A label, time or number is wrong.
    """
    train, score = read_tables(request.train), read_tables([request.score])
    prepared = prepare(request, train, score)
    choice = fit_chosen(prepared.train, prepared.positive, prepared.time)
    card = choice.scorecard
    contributions = card.contributions(prepared.score)
    probability = expit(card.base + contributions.sum(axis=1))
    entities, not_ranked = _entities(request, prepared, score, card, contributions)
    return {
        **_measures(prepared.outcome, probability),
        "rows": [
            {"key": key, "score": 100.0 * value} for key, value in enumerate(probability.tolist(), start=1)
        ],
        "entities": entities,
        "not_ranked": not_ranked,
        "model": _model_card(request, prepared, choice),
    }


def prepare(request: TableRequest, train: TextTable, score: TextTable) -> Prepared:
    """Both tables in arrays, checked.

    Raises
    ------
    ConfigError, RecordError
        As ``rank_table``.
    """
    train.require([request.label], "--label")
    for table in (train, score):
        table.require([request.time] if request.time else [], "--time")
        table.require(request.entities, "--entity")
    train.require(request.drop, "--drop")
    features = _features(request, train)
    score.require(features, "--train")
    positive = _training_labels(train, request.label)
    kept, times = _before(request, train, score)
    chosen = np.flatnonzero(kept)
    _check_labels(positive[chosen], request.label, len(train) - len(chosen))
    coded_train, coded_score, values = _coded(request, train, score, features, kept)
    outcome = (
        labels_of(score, request.label) if request.label in score.columns else np.full(len(score), np.nan)
    )
    return Prepared(
        coded_train,
        positive[chosen],
        None if times is None else times[chosen],
        coded_score,
        outcome,
        values,
        len(train) - len(chosen),
    )


def _features(request: TableRequest, train: TextTable) -> list[str]:
    """Columns that are features, by name, so that their order in the file makes no difference."""
    wrong = [name for name in request.entities if name in {request.label, request.time, *request.drop}]
    if wrong:
        raise ConfigError(f"The entity {wrong[0]!r} is also the label, the time or dropped; name it once.")
    without = {request.label, request.time, *request.drop}
    features = sorted(name for name in train.columns if name not in without)
    if not features:
        raise ConfigError("No column is left to tell rows apart; --drop leaves out all of them.")
    return features


def _training_labels(train: TextTable, label: str) -> FloatArray:
    positive = labels_of(train, label)
    if np.isnan(positive).any():
        row = int(np.flatnonzero(np.isnan(positive))[0])
        raise train.error(row, label, "has no label; every row of --train needs one.")
    return positive


def _before(request: TableRequest, train: TextTable, score: TextTable) -> tuple[BoolArray, Int64Array | None]:
    """Which training rows are not after the first row to rank, and the times of all."""
    if request.time is None:
        return np.ones(len(train), np.bool_), None
    times = times_of(train, request.time)
    return times <= times_of(score, request.time).min(), times


def _check_labels(positive: FloatArray, label: str, left_out: int) -> None:
    if len(np.unique(positive)) < 2:
        after = f" ({left_out} rows after the first row of --score are left out)" if left_out else ""
        raise ConfigError(
            f"The {len(positive)} training rows{after} do not have both labels in {label!r}; "
            f"positive and negative ones are needed."
        )


def _coded(
    request: TableRequest, train: TextTable, score: TextTable, features: Sequence[str], kept: BoolArray
) -> tuple[CodedTable, CodedTable, dict[str, tuple[str, ...]]]:
    """Both tables in arrays, and the values behind the codes."""
    quantities = tuple(
        name
        for name in features
        if name not in request.entities
        and is_quantity(
            name, [cell for cell, keep in zip(train.columns[name], kept.tolist(), strict=True) if keep]
        )
    )
    codes = tuple(name for name in features if name not in quantities)
    values: dict[str, tuple[str, ...]] = {}
    columns: tuple[list[Int64Array], list[Int64Array]] = ([], [])
    for name in codes:
        cells = [cell or "" for cell in train.columns[name]]
        values[name] = tuple(sorted({cell for cell, keep in zip(cells, kept.tolist(), strict=True) if keep}))
        place = {value: number for number, value in enumerate(values[name])}
        for table, found in zip((train, score), columns, strict=True):
            found.append(np.array([place.get(cell or "", UNSEEN) for cell in table.columns[name]], np.int64))
    sizes = tuple(len(values[name]) for name in codes)
    tables = [
        CodedTable(
            codes, _stacked(found, table, np.int64), sizes, quantities, _stacked(numbers, table, np.float64)
        )
        for table, found in zip((train, score), columns, strict=True)
        for numbers in [[quantity_of(table, name) for name in quantities]]
    ]
    return tables[0].take(np.flatnonzero(kept)), tables[1], values


def _stacked(columns: Sequence[Any], table: TextTable, kind: Any) -> Any:
    return np.stack(columns, axis=1) if columns else np.empty((len(table), 0), kind)


def _measures(outcome: FloatArray, probability: FloatArray) -> Json:
    known = ~np.isnan(outcome)
    outcome, probability = outcome[known], probability[known]
    return {
        "auroc": auroc(outcome, probability),
        "precision_at_1": precision_at(outcome, probability, 0.01),
        "precision_at_5": precision_at(outcome, probability, 0.05),
        "calibration_error": calibration_error(outcome, probability) if len(outcome) else None,
    }


def _entities(
    request: TableRequest, prepared: Prepared, score: TextTable, card: Scorecard, contributions: FloatArray
) -> tuple[list[Json], list[str]]:
    """Entities with enough rows, ranked within their column; and those without."""
    order = canonical_order(prepared.score)
    entities: list[Json] = []
    not_ranked: list[str] = []
    for name in request.entities:
        cells = [score.columns[name][row] or "" for row in order.tolist()]
        ranked, others = _ranked(name, prepared, cells, card, contributions[order])
        entities += ranked
        not_ranked += others
    return entities, not_ranked


def _ranked(
    name: str, prepared: Prepared, cells: Sequence[str], card: Scorecard, contributions: FloatArray
) -> tuple[list[Json], list[str]]:
    names, place = np.unique(np.array(cells, dtype=np.str_), return_inverse=True)
    rows, labelled, positive = _counts(name, prepared, names.tolist(), place)
    together = np.zeros((len(names), contributions.shape[1]))
    np.add.at(together, place, contributions)
    # A row of the base rate is added, so that one row alone does not put a firm above those with many.
    mean = together / (rows + PRIOR_ROWS)[:, None]
    scores = expit(card.base + mean.sum(axis=1))
    named = names != ""
    enough = named & (rows + labelled >= LEAST_ROWS)
    chosen = np.flatnonzero(enough)
    chosen = chosen[np.lexsort((chosen, -np.round(scores[chosen], _DIGITS)))]
    ranked = [
        {
            "id": f"{name}:{names[one]}",
            "column": name,
            "rank": rank,
            "score": 100.0 * float(scores[one]),
            "rows": int(rows[one]),
            "labelled": int(labelled[one]),
            "positive": int(positive[one]),
            "reasons": _reasons(
                name, card, mean[one], (int(rows[one]), int(labelled[one]), int(positive[one]))
            ),
        }
        for rank, one in enumerate(chosen.tolist(), start=1)
    ]
    return ranked, [f"{name}:{names[one]}" for one in np.flatnonzero(named & ~enough).tolist()]


def _counts(
    name: str, prepared: Prepared, names: Sequence[str], place: Int64Array
) -> tuple[Int64Array, Int64Array, FloatArray]:
    """Rows to be ranked, labelled rows and positive ones of each entity."""
    values = prepared.values[name]
    code_of = {value: code for code, value in enumerate(values)}
    codes = np.array([code_of.get(one, len(values)) for one in names], np.int64)
    column = prepared.train.codes[:, prepared.train.code_names.index(name)]
    labelled = np.bincount(column, minlength=len(values) + 1)
    positive: FloatArray = np.bincount(column, prepared.positive, len(values) + 1).astype(np.float64)
    return np.bincount(place, minlength=len(names)), labelled[codes], positive[codes]


def _reasons(
    name: str, card: Scorecard, contributions: FloatArray, counts: tuple[int, int, int]
) -> list[Json]:
    """Every contribution by size, and the base last: their sum is the log-odds of the score."""
    together: dict[str, float] = {}
    for term, value in zip(card.terms, contributions.tolist(), strict=True):
        feature = " + ".join(term)
        together[feature] = together.get(feature, 0.0) + value
    ordered = sorted(together.items(), key=lambda one: (-abs(one[1]), one[0]))
    reasons = [
        {"feature": feature, "contribution": value, "text": _text(feature, value, counts, feature == name)}
        for feature, value in ordered
        if value != 0.0
    ]
    base = (
        f"Log-odds before anything is known: {card.base:+.3f}. 尚无任何信息时的对数几率：{card.base:+.3f}。"
    )
    return [*reasons, {"feature": BASE, "contribution": card.base, "text": base}]


def _text(feature: str, value: float, counts: tuple[int, int, int], own: bool) -> str:
    rows, labelled, positive = counts
    english = (
        f"{feature} {'raises' if value > 0 else 'lowers'} the log-odds by {abs(value):.3f} ({rows} rows)"
    )
    chinese = f"{feature}使对数几率{'提高' if value > 0 else '降低'}{abs(value):.3f}（{rows}行）"
    if own:
        english += f"; {positive} of its {labelled} labelled rows are positive"
        chinese += f"；其{labelled}行已标注记录中{positive}行为阳性"
    return f"{english}. {chinese}。"


def _model_card(request: TableRequest, prepared: Prepared, choice: Choice) -> Json:
    card = choice.scorecard
    return {
        "kind": card.model.value,
        "base": card.base,
        "terms": [" + ".join(term) for term in dict.fromkeys(card.terms)],
        "combination": " + ".join(card.terms[len(card.features.chain.levels) - 1])
        if card.features.chain
        else None,
        "codes": list(prepared.train.code_names),
        "quantities": list(prepared.train.quantity_names),
        "dropped": sorted(request.drop),
        "trained_on": {"rows": len(prepared.train), "positive": int(prepared.positive.sum())},
        "left_out": prepared.left_out,
        "calibration": {"slope": card.slope, "shift": card.shift},
        "back_test": [asdict(test) for test in choice.tests],
        "suspicious": _suspicious(prepared),
        "least_rows": LEAST_ROWS,
        "prior_rows": PRIOR_ROWS,
    }


def _suspicious(prepared: Prepared) -> list[str]:
    """Columns that alone tell the label of nearly every training row, as one made after the finding does."""
    n, positive = len(prepared.train), prepared.positive
    found: list[str] = []
    for place, name in enumerate(prepared.train.code_names):
        if prepared.train.sizes[place] <= n // 10:
            code = prepared.train.codes[:, place]
            share = np.bincount(code, positive) / np.maximum(np.bincount(code), 1)
            if (auroc(positive, share[code]) or 0.0) >= _SURE:
                found.append(name)
    for place, name in enumerate(prepared.train.quantity_names):
        quantity = prepared.train.quantities[:, place]
        known = ~np.isnan(quantity)
        area = auroc(positive[known], quantity[known])
        if area is not None and max(area, 1.0 - area) >= _SURE:
            found.append(name)
    return sorted(found)

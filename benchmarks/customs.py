"""The scorecard of ``suyuan rank table`` on customs declarations, beside a tuned gradient boosting.

    python -m benchmarks.customs [--quick]

Data: the train and validation parts of the sample ``customs`` (SUYUAN_SAMPLES). ``Critical Fraud`` and
``Declaration ID`` are left out. Two opponents, both gradient boosting whose trees may join any features, tuned on the
last quarter of the train part alone, by AUROC, over leaves, rounds and penalty:
- *columns*: the columns themselves; codes of few values as categories, the others as out-of-fold shares of fraud.
- *scorecard's features*: the values that the scorecard adds up, histories of combinations among them.
The validation part is looked at once, at the end.
"""

import argparse
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from benchmarks.measure import CHECKOUT, Row, print_rows
from suyuan.analytics.coded_table import CodedTable, canonical_order, content_folds
from suyuan.analytics.histories import Labels, fit_chain
from suyuan.analytics.ranking_measures import auroc, precision_at
from suyuan.analytics.scorecard import FOLDS, Features, fit_features
from suyuan.graph.snapshot import FloatArray
from suyuan.service.labelled_tables import read_tables
from suyuan.service.table_ranking import TableRequest, prepare, rank_table

LEAVES: Final = (15, 63, 255)
ROUNDS: Final = (100, 300)
PENALTIES: Final = (1.0, 10.0)
TUNED_ON: Final = 0.75
"""Share of the train part, in order of time, that opponents are fitted to while they are tuned."""

MOST_CATEGORIES: Final = 255


@dataclass(frozen=True)
class Settings:
    """Of a gradient boosting."""

    leaves: int
    rounds: int
    penalty: float

    def fitted(
        self, values: FloatArray, positive: FloatArray, categories: Sequence[int]
    ) -> HistGradientBoostingClassifier:
        """Trees that may join any features."""
        trees = HistGradientBoostingClassifier(
            learning_rate=0.05,
            max_leaf_nodes=self.leaves,
            max_iter=self.rounds,
            l2_regularization=self.penalty,
            categorical_features=list(categories) or None,
            early_stopping=False,
            random_state=0,
        )
        return trees.fit(values, positive)


@dataclass(frozen=True)
class Matrix:
    """What an opponent sees of rows to fit and of rows to predict."""

    fitted: FloatArray
    predicted: FloatArray
    categories: tuple[int, ...] = ()


def columns(train: CodedTable, positive: FloatArray, score: CodedTable) -> Matrix:
    """Quantities, categories, and out-of-fold shares of codes with many values."""
    labels = Labels.of(positive, content_folds(train, FOLDS), FOLDS)
    few = [place for place, size in enumerate(train.sizes) if size <= MOST_CATEGORIES]
    fitted, predicted = [train.quantities], [score.quantities]
    fitted.append(train.codes[:, few].astype(float))
    predicted.append(np.where(score.codes[:, few] < 0, np.nan, score.codes[:, few]))
    for place, size in enumerate(train.sizes):
        if size > MOST_CATEGORIES:
            chain, steps = fit_chain(train, [place], labels)
            fitted.append(steps)
            predicted.append(chain.steps(score))
    first = train.quantities.shape[1]
    return Matrix(np.hstack(fitted), np.hstack(predicted), tuple(range(first, first + len(few))))


def scorecard_features(train: CodedTable, positive: FloatArray, score: CodedTable) -> Matrix:
    """What the scorecard adds up, and the quantities as they are."""
    labels = Labels.of(positive, content_folds(train, FOLDS), FOLDS)
    found: tuple[Features, FloatArray] = fit_features(train, labels)
    return Matrix(
        np.hstack([found[1], train.quantities]), np.hstack([found[0].values(score), score.quantities])
    )


OPPONENTS: Final = {"columns": columns, "scorecard's features": scorecard_features}


def tuned(matrix: Matrix, positive: FloatArray, outcome: FloatArray, grid: Sequence[Settings]) -> Settings:
    """The settings with the best AUROC on rows that were not fitted."""
    return max(grid, key=lambda one: auroc(outcome, predicted(one, matrix, positive)) or 0.0)


def predicted(settings: Settings, matrix: Matrix, positive: FloatArray) -> FloatArray:
    """Log-odds of the rows to predict."""
    trees = settings.fitted(matrix.fitted, positive, matrix.categories)
    return trees.decision_function(matrix.predicted)


def samples() -> Path:
    """Folder of the customs sample."""
    return Path(os.environ.get("SUYUAN_SAMPLES") or CHECKOUT.parent / "shared" / "samples") / "customs"


def rows(quick: bool = False) -> Iterable[Row]:
    """Lines of the table of benchmarks."""
    folder = samples()
    request = TableRequest(
        (folder / "df_syn_train_eng.csv",),
        folder / "df_syn_valid_eng.csv",
        "Fraud",
        "Date",
        ("Importer ID", "Seller ID", "Declarant ID"),
        ("Critical Fraud", "Declaration ID"),
    )
    report = rank_table(request)
    data = prepare(request, read_tables(request.train), read_tables([request.score]))
    assert data.time is not None
    order = canonical_order(data.train, data.time)
    train, positive, time = data.train.take(order), data.positive[order], data.time[order]
    grid = [
        Settings(*one)
        for one in product(LEAVES[:1] if quick else LEAVES, ROUNDS[:1] if quick else ROUNDS, PENALTIES)
    ]
    begin = time[int(TUNED_ON * len(time))]
    before, after = np.flatnonzero(time < begin), np.flatnonzero(time >= begin)
    for name, make in OPPONENTS.items():
        inner = make(train.take(before), positive[before], train.take(after))
        best = tuned(inner, positive[before], positive[after], grid)
        score = predicted(best, make(train, positive, data.score), positive)
        yield from _compared(
            name, report, best, (auroc(data.outcome, score), precision_at(data.outcome, score, 0.05))
        )
    yield Row(
        what="customs, validation part: calibration error",
        ours=f"{report['calibration_error']:.4f}",
        target="<= 0.03",
        met=report["calibration_error"] <= 0.03,
        note=f"{report['model']['kind']}, {len(report['rows']):,} rows; histories of {report['model']['combination']}",
    )


def _compared(
    name: str, report: dict[str, object], best: Settings, figures: tuple[float | None, float | None]
) -> Iterable[Row]:
    note = f"tuned on the train part: {best.leaves} leaves, {best.rounds} rounds, penalty {best.penalty:g}"
    for (what, key, within), theirs in zip(
        (("AUROC", "auroc", 0.01), ("precision at 5 %", "precision_at_5", 0.03)), figures, strict=True
    ):
        ours = report[key]
        assert isinstance(ours, float)
        assert theirs is not None
        yield Row(
            what=f"customs, validation part: {what}, gradient boosting of {name}",
            ours=f"{ours:.4f}",
            opponent=f"gradient boosting {theirs:.4f}",
            ratio=f"{ours - theirs:+.4f}",
            target=f">= -{within:g}",
            met=ours - theirs >= -within,
            note=note,
        )


def main() -> None:
    """Parse arguments, print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    print_rows(rows(parser.parse_args().quick))


if __name__ == "__main__":
    main()

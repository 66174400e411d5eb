"""Risk rankings against what was found afterwards, in rolling windows, beside rankings by one figure alone.

    python -m benchmarks.risk_backtest [--quick] [--prior FILE]

Every market is ranked at four cut-offs from what was known by then, and judged by the findings of the 180 days after.
Features, cuts, spread of the prior and the prior scorecard itself were chosen on seeds 121-125 (``--prior FILE`` makes
that scorecard anew, for suyuan/service/risk_prior.json) and 126-135; the markets judged here are seeds 221-230.
Precision at 1 % is over entities that are open at the cut-off and have any evidence; ties count by their mean. Beside
stands what one would reach who knew the hidden state of the market (``benchmarks/risk_oracle.py``): no ranking can be
expected to do better. Prints a table for docs/accuracy/ranking.md.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy.special import expit

from benchmarks.markets import ingested
from benchmarks.measure import Row, print_rows
from benchmarks.risk_oracle import hidden_risks
from suyuan.analytics.ranking_measures import auroc, calibration_error, precision_at
from suyuan.analytics.risk_features import FEATURES, PLACE_OF, STEPS
from suyuan.analytics.step_scorecard import StepPrior, fit_steps
from suyuan.graph.snapshot import FloatArray
from suyuan.graph.times import MICROSECONDS_PER_DAY
from suyuan.service.party_findings import party_findings
from suyuan.service.risk_cards import BASELINES, HORIZON_DAYS, Sample
from suyuan.service.risk_entities import KINDS, FindingIndex, counts
from suyuan.service.risk_facts import DatedFacts
from suyuan.service.risk_features import FeatureMaker
from suyuan.service.risk_fits import RiskModels
from suyuan.service.risk_training import Cutoff, ranked_mask, sample_of
from suyuan.service.times import microseconds
from suyuan.service.workspace import Workspace
from suyuan.simulate.market import MarketOptions, simulate_market

CHOSEN_ON: Final = (121, 122, 123, 124, 125)
JUDGED_ON: Final = tuple(range(221, 231))
JUDGED_KINDS: Final = ("sellers", "firms", "actors")
WINDOWS: Final = (225, 270, 315, 360)
"""Cut-offs, days after the market begins; its last window ends with it."""

PRIOR_WINDOWS: Final = (180, *WINDOWS)
BEGIN: Final = "2024-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Judged:
    """One ranking at one cut-off."""

    kind: str
    day: int
    entities: int
    positive: int
    ours: dict[str, float]
    hidden: dict[str, float]
    baselines: dict[str, dict[str, float]]


def options_of(seed: int, sellers: int) -> MarketOptions:
    """A market with as many shops as asked and few shipments, which rankings hardly use."""
    return MarketOptions(seed=seed, sellers=sellers, movements=max(2_000, 8 * sellers))


def opened(seed: int, sellers: int, folder: Path) -> Workspace:
    """A market in a store, without its truth."""
    tables = folder / "tables"
    simulate_market(options_of(seed, sellers), tables)
    for name in ("truth.csv", "truth_actors.csv"):
        (tables / name).unlink()
    ingested(tables, folder / "market.db")
    return Workspace.open(f"sqlite:///{folder / 'market.db'}")


def measured(sample: Sample, score: FloatArray) -> dict[str, float]:
    """What a score is worth: only its order is used."""
    n = len(sample)
    found = sample.positive
    return {
        "precision_at_1": precision_at(found, score, 0.01) or 0.0,
        "precision_at_100": precision_at(found, score, min(1.0, 100 / n)) or 0.0,
        "recall_at_10": (precision_at(found, score, 0.1) or 0.0) * np.ceil(0.1 * n) / max(found.sum(), 1.0),
        "auroc": auroc(found, score) or 0.5,
    }


def hidden_scores(options: MarketOptions, cutoff: Cutoff, findings: FindingIndex, day: int) -> FloatArray:
    """Risk of every entity that is ranked, by the market's hidden state."""
    found = frozenset(
        party
        for party, rows in findings.by_party.items()
        if any(counts(one) and one.day is not None and _by(one.day, cutoff.facts.as_of) for one in rows)
    )
    risks = hidden_risks(options, day, HORIZON_DAYS, found)
    ranked = zip(cutoff.table.entities, ranked_mask(cutoff.table).tolist(), strict=True)
    return risks.scores(cutoff.table.kind, (entity.parties for entity, kept in ranked if kept))


def _by(day: int, as_of: int) -> bool:
    return day * MICROSECONDS_PER_DAY <= as_of


def judged(workspace: Workspace, options: MarketOptions) -> Iterator[Judged]:
    """Rankings of one market at every cut-off."""
    models, view = RiskModels(workspace), workspace.view()
    dated = DatedFacts(workspace, view)
    span, findings = models.span(dated), FindingIndex.of(party_findings(view))
    begin = microseconds("begin", BEGIN) or 0
    for day in WINDOWS:
        as_of = begin + day * MICROSECONDS_PER_DAY
        facts = dated.at(as_of)
        for kind in JUDGED_KINDS:
            card = models.fit(dated, kind, as_of, span, refit=True).scorecard
            cutoff = Cutoff(facts, models.table(dated, kind, as_of))
            sample = sample_of(cutoff, findings, as_of + HORIZON_DAYS * MICROSECONDS_PER_DAY)
            hidden = measured(sample, hidden_scores(options, cutoff, findings, day))
            log_odds = card.log_odds(sample.values)
            probability = expit(log_odds)
            ours = measured(sample, np.round(probability, 12)) | {
                "brier": float(((probability - sample.positive) ** 2).mean()),
                "calibration_error": calibration_error(sample.positive, probability),
            }
            alone = {
                name: measured(sample, sample.values[:, PLACE_OF[feature]])
                for name, feature in BASELINES.items()
            }
            yield Judged(kind, day, len(sample), int(sample.positive.sum()), ours, hidden, alone)


def print_table(found: Sequence[Judged]) -> None:
    """Means over markets, by kind and cut-off; the best baseline of each market stands beside."""
    print(
        "| kind | cut-off (day) | entities, with a finding | precision at 1 % | best baseline | ratio | "
        "hidden state | its ratio | at 100 | recall at 10 % | AUROC | best baseline | hidden state | Brier | "
        "calibration error (worst) |"
    )
    print("| --- " * 15 + "|")
    for kind in JUDGED_KINDS:
        for day in WINDOWS:
            print(_line(kind, day, [one for one in found if (one.kind, one.day) == (kind, day)]))


def mean_of(rows: Sequence[Judged], name: str) -> float:
    """The mean over markets of one of our measures."""
    return float(np.mean([one.ours[name] for one in rows]))


def best_of(rows: Sequence[Judged], name: str) -> float:
    """The mean over markets of the baseline that has the best one."""
    return max(float(np.mean([one.baselines[baseline][name] for one in rows])) for baseline in BASELINES)


def _line(kind: str, day: int, rows: Sequence[Judged]) -> str:
    worst = max(one.ours["calibration_error"] for one in rows)
    entities = float(np.mean([one.entities for one in rows]))
    positive = float(np.mean([one.positive for one in rows]))
    first = best_of(rows, "precision_at_1")
    ours = {name: mean_of(rows, name) for name in rows[0].ours}
    hidden = {name: float(np.mean([one.hidden[name] for one in rows])) for name in rows[0].hidden}
    cells = (
        kind,
        str(day),
        f"{entities:.0f}, {positive:.0f}",
        f"{ours['precision_at_1']:.3f}",
        f"{first:.3f}",
        f"{ours['precision_at_1'] / max(first, 1e-9):.1f}",
        f"{hidden['precision_at_1']:.3f}",
        f"{hidden['precision_at_1'] / max(first, 1e-9):.1f}",
        f"{ours['precision_at_100']:.3f}",
        f"{ours['recall_at_10']:.3f}",
        f"{ours['auroc']:.3f}",
        f"{best_of(rows, 'auroc'):.3f}",
        f"{hidden['auroc']:.3f}",
        f"{ours['brier']:.4f}",
        f"{ours['calibration_error']:.3f} ({worst:.3f})",
    )
    return f"| {' | '.join(cells)} |"


def write_prior(path: Path, sellers: int) -> None:
    """The prior scorecard of every kind, from all windows of the markets that choices are made on."""
    samples: dict[str, list[Sample]] = {kind: [] for kind in KINDS}
    for seed in CHOSEN_ON:
        with tempfile.TemporaryDirectory() as name, opened(seed, sellers, Path(name)) as workspace:
            view = workspace.view()
            findings = FindingIndex.of(party_findings(view))
            begin = microseconds("begin", BEGIN) or 0
            dated = DatedFacts(workspace, view)
            for day in PRIOR_WINDOWS:
                facts = dated.at(begin + day * MICROSECONDS_PER_DAY)
                maker = FeatureMaker(facts)
                for kind in KINDS:
                    until = facts.as_of + HORIZON_DAYS * MICROSECONDS_PER_DAY
                    samples[kind].append(sample_of(Cutoff(facts, maker.table(kind)), findings, until))
    path.write_text(json.dumps({kind: _prior(samples[kind]) for kind in KINDS}) + "\n", encoding="utf-8")


def _prior(samples: Sequence[Sample]) -> dict[str, object]:
    flat = StepPrior(-4.0, np.zeros(sum(len(one.cuts) for one in STEPS)), 1.0)
    card = fit_steps(
        STEPS,
        np.concatenate([one.values for one in samples]),
        np.concatenate([one.positive for one in samples]),
        np.concatenate([one.weight for one in samples]),
        flat,
    )
    ends = np.cumsum([len(one.cuts) for one in FEATURES])[:-1]
    parts = np.split(np.round(card.changes, 4), ends)
    changes = {one.name: part.tolist() for one, part in zip(FEATURES, parts, strict=True)}
    return {"intercept": round(card.intercept, 4), "changes": changes}


def rows(quick: bool = False) -> Iterable[Row]:
    """Judges every market, prints the whole table, and tells the targets kind by kind."""
    found: list[Judged] = []
    for seed in JUDGED_ON[:1] if quick else JUDGED_ON:
        sellers = 600 if quick else 2_500
        with tempfile.TemporaryDirectory() as name, opened(seed, sellers, Path(name)) as workspace:
            found += judged(workspace, options_of(seed, sellers))
        print(f"seed {seed} done", flush=True)
    print_table(found)
    for kind in JUDGED_KINDS:
        yield from _targets(
            kind, [[one for one in found if (one.kind, one.day) == (kind, day)] for day in WINDOWS]
        )


def _targets(kind: str, windows: Sequence[Sequence[Judged]]) -> Iterator[Row]:
    """Means over markets of each cut-off against what is to be reached."""
    ours = [mean_of(window, "precision_at_1") for window in windows]
    best = [best_of(window, "precision_at_1") for window in windows]
    ratios = [mine / max(other, 1e-9) for mine, other in zip(ours, best, strict=True)]
    errors = [mean_of(window, "calibration_error") for window in windows]
    most = [float(np.mean([one.hidden["precision_at_1"] for one in window])) for window in windows]
    what = f"{kind} of simulated markets, {len(windows)} cut-offs"
    yield Row(
        what=f"{what}, precision at 1 %",
        ours=", ".join(f"{one:.3f}" for one in ours),
        opponent="best baseline " + ", ".join(f"{one:.3f}" for one in best),
        ratio=", ".join(f"{one:.1f}x" for one in ratios),
        target=">= 2x each",
        met=min(ratios) >= 2.0,
        note="by the market's hidden state " + ", ".join(f"{one:.3f}" for one in most),
    )
    yield Row(
        what=f"{what}, calibration error",
        ours=", ".join(f"{one:.3f}" for one in errors),
        target="<= 0.030 each",
        met=max(errors) <= 0.03,
    )


def main() -> None:
    """Judges, or makes the prior scorecard."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="one market of 600 shops")
    parser.add_argument("--prior", type=Path, help="write the prior scorecard to this file instead")
    given = parser.parse_args()
    if given.prior:
        write_prior(given.prior, 600 if given.quick else 2_500)
        return
    print_rows(list(rows(quick=given.quick)))


if __name__ == "__main__":
    main()

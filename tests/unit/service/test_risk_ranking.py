"""Rankings of a simulated market: sums, order, intervals, cut-offs, kept fits, lists."""

import csv
import random
from collections import Counter
from collections.abc import Iterator
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from suyuan.errors import ConfigError, ConflictError, NotFoundError, ParameterError, UnknownKindError
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service import priority_lists, risk_fits
from suyuan.service.actors import resolve_actors
from suyuan.service.party_findings import party_findings
from suyuan.service.priority_lists import decide_list, list_history, propose_list, show_list
from suyuan.service.risk_entities import KINDS
from suyuan.service.risk_ranking import RankingRequest, RiskRanking
from suyuan.service.times import microseconds
from suyuan.service.workspace import Workspace
from suyuan.simulate.market import MarketOptions, simulate_market

AS_OF = "2024-12-15"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = tmp_path_factory.mktemp("market") / "tables"
    simulate_market(MarketOptions(seed=77, sellers=200, movements=1_500, cases=20), at)
    for name in ("truth.csv", "truth_actors.csv"):
        (at / name).unlink()
    return at


def opened(tables: Path, store: Path) -> Workspace:
    workspace = Workspace.open(f"sqlite:///{store}", create=True)
    ingest(workspace.store, [tables], IngestOptions())
    return workspace


@pytest.fixture(scope="module")
def market(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with opened(folder, tmp_path_factory.mktemp("store") / "market.db") as workspace:
        yield workspace


@pytest.fixture(scope="module")
def ranking(market: Workspace) -> RiskRanking:
    return RiskRanking(market)


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_adds_up_and_the_order_is_total(ranking: RiskRanking, kind: str) -> None:
    report = ranking.report(RankingRequest(kind, as_of=AS_OF))
    rows = report["rows"]
    assert rows
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    keys = [(-round(row["score"] / 100, 12), row["id"]) for row in rows]
    assert keys == sorted(keys)
    for row in rows:
        log_odds = sum(reason["contribution"] for reason in row["reasons"])
        assert row["score"] / 100 == pytest.approx(1 / (1 + exp(-log_odds)), rel=1e-9)
        assert 0.0 < row["low"] <= row["score"] <= row["high"] < 100.0
        assert row["reasons"][-1]["feature"] == "base"
        assert all(one["score"] <= row["score"] for one in row["would_lower"])
    assert not {row["id"] for row in rows} & set(report["not_ranked"])


def test_words(ranking: RiskRanking) -> None:
    for row in ranking.report(RankingRequest("sellers", as_of=AS_OF))["rows"]:
        if row["standing"] == "LEAD":
            assert row["display_label"] == "inspection priority 重点关注"
        assert "infringer" not in str(row).lower()
        assert "侵权人" not in str(row)
    goods = ranking.report(RankingRequest("products", as_of=AS_OF))
    assert {row["display_label"] for row in goods["rows"]} == {"inspection priority 重点关注"}
    assert "not a finding" in goods["note"]


def test_a_decision_is_shown_only_of_whom_it_names(market: Workspace, ranking: RiskRanking) -> None:
    moment = microseconds("as_of", AS_OF)
    findings = [one for one in party_findings(market.view(), moment) if one.infringing]
    named = {one.subject for one in findings} | {one.party for one in findings}
    members = dict(resolve_actors(market, moment).actors())
    decided: Counter[str] = Counter()
    linked = 0
    for kind in KINDS:
        for row in ranking.report(RankingRequest(kind, as_of=AS_OF))["rows"]:
            parties = members.get(row["id"], (row["id"],))
            if row["standing"] == "DECIDED_IN_FORCE":
                decided[kind] += 1
                assert len(parties) == 1
                assert parties[0] in named
            elif row["records_with_findings_in_force"]:
                linked += 1
                assert "finding in force" not in row["display_label"]
    assert decided["sellers"] > 0
    assert decided["products"] == decided["rights"] == 0
    assert linked > 0


def test_rows_of_files_may_come_in_any_order(folder: Path, tmp_path: Path, ranking: RiskRanking) -> None:
    shuffled = tmp_path / "tables"
    shuffled.mkdir()
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = list(csv.reader(file))
        random.Random(5).shuffle(rows)
        with (shuffled / path.name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head, *rows])
    with opened(shuffled, tmp_path / "store.db") as workspace:
        again = RiskRanking(workspace).report(RankingRequest("sellers", as_of=AS_OF))
    assert again["rows"] == ranking.report(RankingRequest("sellers", as_of=AS_OF))["rows"]
    assert again["not_ranked"] == ranking.report(RankingRequest("sellers", as_of=AS_OF))["not_ranked"]


def test_rows_dated_later_change_nothing(folder: Path, tmp_path: Path, ranking: RiskRanking) -> None:
    cut = tmp_path / "tables"
    cut.mkdir()
    dates = {
        "findings": "decided_at",
        "leads": "reported_at",
        "identifiers": "observed_at",
        "listings": "listed_at",
    }
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = list(csv.reader(file))
        if path.stem in dates:
            place = head.index(dates[path.stem])
            rows = [row for row in rows if row[place] < "2024-12-16"]
        with (cut / path.name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head, *rows])
    with opened(cut, tmp_path / "store.db") as workspace:
        again = RiskRanking(workspace).report(RankingRequest("sellers", as_of=AS_OF))
    assert again["rows"] == ranking.report(RankingRequest("sellers", as_of=AS_OF))["rows"]


def test_division_and_top(ranking: RiskRanking) -> None:
    whole = ranking.report(RankingRequest("sellers", as_of=AS_OF))
    province = whole["rows"][0]["division"][:2] + "0000"
    part = ranking.report(RankingRequest("sellers", as_of=AS_OF, division=province, top=3))
    inside = [row["id"] for row in whole["rows"] if row["division"].startswith(province[:2])]
    assert [row["id"] for row in part["rows"]] == inside[:3]
    assert [row["rank"] for row in part["rows"]] == list(range(1, len(part["rows"]) + 1))
    assert part["ranked"] == len(inside)


def test_a_fit_is_kept_and_made_anew_when_data_change(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[str] = []
    honest = risk_fits.fit_risk

    def counting(kind: str, *rest: Any) -> Any:
        fitted.append(kind)
        return honest(kind, *rest)

    monkeypatch.setattr(risk_fits, "fit_risk", counting)
    request = RankingRequest("sellers", as_of=AS_OF)
    with opened(folder, tmp_path / "store.db") as workspace:
        first = RiskRanking(workspace).report(request)
        assert RiskRanking(workspace).report(request)["rows"] == first["rows"]
        assert len(fitted) == 1
        RiskRanking(workspace).report(RankingRequest("sellers", as_of=AS_OF, refit=True))
        assert len(fitted) == 2
        more = tmp_path / "more"
        more.mkdir()
        seller = first["rows"][0]["id"]
        (more / "findings.csv").write_text(
            "finding_id,subject,outcome,finality,decided_at\n"
            f"XX1,{seller},not_infringing,in_force,2024-12-01\n",
            encoding="utf-8",
        )
        ingest(workspace.store, [more], IngestOptions())
        after = RiskRanking(workspace).report(request)
        assert len(fitted) == 3
        score = {row["id"]: row["score"] for row in after["rows"]}
        assert score[seller] < first["rows"][0]["score"]


def test_model_card(ranking: RiskRanking) -> None:
    report = ranking.report(RankingRequest("sellers", as_of=AS_OF))
    card = report["model"]
    assert card["data_cut_off"] == report["as_of"]
    assert card["trained_on"]["positive"] > 0
    assert card["calibration"]["plot"]
    assert {test["model"] for test in card["back_test"]} == {"scorecard", "boosted"}
    assert all(test["cut_off"] < report["as_of"] for test in card["back_test"])
    for feature in card["features"]:
        steps = np.diff([0.0, *feature["points"]]) * feature["direction"]
        assert (steps >= -1e-12).all()


def test_the_latest_date_is_the_usual_cut_off(ranking: RiskRanking) -> None:
    assert ranking.report(RankingRequest("rights"))["as_of"].startswith("2025-0")


def test_too_few_findings_leave_the_prior(folder: Path, tmp_path: Path) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for name in ("sellers", "listings", "products", "rights"):
        (few / f"{name}.csv").write_bytes((folder / f"{name}.csv").read_bytes())
    with opened(few, tmp_path / "store.db") as workspace:
        report = RiskRanking(workspace).report(RankingRequest("sellers", as_of=AS_OF))
    assert report["model"]["model"] == "prior"
    assert report["rows"][0]["score"] > report["rows"][-1]["score"] > 0.0


def test_mistakes_are_told(ranking: RiskRanking, tmp_path: Path) -> None:
    with pytest.raises(UnknownKindError):
        ranking.report(RankingRequest("persons"))
    with pytest.raises(ParameterError):
        ranking.report(RankingRequest("firms", as_of="yesterday"))
    with (
        Workspace.open(f"sqlite:///{tmp_path / 'empty.db'}", create=True) as empty,
        pytest.raises(ConfigError, match="as-of"),
    ):
        RiskRanking(empty).report(RankingRequest("firms"))


def test_lists_are_versions_somebody_answers_for(market: Workspace, ranking: RiskRanking) -> None:
    documents = market.store.documents
    report = ranking.report(RankingRequest("firms", as_of=AS_OF, top=4))
    proposed = propose_list(documents, "firms", report, by="张", why="例行")
    assert (proposed["version"], proposed["state"]) == (1, "proposed")
    assert [entry["id"] for entry in proposed["entries"]] == [row["id"] for row in report["rows"]]
    with pytest.raises(NotFoundError):
        show_list(documents, "firms")
    with pytest.raises(ParameterError, match="somebody else"):
        decide_list(documents, "firms", 1, by="张", why="同意")
    assert decide_list(documents, "firms", 1, by="李", why="同意")["state"] == "approved"
    assert show_list(documents, "firms")["decided_by"] == "李"
    with pytest.raises(ParameterError):
        decide_list(documents, "firms", 1, by="王", why="再次")
    shorter = ranking.report(RankingRequest("firms", as_of=AS_OF, top=3))
    propose_list(documents, "firms", shorter, by="张", why="更新")
    decide_list(documents, "firms", 2, by="李", why="不同意", approve=False)
    assert show_list(documents, "firms")["version"] == 1
    propose_list(documents, "firms", shorter, by="张", why="更新")
    decide_list(documents, "firms", 3, by="李", why="同意")
    history = list_history(documents, "firms")
    assert [one["state"] for one in history] == ["superseded", "rejected", "approved"]
    assert history[1]["removed"] == [report["rows"][3]["id"]]
    assert show_list(documents, "firms", 1)["why"] == "例行"
    assert "blacklist" not in str(history).lower()


def test_lists_refuse_what_nobody_answers_for(market: Workspace, ranking: RiskRanking) -> None:
    documents = market.store.documents
    report = ranking.report(RankingRequest("rights", as_of=AS_OF, top=2))
    for by, why in (("", "a"), ("a", " ")):
        with pytest.raises(ParameterError):
            propose_list(documents, "rights", report, by=by, why=why)
    with pytest.raises(ParameterError):
        propose_list(documents, "products", report, by="a", why="b")
    with pytest.raises(ParameterError):
        show_list(documents, "persons")
    with pytest.raises(NotFoundError):
        decide_list(documents, "rights", 7, by="a", why="b")


def test_two_who_change_a_list_at_once(
    market: Workspace, ranking: RiskRanking, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = market.store.documents
    report = ranking.report(RankingRequest("products", as_of=AS_OF, top=2))
    propose_list(documents, "products", report, by="a", why="b")
    stale = documents.get(priority_lists.COLLECTION, "products")
    propose_list(documents, "products", report, by="a", why="c")

    def outdated(*asked: Any) -> Any:
        return stale

    monkeypatch.setattr(type(documents), "get", outdated)
    with pytest.raises(ConflictError):
        decide_list(documents, "products", 1, by="c", why="d")

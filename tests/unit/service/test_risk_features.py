"""Features at a cut-off: what findings do, what is not seen yet, what counts for whom."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.analytics.risk_features import FEATURES, PLACE_OF
from suyuan.graph.times import MICROSECONDS_PER_DAY
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service import risk_facts as facts_module
from suyuan.service.party_findings import PartyFinding
from suyuan.service.risk_entities import KINDS, FindingIndex, counted, counts
from suyuan.service.risk_facts import (
    Good,
    LeadRow,
    Offer,
    Party,
    Place,
    RiskFacts,
    Ties,
    risk_facts,
)
from suyuan.service.risk_features import EntityTable, FeatureMaker
from suyuan.service.times import microseconds
from suyuan.service.workspace import Workspace

TODAY = 20_000
SHOPS = tuple(f"Seller:shop:s{number}" for number in range(6))
FIRMS = tuple(f"Firm:f{number}" for number in range(3))
ACTORS = {
    "Actor:a": (FIRMS[0], SHOPS[0], SHOPS[1]),
    "Actor:b": (FIRMS[1], SHOPS[2]),
    "Actor:c": (FIRMS[2], SHOPS[3], SHOPS[4], SHOPS[5]),
}


def finding(number: int, subject: str, day: int, outcome: str = "infringing") -> PartyFinding:
    return PartyFinding(
        finding=f"Finding:{number}",
        subject=subject,
        party=subject,
        right="Right:R1",
        right_type="trade_mark",
        kind="penalty",
        act=None,
        outcome=outcome,
        finality="in_force",
        day=day,
        division=None,
        right_holds=True,
    )


def facts_of(
    findings: Sequence[PartyFinding], opened: Sequence[int] = (100, 60, 300, 20, 500, 5)
) -> RiskFacts:
    """Six shops and three firms of three actors; each shop offers two things and sends from a site of two."""
    parties = {
        shop: Party(shop, shop, FIRMS[place % 3], "330782", TODAY - opened[place], False)
        for place, shop in enumerate(SHOPS)
    }
    parties |= {firm: Party(firm, firm, None, "330782", TODAY - 900, False) for firm in FIRMS}
    return RiskFacts(
        as_of=TODAY * MICROSECONDS_PER_DAY + MICROSECONDS_PER_DAY - 1,
        parties=parties,
        offers=[
            Offer(f"Listing:shop:{shop}{one}", shop, "Product:P1", "杯", ("Right:R1",), 0.5 * one, TODAY - 10)
            for shop in SHOPS
            for one in (0, 1)
        ],
        products={"Product:P1": Good("Product:P1", "杯", ("Right:R1",), "杯", (10.0, "CNY"), True)},
        rights={"Right:R1": Good("Right:R1", "R", (), None, None, True)},
        sites={f"Site:{one}": Place(f"Site:{one}", one, FIRMS[0], None, "factory") for one in "AB"},
        leads=[LeadRow(SHOPS[0], "Right:R1", "confirmed"), LeadRow(SHOPS[2], None, "rejected")],
        findings=sorted(findings, key=lambda one: (one.day or 0, one.finding)),
        senders={shop: {f"Site:{'AB'[place % 2]}"} for place, shop in enumerate(SHOPS)},
        flow={("Site:A", "Site:B"): 3.0},
        actors=ACTORS,
        actor_of={member: actor for actor, members in ACTORS.items() for member in members},
        ties=Ties((SHOPS[0], SHOPS[2]), (SHOPS[2], SHOPS[4]), (0.3, 0.4)),
    )


drawn = st.lists(
    st.tuples(
        st.sampled_from((*SHOPS, *FIRMS)),
        st.integers(TODAY - 700, TODAY),
        st.sampled_from(("infringing", "infringing", "not_infringing")),
    ),
    max_size=10,
)


@settings(deadline=None, max_examples=60)
@given(drawn, st.sampled_from(sorted(ACTORS)), st.sampled_from(KINDS))
def test_an_actor_without_its_findings_is_never_more_probable(
    found: list[tuple[str, int, str]], actor: str, kind: str
) -> None:
    findings = [finding(number, *one) for number, one in enumerate(found)]
    less = [one for one in findings if not (one.party in ACTORS[actor] and counts(one))]
    before, after = (FeatureMaker(facts_of(each)).table(kind) for each in (findings, less))
    ways = np.array([feature.direction for feature in FEATURES])
    for place, entity in enumerate(before.entities):
        if kind in ("products", "rights") or set(entity.parties) <= set(ACTORS[actor]):
            change = (after.values[place] - before.values[place]) * ways
            assert (change <= 1e-9).all(), [
                feature.name for feature, one in zip(FEATURES, change, strict=True) if one > 1e-9
            ]


def value(table: EntityTable, entity: str, feature: str) -> float:
    place = [one.id for one in table.entities].index(entity)
    return float(table.values[place, PLACE_OF[feature]])


def test_features_by_hand() -> None:
    findings = [
        finding(1, SHOPS[0], TODAY - 365),
        finding(2, SHOPS[1], TODAY),
        finding(3, SHOPS[2], TODAY, "not_infringing"),
    ]
    table = FeatureMaker(facts_of(findings)).table("sellers")
    assert value(table, SHOPS[0], "actor_findings") == pytest.approx(1.5)
    assert value(table, SHOPS[0], "own_findings") == pytest.approx(0.5)
    assert value(table, SHOPS[2], "cleared") == pytest.approx(1.0)
    assert value(table, SHOPS[0], "re_emergence") == pytest.approx(np.exp(-100 / 120))
    assert value(table, SHOPS[2], "re_emergence") == 0.0
    assert value(table, SHOPS[0], "discount") == pytest.approx(0.25)
    assert value(table, SHOPS[0], "deep_discounts") == pytest.approx(0.5)
    assert value(table, SHOPS[0], "no_licence_known") == 1.0
    assert value(table, SHOPS[1], "confirmed_count") == 1.0
    assert value(table, SHOPS[2], "leads_rejected") == 1.0
    assert value(table, SHOPS[3], "new_accounts") == 2.0
    assert value(table, SHOPS[2], "exposure") > value(table, SHOPS[4], "exposure") > 0.0
    assert value(table, SHOPS[0], "age") == 100.0


def test_a_licence_of_anybody_linked_counts() -> None:
    facts = facts_of([])
    facts.licensed = {("Right:R1", FIRMS[0])}
    table = FeatureMaker(facts).table("sellers")
    assert value(table, SHOPS[1], "no_licence_known") == 0.0
    assert value(table, SHOPS[2], "no_licence_known") == 1.0


def test_what_counts_for_whom() -> None:
    facts = facts_of([])
    later = FindingIndex.of(
        [
            finding(1, SHOPS[0], TODAY + 5),
            finding(2, FIRMS[0], TODAY + 6),
            finding(3, "Site:A", TODAY + 7)._replace(party=None),
            finding(4, "Listing:shop:x", TODAY + 8)._replace(party=SHOPS[1]),
        ]
    )
    named = {
        kind: {
            entity.id: [one.finding[8:] for one in counted(kind, entity, facts, later)]
            for entity in FeatureMaker(facts).table(kind).entities
        }
        for kind in KINDS
    }
    assert named["sellers"][SHOPS[0]] == ["1"]
    assert named["sellers"][SHOPS[1]] == []
    assert named["firms"][FIRMS[0]] == ["2", "1"]
    assert named["actors"]["Actor:a"] == ["2", "1", "4"]
    assert named["sites"]["Site:A"] == ["3", "2"]
    assert named["rights"]["Right:R1"] == ["1", "2", "3", "4"]
    assert named["products"]["Product:P1"] == ["1", "2", "4"]


def test_revoked_findings_and_those_on_dead_rights_count_for_nothing() -> None:
    one = finding(1, SHOPS[0], TODAY - 5)
    assert counts(one)
    assert counts(one._replace(finality="under_review"))
    assert not counts(one._replace(finality="revoked"))
    assert not counts(one._replace(right_holds=False))
    assert not counts(one._replace(outcome="not_infringing"))


LATER = {
    "sellers": (
        "platform,seller_id,name,firm_id,opened_at\nshop,late,新店,,2025-03-01\n",
        "platform,seller_id,name,firm_id,opened_at,closed_at\nshop,s1,一店,F1,2024-01-01,2025-02-01\n",
    ),
    "findings": (
        "finding_id,subject,right_id,outcome,finality,decided_at\n"
        "X1,Seller:shop:s1,R1,infringing,in_force,2025-02-01\n",
    ),
    "leads": (
        "lead_id,subject,right_id,reported_at,decision,decided_at\nX1,Seller:shop:s1,R1,2025-02-01,,\n",
        "lead_id,subject,right_id,reported_at,decision,decided_at\n"
        "L1,Listing:shop:L1,R1,2024-05-01,confirmed,2025-02-01\n",
    ),
    "listings": (
        "platform,listing_id,seller_id,product_id,price,currency,listed_at\nshop,X1,s1,P1,1,CNY,2025-02-01\n",
    ),
    "identifiers": (
        "owner,type,value,observed_at\nSeller:shop:s1,phone,13900000009,2025-02-01\n"
        "Seller:shop:s2,phone,13900000009,2025-02-01\n",
    ),
    "watch_lists": ("list,subject,from\n重点网店,Seller:shop:s1,2025-02-01\n",),
    "dispatches": ("platform,seller_id,site_id,observed_at\nshop,s1,D9,2025-02-01\n",),
    "licences": ("licence_id,right_id,licensee,valid_from\nX1,R1,Seller:shop:s1,2025-02-01\n",),
    "shipments": ("shipment_id,from_site,to_site,departed_at\nX1,FX,D1,2025-02-01\n",),
}
BEFORE = {
    "sellers": "platform,seller_id,name,firm_id,opened_at\nshop,s1,一店,F1,2024-01-01\nshop,s2,二店,,2024-02-01\n",
    "firms": "firm_id,name,registered_at\nF1,一公司,2020-01-01\n",
    "products": "product_id,name,category,right_ids,reference_price,currency\nP1,杯,家居,R1,10,CNY\n",
    "rights": "right_id,right_type,number,status,filed_at\nR1,trade_mark,99,in_force,2010-01-01\n",
    "listings": "platform,listing_id,seller_id,product_id,price,currency,listed_at\nshop,L1,s1,P1,5,CNY,2024-03-01\n"
    "shop,L2,s2,P1,9,CNY,2024-03-01\n",
    "leads": "lead_id,subject,right_id,reported_at\nL1,Listing:shop:L1,R1,2024-05-01\n",
    "findings": "finding_id,subject,right_id,outcome,finality,decided_at\n"
    "F1,Seller:shop:s2,R1,infringing,in_force,2024-06-01\n",
    "sites": "site_id,role,operator\nFX,factory,Seller:shop:s2\n",
    "dispatches": "platform,seller_id,site_id,observed_at\nshop,s1,D1,2024-04-01\nshop,s2,D1,2024-04-01\n",
}


def opened(folder: Path, *sets: dict[str, str]) -> Workspace:
    workspace = Workspace.open(f"sqlite:///{folder / 'store.db'}", create=True)
    for number, tables in enumerate(sets):
        at = folder / str(number)
        at.mkdir()
        for name, text in tables.items():
            (at / f"{name}.csv").write_text(text, encoding="utf-8")
        ingest(workspace.store, [at], IngestOptions())
    return workspace


def tables_at(workspace: Workspace, as_of: str) -> dict[str, Any]:
    maker = FeatureMaker(risk_facts(workspace, workspace.view(), microseconds("as_of", as_of) or 0))
    made = {kind: maker.table(kind) for kind in KINDS}
    return {
        kind: (
            [replace(one, offers=()) for one in table.entities],
            table.values.tolist(),
            table.evidenced,
            [[found.finding for found in own] for own in table.findings],
        )
        for kind, table in made.items()
    }


@pytest.mark.parametrize(("table", "text"), [(name, text) for name, texts in LATER.items() for text in texts])
def test_nothing_is_seen_past_the_cut_off(
    table: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with opened(tmp_path / "a", BEFORE) as now, opened(tmp_path / "b", BEFORE, {table: text}) as later:
        assert tables_at(now, "2024-12-31") == tables_at(later, "2024-12-31")
        # A leak is seen: were the date of rows of one table disregarded, the features would differ.
        honest = facts_module.dated_rows

        def leaky(view: Any, name: str, columns: Any, as_of: int | None = None) -> Any:
            return honest(view, name, columns, None if name == table else as_of)

        if table not in ("findings", "identifiers", "licences"):
            monkeypatch.setattr(facts_module, "dated_rows", leaky)
            assert tables_at(now, "2024-12-31") != tables_at(later, "2024-12-31")


def test_a_leak_of_findings_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    honest = facts_module.party_findings
    with (
        opened(tmp_path / "a", BEFORE) as now,
        opened(tmp_path / "b", BEFORE, {"findings": LATER["findings"][0]}) as later,
    ):

        def leaky(view: Any, as_of: int | None) -> Any:
            return honest(view, None)

        monkeypatch.setattr(facts_module, "party_findings", leaky)
        assert tables_at(now, "2024-12-31") != tables_at(later, "2024-12-31")


def test_facts_of_one_reading_are_those_of_each_cut_off_alone(tmp_path: Path) -> None:
    later = {name: "".join(texts) if len(texts) == 1 else texts[1] for name, texts in LATER.items()}
    with opened(tmp_path, BEFORE, later) as workspace:
        facts = facts_module.DatedFacts(workspace, workspace.view())
        days = ("2025-12-31", "2023-12-31", "2024-06-01", "2024-12-31", "2025-12-31")
        for day in days:
            as_of = microseconds("as_of", day) or 0
            assert facts.at(as_of) == risk_facts(workspace, workspace.view(), as_of)
        assert facts.at(microseconds("as_of", days[0]) or 0) != facts.at(microseconds("as_of", days[3]) or 0)

"""Licences, overruns and findings at origins, worked by hand."""

from typing import Any

import pytest

from suyuan.graph.rows import snapshot_of_rows
from suyuan.traceback.casemass import case_mass
from suyuan.traceback.explanation import Explanation, Parts, Standing
from suyuan.traceback.parameters import TraceParameters
from suyuan.traceback.preparation import prepare
from suyuan.traceback.territories import Territory
from suyuan.traceback.trace import trace

Rows = dict[str, list[dict[str, Any]]]

LICENCE: dict[str, Any] = {
    "licence_id": "L",
    "right_id": "T",
    "licensee": "Firm:maker",
    "scope": ["make", "sell"],
    "valid_from": "2025-01-01",
    "valid_to": "2025-01-10",
}


def tables(*licences: dict[str, Any], **shipment: Any) -> Rows:
    """A factory F of a firm, from which goods go to a warehouse on 10 January."""
    sent = {
        "shipment_id": "S",
        "from_site": "F",
        "to_site": "W",
        "departed_at": "2025-01-10T10:00:00Z",
        "arrived_at": "2025-01-11T10:00:00Z",
        "product_id": "P",
        "quantity": 100.0,
        "unit": "件",
    }
    return {
        "sites": [
            {"site_id": "F", "role": "factory", "operator": "Firm:maker", "country": "CN"},
            {"site_id": "W", "role": "warehouse", "division_code": "330110", "country": "CN"},
        ],
        "firms": [{"firm_id": "maker", "name": "厂"}],
        "rights": [{"right_id": "T"}, {"right_id": "U"}],
        "products": [{"product_id": "P", "right_ids": ["T"]}, {"product_id": "Q", "right_ids": ["U"]}],
        "shipments": [sent | shipment],
        "licences": list(licences),
    }


def explained(rows: Rows, start: str = "Shipment:S", **options: Any) -> Explanation:
    prepared = prepare(snapshot_of_rows(rows), TraceParameters(), **options)
    kind = start.partition(":")[0]
    position = prepared.snapshot.nodes[kind].position(start)
    result = trace(prepared, kind, position, explain=Parts.ORIGINS)
    assert result.explanation is not None
    assert [prepared.snapshot.nodes["Site"].id_at(one.site) for one in result.origins] == ["Site:F"]
    return result.explanation


def licensed(rows: Rows, start: str = "Shipment:S") -> tuple[int, bool]:
    (found,) = explained(rows, start).licensing
    return len(found.licences), found.covered


def test_a_licence_in_force_on_its_last_day_covers_the_goods() -> None:
    assert licensed(tables(LICENCE)) == (1, True)


@pytest.mark.parametrize(
    "changed",
    [
        {"valid_to": "2025-01-09"},
        {"valid_from": "2025-01-11", "valid_to": "2025-12-31"},
        {"scope": ["sell"]},
        {"scope": None},
        {"right_id": "U"},
        {"licensee": "Firm:other"},
    ],
)
def test_other_licences_do_not(changed: dict[str, Any]) -> None:
    assert licensed(tables(LICENCE | changed)) == (0, False)


def test_no_licence_at_all_is_not_known() -> None:
    assert licensed(tables()) == (0, False)


def test_a_licence_without_days_has_no_bounds() -> None:
    assert licensed(tables(LICENCE | {"valid_from": None, "valid_to": None})) == (1, True)


def test_goods_that_left_at_an_unknown_time_are_not_covered() -> None:
    assert licensed(tables(LICENCE, departed_at=None, arrived_at=None)) == (0, False)


def test_an_unknown_product_is_that_of_the_case() -> None:
    rows = tables(LICENCE, product_id=None)
    assert licensed(rows) == (0, False)
    rows["listings"] = [{"platform": "s", "listing_id": "1", "seller_id": "a", "product_id": "P"}]
    rows["dispatches"] = [
        {
            "platform": "s",
            "seller_id": "a",
            "site_id": "F",
            "observed_at": "2025-01-10",
            "source": "test_purchase",
            "listing_id": "1",
            "shipment_id": "S",
        }
    ]
    assert licensed(rows, "Listing:s:1") == (1, True)


def test_the_firm_behind_a_shop_that_runs_the_site_is_the_licensee() -> None:
    rows = tables(LICENCE)
    rows["sites"][0]["operator"] = "Seller:s:a"
    rows["sellers"] = [{"platform": "s", "seller_id": "a", "firm_id": "maker"}]
    assert licensed(rows) == (1, True)


def test_goods_of_which_some_left_after_the_licence_are_not_all_covered() -> None:
    rows = tables(LICENCE)
    later = {"departed_at": "2025-01-12T10:00:00Z", "arrived_at": "2025-01-13T10:00:00Z"}
    rows["shipments"].append(rows["shipments"][0] | later | {"shipment_id": "S2"})
    assert licensed(rows, "Site:W") == (1, False)


def overrun(*licences: dict[str, Any], **shipment: Any) -> tuple[float, float] | None:
    (found,) = explained(tables(*licences, **shipment)).licensing
    return None if found.overrun is None else (found.overrun.quantity, found.overrun.outside)


def test_more_than_the_licence_covers_is_an_overrun() -> None:
    assert overrun(LICENCE | {"quantity": 60.0}) == (40.0, 0.0)
    assert overrun(LICENCE | {"quantity": 100.0}) is None
    assert overrun(LICENCE) is None


def test_goods_to_places_outside_the_territory_are_an_overrun() -> None:
    assert overrun(LICENCE | {"territory": "DE"}) == (100.0, 100.0)
    assert overrun(LICENCE | {"territory": "440000"}) == (100.0, 100.0)
    for inside in ("CN", "330000", "330110;440000", "DE, CN", "somewhere", None):
        assert overrun(LICENCE | {"territory": inside}) is None


def test_a_second_licence_that_is_not_overrun_covers_the_rest() -> None:
    short = LICENCE | {"quantity": 60.0}
    assert overrun(short, LICENCE | {"licence_id": "M"}) is None
    assert overrun(short, LICENCE | {"licence_id": "M", "quantity": 90.0}) == (10.0, 0.0)


def test_moves_between_own_factories_and_of_unknown_quantity_are_no_overrun() -> None:
    assert overrun(LICENCE | {"quantity": 60.0}, quantity=None) is None
    rows = tables(LICENCE | {"quantity": 60.0})
    rows["sites"].append({"site_id": "F2", "role": "factory", "operator": "Firm:maker"})
    rows["shipments"][0]["to_site"] = "F2"
    assert explained(rows).licensing[0].overrun is None


def test_nothing_is_said_of_quantities_in_different_units() -> None:
    rows = tables(LICENCE | {"quantity": 60.0})
    rows["shipments"].append(rows["shipments"][0] | {"shipment_id": "S2", "unit": "箱"})
    assert explained(rows).licensing[0].overrun is None


FINDING: dict[str, Any] = {
    "finding_id": "1",
    "subject": "Site:F",
    "outcome": "infringing",
    "finality": "in_force",
    "decided_at": "2025-02-01",
}


@pytest.mark.parametrize(
    ("findings", "standing"),
    [
        ([], Standing.LEAD),
        ([FINDING], Standing.DECIDED_IN_FORCE),
        ([FINDING | {"finality": "under_review"}], Standing.UNDER_REVIEW),
        ([FINDING | {"finality": "revoked"}], Standing.REVOKED),
        ([FINDING | {"outcome": "not_infringing"}], Standing.CLEARED),
        ([FINDING | {"subject": "Firm:maker"}], Standing.LEAD),
        ([FINDING | {"outcome": None}], Standing.LEAD),
        ([FINDING | {"finality": "revoked"}, FINDING | {"finding_id": "2"}], Standing.DECIDED_IN_FORCE),
    ],
)
def test_standing_is_what_findings_that_name_the_site_say(
    findings: list[dict[str, Any]], standing: Standing
) -> None:
    assert explained(tables() | {"findings": findings}).standing == (standing,)


def test_findings_after_as_of_are_not_known() -> None:
    rows = tables() | {"findings": [FINDING]}
    january = 1_738_281_600_000_000
    assert explained(rows, as_of=january).standing == (Standing.LEAD,)
    assert explained(rows, as_of=january + 40 * 86_400_000_000).standing == (Standing.DECIDED_IN_FORCE,)


def test_a_territory_is_read_only_if_all_of_it_can_be() -> None:
    assert not Territory.of_text("CN and nearby").readable
    assert Territory.of_text("330110；CN").divisions == ("330110",)
    assert Territory.of_text("330100").divisions == ("3301",)


def test_a_case_whose_goods_were_made_nowhere_known_has_no_licences_to_judge() -> None:
    rows = tables(LICENCE)
    rows["sites"][0]["role"] = "warehouse"
    prepared = prepare(snapshot_of_rows(rows), TraceParameters())
    result = trace(
        prepared,
        "Shipment",
        prepared.snapshot.nodes["Shipment"].position("Shipment:S"),
        explain=Parts.ORIGINS,
    )
    assert result.explanation is not None
    assert not result.origins
    assert not result.explanation.licensing


def test_many_cases_judge_licences_as_one_trace_does() -> None:
    """The leg from the factory names no product, the case does."""
    rows = tables(LICENCE, product_id=None)
    further = {"shipment_id": "T", "from_site": "W", "to_site": "R", "departed_at": "2025-01-12T10:00:00Z"}
    rows["shipments"].append({**further, "product_id": "P", "quantity": 100.0, "unit": "件"})
    assert licensed(rows, "Shipment:T") == (1, True)
    prepared = prepare(snapshot_of_rows(rows), TraceParameters())
    position = prepared.snapshot.nodes["Shipment"].position("Shipment:T")
    found = case_mass(prepared, "Shipment", position, keep_licensed=False)
    assert [prepared.snapshot.nodes["Site"].id_at(site) for site in found.licensed] == ["Site:F"]
    assert not len(found.sites)
    whole = case_mass(prepared, "Shipment", position)
    assert len(whole.sites) == 1
    assert not len(whole.licensed)


def test_many_cases_judge_a_lot_by_the_departures_that_one_trace_judges_it_by() -> None:
    """A lot left its maker twice, under licence and after it; the case carries the later part."""
    rows = tables(LICENCE, lot_id="7")
    later = {"shipment_id": "T", "departed_at": "2025-02-10T10:00:00Z", "arrived_at": "2025-02-11T10:00:00Z"}
    rows["shipments"] += [
        rows["shipments"][0] | later,
        rows["shipments"][0]
        | {"shipment_id": "U", "from_site": "W", "to_site": "R"}
        | {"departed_at": "2025-02-12T10:00:00Z", "arrived_at": "2025-02-13T10:00:00Z"},
    ]
    prepared = prepare(snapshot_of_rows(rows), TraceParameters(infer_makers=True))
    position = prepared.snapshot.nodes["Shipment"].position("Shipment:U")
    said = trace(prepared, "Shipment", position, explain=Parts.ORIGINS).explanation
    assert said is not None
    found = case_mass(prepared, "Shipment", position, keep_licensed=False)
    assert bool(len(found.licensed)) == said.licensing[0].covered

"""From ids of cases to sources, false leads and ties, over a small market in a store."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from suyuan.errors import ParameterError, UnknownNodeError
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.origin_groups import GroupRequest, OriginGroups
from suyuan.service.tracing import Start, Tracer
from suyuan.service.workspace import Workspace

FACTORIES = {"F1": 40, "F2": 30, "F3": 30}
"""Factories, and how many listings of each there are besides the group's."""

GROUP = ("Listing:shop:A1", "Listing:shop:A2", "Listing:shop:A3", "Listing:shop:A4")


def write_market(folder: Path) -> None:
    """Listings with a test purchase sent straight from a factory; A1-A3 from F1, A4 from F2, A5 unknown."""
    bought = {"A1": "F1", "A2": "F1", "A3": "F1", "A4": "F2"}
    for factory, count in FACTORIES.items():
        bought |= {f"{factory}x{number}": factory for number in range(count)}
    tables = {
        "sites": ["site_id,role,name", *(f"{name},factory,厂{name}" for name in FACTORIES), "R1,,收货"],
        "listings": ["platform,listing_id,seller_id", *(f"shop,{name},s1" for name in [*bought, "A5"])],
        "shipments": [
            "shipment_id,from_site,to_site,departed_at,arrived_at",
            *(f"S{name},{factory},R1,2025-03-01,2025-03-02" for name, factory in bought.items()),
        ],
        "dispatches": [
            "platform,seller_id,site_id,observed_at,source,listing_id,shipment_id",
            *(
                f"shop,s1,{factory},2025-03-01T{n // 60:02}:{n % 60:02}:00Z,test_purchase,{name},S{name}"
                for n, (name, factory) in enumerate(bought.items())
            ),
        ],
        "sellers": ["platform,seller_id,name", "shop,s1,小店", "shop,s2,空店"],
    }
    folder.mkdir()
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("groups")
    write_market(folder / "tables")
    with Workspace.open(f"sqlite:///{folder / 'market.db'}", create=True) as opened:
        assert ingest(opened.store, [folder / "tables"], IngestOptions()).to_json()["rejected"] == 0
        yield opened


@pytest.fixture
def groups(workspace: Workspace) -> OriginGroups:
    return OriginGroups(Tracer(workspace))


def untimed(report: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if name != "elapsed_ms"}


def test_the_common_source_and_the_false_lead(groups: OriginGroups) -> None:
    report = groups.report(GROUP, GroupRequest())
    (source,) = report["sources"]
    assert (source["site"], source["name"]) == ("Site:F1", "厂F1")
    assert source["cases"] == list(GROUP[:3])
    assert source["posterior"] > 0.9
    (lead,) = report["false_leads"]
    assert lead["case"] == "Listing:shop:A4"
    assert lead["probability"] > 0.5
    assert lead["reason"] == "leads to Site:F2 (100.0%); 0.0% of it to the sources"
    assert report["runners_up"][0]["site"] == "Site:F2"
    assert report["runners_up"][0]["instead_of"] == "Site:F1"
    total = source["posterior"] + sum(other["posterior"] for other in report["runners_up"])
    assert total == pytest.approx(1.0)
    assert (report["ties"], report["untraced"]) == ([], [])
    assert report["background_cases"] == 105
    assert {case["case"]: case["source"] for case in report["cases"]} == {
        **dict.fromkeys(GROUP[:3], "Site:F1"),
        GROUP[3]: None,
    }


def test_a_case_that_leads_nowhere_says_nothing(groups: OriginGroups) -> None:
    nowhere = groups.report(["Seller:shop:s2"], GroupRequest())
    assert nowhere["sources"] == nowhere["false_leads"] == nowhere["cases"] == []
    assert nowhere["false_share"] is None
    assert nowhere["untraced"] == [
        {"case": "Seller:shop:s2", "reason": "nothing recorded that a trace could start from"}
    ]
    alone = groups.report(GROUP[:3], GroupRequest())
    # A seller adds the kind of case that is usual here: none of the sellers leads to an origin of its own.
    beside = groups.report([*GROUP[:3], "Seller:shop:s2"], GroupRequest())
    assert beside["untraced"] == nowhere["untraced"]
    assert beside["sources"][0]["site"] == alone["sources"][0]["site"] == "Site:F1"
    assert beside["false_leads"] == []


def test_order_and_repetition_of_ids_make_no_difference(groups: OriginGroups) -> None:
    report = untimed(groups.report(GROUP, GroupRequest()))
    other = [" listing:shop:A4 ", GROUP[2], GROUP[0], GROUP[0], GROUP[1]]
    assert untimed(groups.report(other, GroupRequest())) == report


def test_reports_of_several_groups_are_those_of_each(groups: OriginGroups) -> None:
    told: list[tuple[str, float]] = []
    several = list(
        groups.reports([GROUP, GROUP[2:]], GroupRequest(), lambda what, share: told.append((what, share)))
    )
    assert [untimed(report) for report in several] == [
        untimed(groups.report(group, GroupRequest())) for group in (GROUP, GROUP[2:])
    ]
    assert [share for _, share in told] == pytest.approx([i / 6 for i in range(1, 7)])


def test_every_id_is_looked_up_before_the_first_answer(groups: OriginGroups) -> None:
    asked = iter(groups.reports([GROUP, [Start("Listing:shop:NONE", "cases.txt, line 2")]], GroupRequest()))
    with pytest.raises(UnknownNodeError, match=r"^cases.txt, line 2: "):
        next(asked)


@pytest.mark.parametrize(
    ("cases", "changed"),
    [
        ((), {}),
        (("Firm:F1",), {}),
        (GROUP, {"sources": 0}),
        (GROUP, {"sources": 5}),
        (GROUP, {"as_of": "yesterday"}),
    ],
)
def test_what_cannot_be_asked_is_refused(
    groups: OriginGroups, cases: tuple[str, ...], changed: dict[str, Any]
) -> None:
    with pytest.raises(ParameterError):
        groups.report(cases, GroupRequest(**changed))


def test_as_of_looks_at_earlier_events_only(groups: OriginGroups) -> None:
    report = groups.report(GROUP, GroupRequest(as_of="2025-02-01"))
    assert report["as_of"] == "2025-02-01"
    assert report["sources"] == []
    assert len(report["untraced"]) == 4


def test_as_many_sources_as_asked_for(groups: OriginGroups) -> None:
    report = groups.report(GROUP, GroupRequest(sources=2))
    assert [source["site"] for source in report["sources"]] == ["Site:F1", "Site:F2"]
    assert report["false_leads"] == []
    assert report["parameters"]["sources"] == 2


def licensed_market(folder: Path) -> None:
    """F1 is run by a firm that may make the product of its own listings."""
    write_market(folder)
    tables = {
        "firms": ["firm_id,name", "maker,厂"],
        "rights": ["right_id,right_type", "T,trademark"],
        "products": ["product_id,name,right_ids", "P,货,T"],
        "licences": [
            "licence_id,right_id,licensee,scope,valid_from,valid_to",
            "L,T,Firm:maker,make,2025-01-01,",
        ],
    }
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name, add in (("sites", {"F1": "Firm:maker"}), ("listings", None), ("shipments", None)):
        head, *lines = (folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        if add is not None:
            lines = [f"{line},{add.get(line.partition(',')[0], '')}" for line in lines]
        else:
            lines = [f"{line},P" for line in lines]
        column = "operator" if add is not None else "product_id"
        (folder / f"{name}.csv").write_text("\n".join([f"{head},{column}", *lines]) + "\n", encoding="utf-8")


def test_a_factory_is_no_source_of_what_it_made_under_licence(tmp_path: Path) -> None:
    licensed_market(tmp_path / "tables")
    with Workspace.open(f"sqlite:///{tmp_path / 'market.db'}", create=True) as opened:
        assert ingest(opened.store, [tmp_path / "tables"], IngestOptions()).to_json()["rejected"] == 0
        groups = OriginGroups(Tracer(opened))
        report = groups.report(GROUP, GroupRequest())
        whole = groups.report(GROUP, GroupRequest(keep_licensed=True))
    assert report["licensed"] == [{"site": "Site:F1", "name": "厂F1", "cases": list(GROUP[:3])}]
    assert [source["site"] for source in report["sources"]] == ["Site:F2"]
    assert {one["case"] for one in report["untraced"]} == set(GROUP[:3])
    assert all("under licence" in one["reason"] for one in report["untraced"])
    assert [source["site"] for source in whole["sources"]] == ["Site:F1"]
    assert whole["licensed"] == []

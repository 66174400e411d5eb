"""``suyuan impact`` and ``suyuan cut`` on a small store."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run

TABLES = {
    "sites": "site_id,name,role,division_code\n"
    "F1,甲厂,factory,330782\nW1,乙仓,warehouse,330782\nD1,丙点,dispatch_point,440103\n"
    "X1,丁厂,factory,\n",
    "shipments": "shipment_id,from_site,to_site,departed_at,arrived_at,product_id,quantity,unit\n"
    "S1,F1,W1,2025-01-01,2025-01-02,P,10,件\nS2,W1,D1,2025-01-04,2025-01-05,P,10,件\n"
    "S3,D1,R1,2025-01-07,2025-01-08,P,4,件\nS4,X1,D1,2025-01-01,2025-01-02,Q,6,件\nS5,D1,R2,2025-01-07,2025-01-08,Q,6,件\n",
    "products": "product_id,name,right_ids\nP,保温杯,T1\nQ,水壶,\n",
    "rights": "right_id,right_type,number\nT1,trade_mark,1234567\n",
    "sellers": "platform,seller_id,name\nshop,s1,小店\n",
    "listings": "platform,listing_id,seller_id,product_id\nshop,L1,s1,P\n",
    "dispatches": "platform,seller_id,site_id,observed_at,source,listing_id,shipment_id\n"
    "shop,s1,D1,2025-01-07,test_purchase,L1,S3\n",
}
STORE = ("--store", "sqlite:///s.db")


@pytest.fixture
def market(suyuan: Run, tmp_path: Path) -> Run:
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    done = suyuan("ingest", *(f"{name}.csv" for name in TABLES), *STORE)
    assert done.returncode == 0, done.stderr
    return suyuan


def test_impact_as_json(market: Run) -> None:
    done = market("impact", "site:F1", *STORE, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["starts"] == ["Site:F1"]
    assert (report["units"], report["counted_in"], report["movements"]) == (10.0, "件", 3)
    assert [entry["site"] for entry in report["sites"]] == ["Site:W1", "Site:D1", "Site:R1"]
    assert report["sites"][0]["name"] == "乙仓"
    assert 0.6 < report["sites"][1]["mass"] < 0.625
    (seller,), (listing,), (right,) = report["sellers"], report["listings"], report["rights"]
    assert (seller["seller"], seller["name"], seller["rule"]) == ("Seller:shop:s1", "小店", "dispatches")
    assert (listing["listing"], listing["seller"]) == ("Listing:shop:L1", "Seller:shop:s1")
    assert (right["right"], right["number"], right["listings"]) == ("Right:T1", "1234567", 1)
    assert [entry["division"] for entry in report["jurisdictions"]] == ["330782", "440103", None]
    assert report["truncated"] is False


def test_impact_for_people(market: Run) -> None:
    done = market("impact", "Site:F1", *STORE)
    assert done.returncode == 0, done.stderr
    for words in ("店铺", "Seller:shop:s1", "Site:W1", "途经", "Right:T1"):
        assert words in done.stdout
    assert "not a finding" in done.stderr


def test_cut_as_json(market: Run) -> None:
    done = market("cut", "Site:F1", "--share", "0.9", *STORE, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["origins"], report["share"]) == (["Site:F1"], 0.9)
    assert (report["exact"], report["least_closings"], len(report["closings"])) == (True, 1, 1)
    (closing,) = report["closings"]
    assert closing["id"] == "Site:W1"
    assert closing["share_stopped"] == report["share_stopped"] == 1.0
    assert closing["lawful_units"] == report["lawful_units"] == pytest.approx(0.1)


def test_cut_for_people(market: Run) -> None:
    done = market("cut", "Site:F1", "--share", "1", *STORE)
    assert done.returncode == 0, done.stderr
    for words in ("阻断点", "Site:W1", "Fewer cannot do it."):
        assert words in done.stdout
    nothing = market("cut", "Site:R1", "--share", "1", *STORE)
    assert "Nothing recorded" in nothing.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("impact",), 2),
        (("impact", "Site:NONE"), 1),
        (("impact", "Firm:F"), 1),
        (("impact", "Site:F1", "--as-of", "soon"), 2),
        (("cut", "Site:F1"), 2),
        (("cut", "Site:F1", "--share", "0"), 2),
        (("cut", "Site:F1", "--share", "1.5"), 2),
        (("cut", "Site:NONE", "--share", "0.5"), 1),
    ],
)
def test_a_wrong_call_says_so_once(market: Run, arguments: tuple[str, ...], code: int) -> None:
    done = market(*arguments, *STORE, "--json")
    assert done.returncode == code
    assert json.loads(done.stdout)["error"]["message"]

"""What a store or an analyst says is printed as it stands, also where it looks like the markup of a terminal."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from suyuan.cli import console
from suyuan.cli.main import app

SHOP, OTHER, NAME, WHY = "[/b]1", "[red]7", "[/x]", "[/b]"
MAKER, PLACE, LISTING = "[/b]F", "[/b]D", "[bold]L"
RIGHT, ONE, TWO = "[/b]R", "[/b]3", "[red]4"
TABLES = {
    "sellers": f"platform,seller_id,name,division_code,opened_at\n"
    f"shop,{SHOP},{NAME},330782,2025-01-01\nshop,{OTHER},{NAME},330782,2025-04-01\n"
    f"shop,{ONE},红店,,\nshop,{TWO},绿店,,\n",
    "firms": f"firm_id,name,division_code,registered_at\n{MAKER},{NAME},350502,2020-01-01\n",
    "identifiers": f"owner,type,value,observed_at\nSeller:shop:{SHOP},phone,+8613800000001,2025-01-02\n"
    f"Seller:shop:{OTHER},phone,+8613800000001,2025-04-02\n"
    f"Seller:shop:{ONE},phone,13912345671,\nSeller:shop:{TWO},phone,13912345671,\n",
    "products": f"product_id,name,right_ids\nP1,{NAME},{RIGHT}\n",
    "rights": f"right_id,right_type,status,number\n{RIGHT},trade_mark,in_force,{NAME}\n",
    "listings": f"platform,listing_id,seller_id,title,product_id,price,currency,units_sold,listed_at\n"
    f"shop,{LISTING},{SHOP},{NAME},P1,39,CNY,5,2025-01-05\nshop,L2,{OTHER},{NAME},P1,39,CNY,5,2025-04-05\n",
    "sites": f"site_id,role,name,operator,division_code\n{MAKER},factory,{NAME},Firm:{MAKER},350502\n"
    f"{PLACE},dispatch_point,{NAME},,330782\nX1,factory,{NAME},,\n",
    "shipments": f"shipment_id,from_site,to_site,departed_at,arrived_at,product_id,quantity,unit\n"
    f"[/b]S,{MAKER},{PLACE},2025-02-01,2025-02-02,P1,10,件\nS2,X1,{PLACE},2025-02-01,2025-02-02,P1,1,件\n"
    f"[/b]T,{PLACE},[/b]H,2025-02-10,2025-02-11,P1,4,件\n",
    "dispatches": f"platform,seller_id,site_id,observed_at,source,listing_id,shipment_id\n"
    f"shop,{SHOP},{PLACE},2025-02-10,test_purchase,{LISTING},[/b]T\nshop,{OTHER},{PLACE},2025-05-01,waybill,,\n",
    "findings": f"finding_id,subject,right_id,kind,outcome,finality,decided_at,division_code\n"
    f"[/b]N,Seller:shop:{SHOP},{RIGHT},penalty,infringing,in_force,2025-03-02,330782\n"
    f"N2,Seller:shop:{OTHER},{RIGHT},penalty,infringing,in_force,2025-06-01,330782\n",
    "confirmed_origins": f"case,site,confirmed_at\nListing:shop:{LISTING},{MAKER},2025-05-01\n",
}
SELLER, SITE = f"Seller:shop:{SHOP}", f"Site:{MAKER}"
GIVEN = ("--why", WHY)


def printed(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A store with a build of actors, a judgement, and lists one of which is approved."""
    folder: Path = tmp_path_factory.mktemp("markup")
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    url = f"sqlite:///{folder / 's.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "200")
        printed("ingest", str(folder), "--store", url)
        printed("actors", "build", "--store", url)
        yield url


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("rank", "sellers"), (f"{SELLER}  {NAME}",)),
        (("rank", "firms"), (f"Firm:{MAKER}  {NAME}",)),
        (("rank", "sites"), (f"{SITE}  {NAME}",)),
        (("rank", "actors"), (NAME,)),
        (("rank", "rights"), (f"Right:{RIGHT}",)),
        (("rank", "products"), (NAME,)),
        (("networks", "list"), ("Network:",)),
        (
            ("networks", "show", SELLER),
            (NAME, f"Right:{RIGHT}", SITE, f"confirmed_origins:Listing%3Ashop%3A{LISTING}:{MAKER}"),
        ),
        (("actors", "list"), (f"{SELLER}  {NAME}", f"Seller:shop:{OTHER}  {NAME}")),
        (("actors", "review"), (f"Seller:shop:{ONE} ~ Seller:shop:{TWO}",)),
        (("actors", "history", SELLER), (SELLER, f"Seller:shop:{OTHER}")),
        (("trace", f"Listing:shop:{LISTING}", "--reachable"), (f"Listing:shop:{LISTING}", SITE, NAME)),
        (("trace", "listings"), (SITE, NAME)),
        (("origins", f"Listing:shop:{LISTING}"), (SITE, NAME, f"Listing:shop:{LISTING}")),
        (("impact", SITE), (SITE, f"Site:{PLACE}", SELLER, f"Listing:shop:{LISTING}", NAME)),
        (("cut", SITE, "--share", "0.9"), (SITE, NAME)),
        (("doctor",), ("sellers",)),
    ],
)
def test_ids_and_names_are_printed_as_they_stand(
    store: str, command: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    out = printed(*command, "--store", store)
    for text in expected:
        assert text in out


def test_reasons_and_names_of_people_are_printed_as_they_stand(store: str) -> None:
    at = ("--store", store)
    proposed = printed("rank", "list", "propose", "firms", "--by", "[/i]li", *GIVEN, *at)
    assert f"[/i]li: {WHY}\n" in proposed
    assert f"Firm:{MAKER}" in proposed
    for out in (
        printed("rank", "list", "approve", "firms", "1", "--by", "[/i]wu", *GIVEN, *at),
        printed("rank", "list", "show", "firms", *at),
    ):
        assert f"Decided by 决定 [/i]wu: {WHY}\n" in out
    assert f"[/i]wu: {WHY}\n" in printed("rank", "list", "history", "firms", *at)
    judged = printed("actors", "judge", SELLER, f"Seller:shop:{OTHER}", "same", "--by", "[/i]", *GIVEN, *at)
    assert f"{SELLER} same Seller:shop:{OTHER} ([/i], " in judged
    assert f": {WHY})" in judged
    name = judged.split(" ", 1)[0].rstrip(":")
    assert f": {WHY})" in printed("actors", "undo", name, "--by", "[/i]", *GIVEN, *at)


def test_commands_print_on_the_one_console() -> None:
    folder = Path(console.__file__).parent
    own = {file.name for file in folder.glob("*.py") if "Console(" in file.read_text(encoding="utf-8")}
    assert own == {"console.py", "output.py"}, "take suyuan.cli.console.people_console"

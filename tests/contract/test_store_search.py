"""Search: the same hits in the same order from every store."""

import pytest

from suyuan.graph.store.base import Scope, Store
from tests.contract.building import Row, firm, load, sample_rows
from tests.contract.oracle import Oracle

NAMES = [
    "义乌市晨光玩具有限公司",
    "义乌",
    "义乌玩具",
    "浙江义乌玩具厂",
    "玩具义乌",
    "乌义市",
    "广州市白云区皮具厂",
    "Yiwu Toys Co., Ltd.",
    "yiwu",
    "YIWU toy factory",
    "Yiwutoys",
    "Ｙｉｗｕ 玩具 2号",
    "Straße 7",
    "Café Noir",
    "ABC-123/45",
    "ABC 12345",
    "玩 具",
    "玩具 Toys 玩具",
    "𠮷野家 杂货",
    "한국 장난감",
    "игрушки оптом",
]
QUERIES = [
    "义",
    "乌",
    "玩具",
    "义乌",
    "义乌玩具",
    "晨光玩具",
    "白云皮具",
    "義烏",
    "义乌 玩具",
    "玩具 义乌",
    "yiwu",
    "Yiwu",
    "YIW",
    "yi",
    "toys",
    "toy fac",
    "Yiwu Toys",
    "yiwu玩具",
    "2号",
    "strasse",
    "straße",
    "cafe",
    "café",
    "abc",
    "ABC-123",
    "abc-12",
    "12345",
    "123/45",
    "𠮷",
    "장난감",
    "игру",
    "игрушки",
    "f3",
    "F1",
    "Firm:F3",
    "firm:F3",
    " Firm:F3 ",
    "Firm:F999",
    "nothing at all",
    "",
    "   ",
    "-",
    '"',
    "* OR (",
    "NEAR(a b)",
    "a AND b",
    "name:yiwu",
    "^yiwu",
    "~",
    "yiwu*",
    "co., ltd",
    "SF",
    "sf0001",
    "SF0001 sh1",
    "sh1 sf0001",
    "sf0001-sh1",
    "SF0001/SH",
    "sf0001 nothing",
    "sf0001 义",
    "SF77",
    "sf-77",
    "77",
    "sh",
    "SH1",
    "zz",
    "Zz1",
    "9",
]


@pytest.fixture
def named(store: Store) -> Oracle:
    data: dict[str, list[Row]] = {
        "firms": [firm(i, name) for i, name in enumerate(NAMES)],
        "sellers": [
            {"platform": "shop", "seller_id": f"S{i}", "name": name, "address": "浙江省义乌市稠州北路"}
            for i, name in enumerate(NAMES[:8])
        ],
        "shipments": [
            *({"shipment_id": f"SH{i}", "waybill": f"SF{i:04}"} for i in range(12)),
            {"shipment_id": "sH1b", "waybill": "sf0001"},
            {"shipment_id": "SH-9", "waybill": "SF0009X"},
            {"shipment_id": "Zz1", "waybill": None},
            {"shipment_id": "SH77", "waybill": "sf 77"},
            {"shipment_id": "SH78", "waybill": "SF-77/8"},
            {"shipment_id": "SH79", "waybill": "义乌SF77"},
        ],
        "marks": [{"mark_code": "MK-77-1", "product_id": "P1"}],
        "sites": [{"site_id": "yiwu", "name": None}],
        "dispatches": [{"platform": "yiwu", "seller_id": "S1", "site_id": "yiwu", "observed_at": (0, 1)}],
    }
    load(store, data)
    oracle = Oracle()
    oracle.put(data)
    return oracle


@pytest.mark.parametrize("query", QUERIES)
def test_hits_and_their_order(store: Store, named: Oracle, query: str) -> None:
    hits = store.view().search(query, first=100)
    assert [(hit.rank, hit.id) for hit in hits] == named.search(query)
    assert all(hit.kind == hit.id.split(":")[0] for hit in hits)


@pytest.mark.parametrize("query", ["义", "yiwu", "玩具", "SF", "sh", "Firm:F3", "MK-77", "mk"])
def test_kinds_restrict_the_hits(store: Store, named: Oracle, query: str) -> None:
    for kinds in (["Firm"], ["Seller", "Shipment"], ["Mark"], []):
        hits = store.view().search(query, kinds=kinds, first=100)
        assert [(hit.rank, hit.id) for hit in hits] == named.search(query, kinds)


@pytest.mark.parametrize("query", ["义", "yiwu", "SF00", "义乌", "Firm:F3"])
def test_pages_of_hits_join_without_gap(store: Store, named: Oracle, query: str) -> None:
    got: list[tuple[int, str]] = []
    while page := store.view().search(query, first=3, after=got[-1] if got else None):
        assert len(page) <= 3
        got += [(hit.rank, hit.id) for hit in page]
    assert got == named.search(query)


def test_a_hit_shows_the_name(store: Store, named: Oracle) -> None:
    texts = {hit.id: hit.text for hit in store.view().search("yiwu", first=100)}
    assert texts["Firm:F9"] == "YIWU toy factory"
    assert texts["Site:yiwu"] == "yiwu"
    assert store.view().search("Mark:MK-77-1")[0].text == "MK-77-1"
    assert store.view().search("Product:P1")[0].text == "P1"


def test_a_node_only_named_is_found_by_its_id_alone(store: Store) -> None:
    load(store, {"sellers": [{"platform": "shop", "seller_id": "1", "firm_id": "Ghost"}]})
    assert [(hit.rank, hit.id, hit.kind) for hit in store.view().search("firm:Ghost")] == [
        (0, "Firm:Ghost", "Firm")
    ]
    assert store.view().search("ghost") == []


def test_the_index_follows_the_records(store: Store) -> None:
    load(store, {"firms": [firm(1, "义乌一厂"), firm(2, "义乌二厂")]})
    load(store, {"firms": [firm(1, "东阳一厂"), firm(3, "义乌三厂")]})
    assert [hit.id for hit in store.view().search("义乌")] == ["Firm:F2", "Firm:F3"]
    assert [hit.id for hit in store.view().search("东阳")] == ["Firm:F1"]
    load(store, {"firms": [firm(1, "义乌一厂")]})
    assert [hit.id for hit in store.view().search("义乌")] == ["Firm:F1", "Firm:F2", "Firm:F3"]
    assert store.view().search("东阳") == []
    assert store.check(deep=True) == []


def test_a_search_of_then_finds_nothing_that_came_later(store: Store) -> None:
    first = load(store, {"firms": [firm(1, "义乌一厂")]})
    load(store, {"firms": [firm(2, "义乌二厂")]})
    assert [hit.id for hit in store.view(Scope(known_at=first.ended_at)).search("义乌")] == ["Firm:F1"]


def test_every_table_is_searched_alike(store: Store) -> None:
    rows = sample_rows()
    load(store, rows)
    oracle = Oracle()
    oracle.put(rows)
    for query in ("v", "v 0:0%", "1", "number:1", "v 1", "factory", "1970", "2024"):
        hits = store.view().search(query, first=1_000)
        assert [(hit.rank, hit.id) for hit in hits] == oracle.search(query)

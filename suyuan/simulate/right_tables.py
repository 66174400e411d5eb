"""Rights, contents, assignments, licences, customs recordals, products and electronic marks, as tables."""

import numpy as np

from suyuan.simulate import names
from suyuan.simulate.building import Market
from suyuan.simulate.calendar import day_text, time_text
from suyuan.simulate.codes import gtin, random_stream
from suyuan.simulate.listings import listing_ids
from suyuan.simulate.records import lot_ids
from suyuan.simulate.rights import Right
from suyuan.simulate.tables import TableWriter
from suyuan.simulate.world import DAY, EPOCH, product_ids

_LOCARNO = ("07-01", "14-01", "02-04", "04-02", "03-01", "13-02", "26-05", "19-06")
_IPC = (
    "A47G 19/22",
    "H04R 1/10",
    "A43B 13/00",
    "A46B 9/04",
    "A45C 3/00",
    "H02J 7/00",
    "F21S 6/00",
    "B43L 19/00",
)


def write_right_tables(market: Market, writer: TableWriter) -> None:
    """Tables of rights and what hangs on them, products, marks and mark_scans."""
    stream = random_stream(market.options.seed, "right tables")
    holders = market.rights.holders
    writer.write(
        "rights_holders",
        {
            "holder_id": [f"H{number + 1:03d}" for number in range(len(holders))],
            "name": holders,
            "country": ["CN" if stream.random() < 0.8 else "DE" for _ in holders],
            "contact": [f"ip{number + 1}@holder{number + 1}.example" for number in range(len(holders))],
        },
    )
    _write_rights(market, writer, stream)
    _write_contents(market, writer, stream)
    _write_assignments(market, writer, stream)
    _write_licences(market, writer, stream)
    _write_products(market, writer)
    _write_marks(market, writer, stream)


def _classes(right: Right) -> str:
    kind = names.PRODUCT_KINDS[right.product % len(names.PRODUCT_KINDS)]
    if right.right_type == "trade_mark":
        return f"{kind[2]};{kind[2]}01"
    table = _LOCARNO if right.right_type == "design" else _IPC
    return table[right.product % len(table)]


def _write_rights(market: Market, writer: TableWriter, stream: np.random.Generator) -> None:
    rights = market.rights.rights
    as_of = day_text(EPOCH + (market.options.days - 1) * DAY)
    patents = [right.right_type in ("design", "utility_model") for right in rights]
    writer.write(
        "rights",
        {
            "right_id": [right.right_id for right in rights],
            "right_type": [right.right_type for right in rights],
            "number": [("" if right.right_type == "trade_mark" else "ZL") + right.number for right in rights],
            "title": [right.title for right in rights],
            "holder_id": [f"H{right.holder + 1:03d}" for right in rights],
            "status": ["lapsed" if right.lapsed else "in_force" for right in rights],
            "status_as_of": [as_of for _ in rights],
            "status_source": ["登记簿副本" for _ in rights],
            "filed_at": [str(right.filed) for right in rights],
            "valid_from": [str(right.filed + np.timedelta64(400, "D")) for right in rights],
            "valid_to": [str(right.term_end) for right in rights],
            "classes": [_classes(right) for right in rights],
            "jurisdiction": ["CN" for _ in rights],
            "evaluation_report": ["有" if patent and stream.random() < 0.5 else None for patent in patents],
            "stability": [("high", "medium", None)[int(stream.integers(3))] for _ in rights],
        },
    )
    _write_recordals(market, writer)


def _write_recordals(market: Market, writer: TableWriter) -> None:
    recorded = [right for right in market.rights.rights if right.recordal_no]
    makers = [
        ";".join(sorted({licence.licensee for licence in market.rights.licences if licence.right is right}))
        for right in recorded
    ]
    starts = [np.datetime64(f"{(right.recordal_no or '')[1:5]}-03-01") for right in recorded]
    writer.write(
        "customs_recordals",
        {
            "recordal_no": [right.recordal_no for right in recorded],
            "right_id": [right.right_id for right in recorded],
            "valid_from": [str(start) for start in starts],
            "valid_to": [
                str(min(start + np.timedelta64(3652, "D"), right.term_end))
                for start, right in zip(starts, recorded, strict=True)
            ],
            "lawful_traders": [maker or None for maker in makers],
        },
    )


def _write_contents(market: Market, writer: TableWriter, stream: np.random.Generator) -> None:
    """Claims and abstracts of patents, views of designs, goods and pictures of marks."""
    rows: list[tuple[str, str, str, str | None, str | None, str | None]] = []
    for right in market.rights.rights:
        goods = names.PRODUCT_KINDS[right.product % len(names.PRODUCT_KINDS)][0]
        picture = f"{int(stream.integers(0, 2**62)):016x}"
        if right.right_type == "trade_mark":
            rows.append((right.right_id, "goods", "1", goods, None, None))
            rows.append((right.right_id, "mark_image", "1", None, f"marks/{right.right_id}.png", picture))
        elif right.right_type == "design":
            rows.append((right.right_id, "view", "1", "主视图", f"views/{right.right_id}-1.png", picture))
        else:
            claim = f"一种{goods}，其特征在于，包括壳体、内芯以及设于壳体内侧的第{right.product + 2}连接件。"
            rows.append((right.right_id, "claim", "1", claim, None, None))
            rows.append(
                (right.right_id, "abstract", "1", f"公开了一种结构简单、使用方便的{goods}。", None, None)
            )
    fields = ("right_id", "part", "no", "text", "file", "image_hash")
    writer.write("right_contents", {name: [row[place] for row in rows] for place, name in enumerate(fields)})


def _write_assignments(market: Market, writer: TableWriter, stream: np.random.Generator) -> None:
    """A few rights came from another holder."""
    rights = market.rights.rights
    moved = [right for right in rights if stream.random() < 0.08] or rights[:1]
    count = len(market.rights.holders)
    writer.write(
        "assignments",
        {
            "right_id": [right.right_id for right in moved],
            "at": [
                str(right.filed + np.timedelta64(int(stream.integers(500, 2500)), "D")) for right in moved
            ],
            "from_holder": [f"H{(right.holder + 1) % count + 1:03d}" for right in moved],
            "to_holder": [f"H{right.holder + 1:03d}" for right in moved],
            "source": ["转让公告" for _ in moved],
        },
        begins="at",
    )


def _write_licences(market: Market, writer: TableWriter, stream: np.random.Generator) -> None:
    licences = market.rights.licences
    writer.write(
        "licences",
        {
            "licence_id": [licence.licence_id for licence in licences],
            "right_id": [licence.right.right_id for licence in licences],
            "licensee": [licence.licensee for licence in licences],
            "kind": [
                ("ordinary", "sole", "exclusive")[int(stream.choice(3, p=(0.8, 0.12, 0.08)))]
                for _ in licences
            ],
            "scope": ["sell" if licence.factory < 0 else "make;sell" for licence in licences],
            "quantity": [
                None if stream.random() < 0.6 else int(stream.integers(5, 60)) * 1000 for _ in licences
            ],
            "territory": ["CN" for _ in licences],
            "recordal_no": [f"XK{2023}{number + 1:06d}" for number in range(len(licences))],
            "valid_from": [str(np.datetime64("2022-01-01") + int(stream.integers(0, 600))) for _ in licences],
            "valid_to": [str(np.datetime64("2026-01-01") + int(stream.integers(0, 1200))) for _ in licences],
        },
    )


def product_name(market: Market, product: int) -> str:
    """Brand and kind of a product."""
    kind = names.PRODUCT_KINDS[product % len(names.PRODUCT_KINDS)][0]
    return f"{market.rights.brands[product % len(market.rights.brands)]}{kind}"


def _write_products(market: Market, writer: TableWriter) -> None:
    numbers = range(market.world.n_products)
    kinds = [names.PRODUCT_KINDS[number % len(names.PRODUCT_KINDS)] for number in numbers]
    writer.write(
        "products",
        {
            "product_id": product_ids(market.world.n_products),
            "name": [product_name(market, number) for number in numbers],
            "category": [kind[1] for kind in kinds],
            "right_ids": [
                ";".join(right.right_id for right in market.rights.of_product[number]) for number in numbers
            ],
            "gtin": [gtin(number + 1) for number in numbers],
            "reference_price": [kind[3] for kind in kinds],
            "currency": ["CNY" for _ in numbers],
        },
    )


def mark_codes(count: int) -> list[str]:
    """Electronic mark codes, by number."""
    return [f"EM{number + 1:08d}" for number in range(count)]


def marks_shown(market: Market) -> dict[int, int]:
    """Listings that show an electronic mark, and its number; a few infringing ones show a copied one."""
    stream = random_stream(market.options.seed, "marks")
    shown: dict[int, int] = {}
    issued = 0
    for listing, infringes in enumerate(market.listings.infringes.tolist()):
        draw = stream.random()
        if not infringes and draw < 0.2:
            shown[listing] = issued
            issued += 1
        elif infringes and draw < 0.05 and issued:
            shown[listing] = int(stream.integers(issued))
    return shown


def _write_marks(market: Market, writer: TableWriter, stream: np.random.Generator) -> None:
    """Marks issued to licensed makers' goods, and where they were seen."""
    shown = marks_shown(market)
    first: dict[int, int] = {}
    for listing, mark in shown.items():
        first.setdefault(mark, listing)
    codes = mark_codes(len(first))
    names_of = product_ids(market.world.n_products)
    products = [int(market.listings.product[first[mark]]) for mark in range(len(codes))]
    licences = {
        licence.right.product: licence for licence in reversed(market.rights.licences) if licence.factory >= 0
    }
    known = [licences.get(product) for product in products]
    lots = _lot_of_maker(market)
    writer.write(
        "marks",
        {
            "mark_code": codes,
            "product_id": [names_of[product] for product in products],
            "right_id": [market.rights.first_of_product(product) for product in products],
            "licence_id": [licence.licence_id if licence else None for licence in known],
            "maker": [licence.licensee if licence else None for licence in known],
            "lot_id": [
                lots.get((licence.factory, product)) if licence else None
                for licence, product in zip(known, products, strict=True)
            ],
            "issued_at": [
                day_text(int(market.listings.listed_at[first[mark]]) - 30 * DAY) for mark in range(len(codes))
            ],
            "route": ["330000;440000" if stream.random() < 0.5 else None for _ in codes],
        },
    )
    _write_scans(market, writer, stream, shown)


def _write_scans(
    market: Market, writer: TableWriter, stream: np.random.Generator, shown: dict[int, int]
) -> None:
    """Where marks were seen."""
    codes = mark_codes(max(shown.values(), default=-1) + 1)
    ids = listing_ids(len(market.listings))
    scans = [(codes[mark], listing) for listing, mark in shown.items()]
    times = [
        int(market.listings.listed_at[listing]) + int(stream.integers(1, 10 * DAY)) for _, listing in scans
    ]
    shops = [market.population.shops[int(market.listings.shop[listing])] for _, listing in scans]
    writer.write(
        "mark_scans",
        {
            "mark_code": [code for code, _ in scans],
            "at": [time_text(at) for at in times],
            "place": [shop.division.code for shop in shops],
            "listing_id": [ids[listing] for _, listing in scans],
            "source": ["消费者扫码" if stream.random() < 0.6 else "网络监测" for _ in scans],
        },
        begins="at",
    )


def _lot_of_maker(market: Market) -> dict[tuple[int, int], str]:
    """One lot of each factory and product."""
    texts = lot_ids(market.flow).to_pylist()
    flow = market.flow
    pairs = zip(flow.lots.factory.tolist(), flow.lots.product.tolist(), texts, strict=True)
    return {(factory, product): text for factory, product, text in pairs if factory >= 0}

"""Findings, leads, notices, watch lists, authorities and divisions, as tables."""

from dataclasses import dataclass

import numpy as np

from suyuan.simulate.building import Market
from suyuan.simulate.calendar import day_text, time_text
from suyuan.simulate.codes import random_stream
from suyuan.simulate.geography import divisions, full_name
from suyuan.simulate.listings import listing_ids
from suyuan.simulate.people import Shop
from suyuan.simulate.rights import Right
from suyuan.simulate.tables import TableWriter
from suyuan.simulate.world import DAY, EPOCH

_LEAD_SHARE = 0.22

FINALITIES = {"in_force": 0.88, "under_review": 0.06, "revoked": 0.06}
ON_ITS_FIRM_SHARE = 0.3
"""Probability that a finding on a shop that a firm runs names the firm."""

FOUND_AGAIN_SHARE = 0.5
FOUND_AGAIN_AFTER = (40, 200)
"""Of shops opened after a finding on another of their owner: how many are found, and days from opening until then."""

MAKER_FOUND_SHARE = 0.15
MAKER_FOUND_FROM = 60
"""Of firms that run a factory without a licence: how many are found, and from which day on."""


@dataclass(frozen=True, slots=True)
class _Finding:
    """One decision: about whom, on which right, where, when, and whether it stands."""

    subject: str
    right: Right
    division: str
    decided_at: int
    infringing: bool
    finality: str


def write_case_tables(market: Market, writer: TableWriter) -> None:
    """Tables findings, leads, notices, watch_lists, authorities, divisions."""
    stream = random_stream(market.options.seed, "case tables")
    _write_divisions(writer)
    _write_authorities(writer)
    _write_findings(market, writer, stream)
    _write_leads(market, writer, stream)
    _write_notices(market, writer, stream)
    _write_watch_lists(market, writer, stream)


def _write_divisions(writer: TableWriter) -> None:
    rows = divisions()
    fields = ("code", "name", "parent", "valid_from", "valid_to", "successors")
    writer.write("divisions", {name: [getattr(row, name) or None for row in rows] for name in fields})


def _write_authorities(writer: TableWriter) -> None:
    """A bureau for each province, city and district; patents are decided at city level and above."""
    rows: list[tuple[str, str, str, str, str]] = []
    parents = {division.parent for division in divisions()}
    for division in divisions():
        if division.valid_to:
            continue
        local = division.code not in parents and not division.code.endswith("0000")
        competences = ["trade_mark", "counterfeit_patent"] + ([] if local else ["patent_dispute"])
        name = f"{full_name(division.code)}市场监督管理局"
        rows.append((f"AU{division.code}", name, "market_regulation", division.code, ";".join(competences)))
    for code, place in (("330200", "宁波"), ("440300", "深圳"), ("350200", "厦门"), ("370200", "青岛")):
        rows.append((f"CU{code}", f"{place}海关", "customs", code, "customs"))
    fields = ("authority_id", "name", "kind", "division_codes", "competences")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(fields)}
    writer.write("authorities", columns | {"valid_from": ["2018" for _ in rows]})


def _shop_product_right(market: Market, stream: np.random.Generator, products: list[int]) -> Right:
    product = products[int(stream.integers(len(products)))]
    rights = market.rights.of_product[product]
    return rights[0] if stream.random() < 0.7 else rights[int(stream.integers(len(rights)))]


def _shop_products(market: Market) -> list[list[int]]:
    """Products each shop offers."""
    products: list[list[int]] = [[] for _ in market.population.shops]
    for shop, product in zip(market.listings.shop.tolist(), market.listings.product.tolist(), strict=True):
        products[shop].append(product)
    return products


def _findings(market: Market, stream: np.random.Generator) -> list[_Finding]:
    """Decisions that closed shops, second ones, some on factories' firms, some that cleared somebody."""
    found: list[_Finding] = []
    products = _shop_products(market)
    for shop in market.population.shops:
        right = _shop_product_right(market, stream, products[shop.number])
        place = shop.division.code
        if shop.found_at > 0:
            finality = list(FINALITIES)[int(stream.choice(3, p=list(FINALITIES.values())))]
            subject = (
                f"Firm:{shop.firm_id}"
                if shop.firm_id and stream.random() < ON_ITS_FIRM_SHARE
                else shop.canonical_id
            )
            found.append(_Finding(subject, right, place, shop.found_at, True, finality))
        elif shop.follows >= 0 and stream.random() < FOUND_AGAIN_SHARE:
            decided = shop.opened_at + int(stream.integers(*FOUND_AGAIN_AFTER)) * DAY
            found.append(_Finding(shop.canonical_id, right, place, decided, True, "in_force"))
        elif stream.random() < 0.03:
            decided = max(shop.opened_at, EPOCH) + int(stream.integers(30, 200)) * DAY
            found.append(_Finding(shop.canonical_id, right, place, decided, False, "in_force"))
    licensed = {licence.factory for licence in market.rights.licences}
    for factory in range(market.world.n_factories):
        operator = market.population.operators[factory]
        if operator and factory not in licensed and stream.random() < MAKER_FOUND_SHARE:
            made = [product for product, makers in enumerate(market.world.makes) if factory in makers]
            right = _shop_product_right(market, stream, made)
            decided = EPOCH + int(stream.integers(MAKER_FOUND_FROM, market.options.days)) * DAY
            found.append(
                _Finding(operator, right, market.world.division[factory].code, decided, True, "in_force")
            )
    end = EPOCH + market.options.days * DAY
    return sorted(
        (row for row in found if row.decided_at < end), key=lambda row: (row.decided_at, row.subject)
    )


def _write_findings(market: Market, writer: TableWriter, stream: np.random.Generator) -> None:
    rows = _findings(market, stream)
    turnover = np.round(stream.lognormal(10.5, 1.1, len(rows)), 2).tolist()
    years = [day_text(row.decided_at)[:4] for row in rows]
    ids = [f"F{number + 1:05d}" for number in range(len(rows))]
    writer.write(
        "findings",
        {
            "finding_id": ids,
            "subject": [row.subject for row in rows],
            "right_id": [row.right.right_id for row in rows],
            "kind": [
                ("penalty", "ruling", "judgment")[int(stream.choice(3, p=(0.7, 0.2, 0.1)))] for _ in rows
            ],
            "document_no": [
                f"市监罚〔{year}〕{row.division[:4]}{number + 1:04d}号"
                for number, (row, year) in enumerate(zip(rows, years, strict=True))
            ],
            "act": [
                "销售侵犯注册商标专用权商品"
                if row.right.right_type == "trade_mark"
                else "许诺销售、销售专利侵权产品"
                for row in rows
            ],
            "act_from": [day_text(row.decided_at - int(stream.integers(60, 200)) * DAY) for row in rows],
            "act_to": [day_text(row.decided_at - int(stream.integers(5, 55)) * DAY) for row in rows],
            "outcome": ["infringing" if row.infringing else "not_infringing" for row in rows],
            "finality": [row.finality for row in rows],
            "decided_at": [day_text(row.decided_at) for row in rows],
            "authority": [f"AU{row.division}" for row in rows],
            "division_code": [row.division for row in rows],
            "penalty": ["没收、罚款" if row.infringing else None for row in rows],
            "illegal_turnover": [
                value if row.infringing else None for row, value in zip(rows, turnover, strict=True)
            ],
            "public_until": [
                day_text(row.decided_at + 1095 * DAY)
                if row.infringing and row.finality != "revoked"
                else None
                for row in rows
            ],
            "evidence_ref": [f"evidence/{key}.zip" for key in ids],
        },
    )


def _write_leads(market: Market, writer: TableWriter, stream: np.random.Generator) -> None:
    """Reports about listings; some are about lawful ones and are rejected, late ones are still under review."""
    listings = market.listings
    picked = _reported_listings(market, stream)
    count = len(picked)
    shops = [market.population.shops[int(listings.shop[listing])] for listing in picked]
    rights = [_shop_product_right(market, stream, [int(listings.product[listing])]) for listing in picked]
    reported = [int(listings.listed_at[listing]) + int(stream.integers(1, 40)) * DAY for listing in picked]
    planned = [_lead_state(stream, bool(listings.infringes[listing])) for listing in picked]
    days = [day_text(at + 30 * DAY) for at in reported]
    states = [
        state if state not in ("confirmed", "rejected") or day < writer.end else "under_review"
        for state, day in zip(planned, days, strict=True)
    ]
    decided = [state in ("confirmed", "rejected") for state in states]
    ids = listing_ids(len(listings))
    writer.write(
        "leads",
        {
            "lead_id": [f"LD{number + 1:06d}" for number in range(count)],
            "subject": [
                f"Listing:{shop.platform}:{ids[listing]}" for shop, listing in zip(shops, picked, strict=True)
            ],
            "right_id": [right.right_id for right in rights],
            "right_type": [right.right_type for right in rights],
            "text": [
                "涉嫌销售未经许可的商品，价格明显偏低" if stream.random() < 0.6 else "消费者反映与正品不符"
                for _ in rights
            ],
            "reporter": ["权利人" if stream.random() < 0.5 else "消费者" for _ in rights],
            "reported_at": [time_text(at + int(stream.integers(0, 30_000))) for at in reported],
            "division_code": [shop.division.code for shop in shops],
            "evidence_ref": [f"evidence/LD{number + 1:06d}.zip" for number in range(count)],
            "state": states,
            "decision": [
                state if is_decided else None for state, is_decided in zip(states, decided, strict=True)
            ],
            "decided_at": [day if done else None for day, done in zip(days, decided, strict=True)],
            "by": [
                _authority(shop) if is_decided else None
                for shop, is_decided in zip(shops, decided, strict=True)
            ],
        },
        begins="reported_at",
    )


def _reported_listings(market: Market, stream: np.random.Generator) -> list[int]:
    """Listings somebody reports: infringing ones, and lawful ones in the share asked."""
    listings = market.listings
    count = round(_LEAD_SHARE * len(listings))
    lawful = stream.random(count) < market.options.wrong_lead_share
    guilty, honest = np.flatnonzero(listings.infringes), np.flatnonzero(~listings.infringes)
    return [
        int(pool[stream.integers(pool.shape[0])])
        for pool in (
            honest if (wrong and honest.shape[0]) or not guilty.shape[0] else guilty for wrong in lawful
        )
    ]


def _authority(shop: Shop) -> str:
    return f"AU{shop.division.code}"


def _lead_state(stream: np.random.Generator, infringes: bool) -> str:
    """Half of the leads are decided, rightly for the most part."""
    draw = stream.random()
    if draw < 0.45:
        return ("uploaded", "assigned", "under_review")[int(draw >= 0.2) + int(draw >= 0.35)]
    right = stream.random() < 0.93
    return "confirmed" if infringes == right else "rejected"


def _write_notices(market: Market, writer: TableWriter, stream: np.random.Generator) -> None:
    """Notices of holders to platforms."""
    listings = market.listings
    guilty = np.flatnonzero(listings.infringes)
    picked = np.sort(guilty[stream.random(guilty.shape[0]) < 0.15]).tolist()
    shops = [market.population.shops[int(listings.shop[listing])] for listing in picked]
    ids = listing_ids(len(listings))
    states = ("sent", "measures_taken", "forwarded", "declaration_received", "restored")
    writer.write(
        "notices",
        {
            "notice_id": [f"NT{number + 1:05d}" for number in range(len(picked))],
            "platform": [shop.platform for shop in shops],
            "listing_id": [ids[listing] for listing in picked],
            "right_id": [
                market.rights.first_of_product(int(listings.product[listing])) for listing in picked
            ],
            "state": [states[int(stream.choice(5, p=(0.2, 0.45, 0.2, 0.1, 0.05)))] for _ in picked],
            "at": [
                time_text(int(listings.listed_at[listing]) + int(stream.integers(2, 15)) * DAY)
                for listing in picked
            ],
        },
        begins="at",
    )


def _write_watch_lists(market: Market, writer: TableWriter, stream: np.random.Generator) -> None:
    """Shops found once, and a few products."""
    rows = [
        ("重点网店", shop.canonical_id, shop.found_at)
        for shop in market.population.shops
        if shop.found_at > 0
    ]
    rows += [
        ("重点商品", f"Product:P{product + 1:04d}", EPOCH) for product in range(0, market.world.n_products, 5)
    ]
    writer.write(
        "watch_lists",
        {
            "list": [name for name, _, _ in rows],
            "subject": [subject for _, subject, _ in rows],
            "from": [day_text(since + 10 * DAY) for _, _, since in rows],
            "to": [day_text(since + 740 * DAY) if stream.random() < 0.3 else None for _, _, since in rows],
            "why": ["曾有处理决定" if name == "重点网店" else "投诉集中" for name, _, _ in rows],
            "by": ["省局" for _ in rows],
        },
        begins="from",
    )

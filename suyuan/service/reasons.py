"""Why an origin is probable, in sentences: English and Chinese, one hop after the other, with their records."""

from typing import Final

from suyuan.graph.records import time_text
from suyuan.graph.snapshot import (
    ARRIVED_PRECISION_SHIFT,
    ARRIVED_UNKNOWN,
    DEPARTED_PRECISION_SHIFT,
    DEPARTED_UNKNOWN,
    PRECISION_MASK,
    QUANTITY_UNKNOWN,
    GraphSnapshot,
)
from suyuan.traceback.explanation import Agreement, Inspection, Licensing, OriginWay, Standing
from suyuan.traceback.ways import lot_of, product_of

LEAST_EXPLAINED: Final = 0.01
"""Less probable origins get the way as a whole only, not hop by hop."""

_DAY: Final = 86_400_000_000

_AGREEMENTS: Final = {
    Agreement.SAME_LOT: ("same lot", "批次一致"),
    Agreement.SAME_PRODUCT: ("same product, lots not recorded on both", "产品一致，批次未同时记录"),
    Agreement.PROCESSED: (
        "joined by a recorded transformation, packing or delivery relation",
        "经记录的加工、包装或交货关系衔接",
    ),
    Agreement.UNKNOWN: (
        "product and lot not recorded on both, so only place and time agree",
        "产品、批次未同时记录，仅地点和时间相符",
    ),
}

_STANDINGS: Final = {
    Standing.DECIDED_IN_FORCE: ("A finding in force names this site.", "已有生效决定涉及该地点。"),
    Standing.UNDER_REVIEW: (
        "A finding that names this site is under review.",
        "涉及该地点的决定正在复议或诉讼。",
    ),
    Standing.REVOKED: ("A finding that named this site was revoked.", "曾涉及该地点的决定已被撤销。"),
    Standing.CLEARED: ("A finding in force cleared this site.", "已有生效决定认定该地点不侵权。"),
}

_QUESTIONS: Final = {
    "lot": ("lot carried by", "运输批次"),
    "product": ("product carried by", "运输产品"),
    "departure": ("time of departure of", "发出时间"),
    "arrival": ("time of arrival of", "到达时间"),
    "inflow": ("missing records of what came to", "进货记录缺失"),
}


def origin_reasons(
    snapshot: GraphSnapshot,
    site: int,
    probability: float,
    way: OriginWay | None,
    licensing: Licensing,
    standing: Standing,
) -> list[str]:
    """Sentences about one origin: the whole, each hop of its most probable way, licences, findings."""
    reasons = [_whole(snapshot, site, probability, way)]
    if way is not None and probability >= LEAST_EXPLAINED:
        reasons += [_hop(snapshot, way, number) for number in range(len(way.movements))]
    if licensing.licences:
        reasons += _licences(snapshot, licensing)
    if standing in _STANDINGS:
        reasons.append(" ".join(_STANDINGS[standing]))
    return reasons


def inspection_text(snapshot: GraphSnapshot, inspection: Inspection) -> str:
    """What to look into, in words."""
    english, chinese = _QUESTIONS[inspection.question]
    if inspection.kind == "Site":
        label = site_label(snapshot, inspection.position)
        return f"{english} {label} {label}{chinese}"
    movements, number = snapshot.movements, inspection.position
    record = snapshot.nodes["Shipment"].id_at(number)
    begin = site_label(snapshot, int(movements.from_site[number]))
    end = site_label(snapshot, int(movements.to_site[number]))
    return f"{english} {record}, {begin} -> {end} {record}（{begin} → {end}）{chinese}"


def site_label(snapshot: GraphSnapshot, site: int) -> str:
    """Name and key of a site.

    The key alone where it has no name.
    """
    sites = snapshot.nodes["Site"]
    key = sites.id_at(site).partition(":")[2]
    name = sites.columns["name"][site].as_py()
    return f"{name} ({key})" if name else key


def _whole(snapshot: GraphSnapshot, site: int, probability: float, way: OriginWay | None) -> str:
    label = site_label(snapshot, site)
    if way is None:
        return (
            f"{label} is the probable origin with {probability:.1%}: the goods are known to be there and may be made "
            f"there; no movement is recorded. "
            f"{label}为可能来源地，概率{probability:.1%}：货物位于该处且可能在该处生产，无运输记录。"
        )
    movements = snapshot.movements
    sites = [
        int(movements.from_site[way.movements[0]]),
        *(int(movements.to_site[one]) for one in way.movements),
    ]
    keys = [snapshot.nodes["Site"].id_at(one).partition(":")[2] for one in sites]
    return (
        f"{label} is the probable origin with {probability:.1%}; the most probable way from there has "
        f"{way.probability:.1%}: {' -> '.join(keys)}. "
        f"{label}为可能来源地，概率{probability:.1%}；其中最可能的路径概率{way.probability:.1%}：{' → '.join(keys)}。"
    )


def _hop(snapshot: GraphSnapshot, way: OriginWay, number: int) -> str:
    movement = way.movements[number]
    record = snapshot.nodes["Shipment"].id_at(movement)
    begin, end = (
        site_label(snapshot, int(sites[movement]))
        for sites in (snapshot.movements.from_site, snapshot.movements.to_site)
    )
    times, load, why = _times(snapshot, movement), _load(snapshot, movement), _why(snapshot, way, number)
    english = f"Hop {number + 1}: {begin} -> {end}, {times[0]}, {load[0]} (record {record}). {why[0]}"
    chinese = f"第{number + 1}程：{begin} → {end}，{times[1]}，{load[1]}（记录 {record}）。{why[1]}"
    return f"{english} {chinese}"


def _times(snapshot: GraphSnapshot, movement: int) -> tuple[str, str]:
    left, came = departure_text(snapshot, movement), arrival_text(snapshot, movement)
    return (
        f"left {left or 'at an unknown time'}, arrived {came or 'at an unknown time'}",
        f"{f'{left}发出' if left else '发出时间不详'}，{f'{came}到达' if came else '到达时间不详'}",
    )


def departure_text(snapshot: GraphSnapshot, movement: int) -> str | None:
    """When a movement left, as far as it is known."""
    movements = snapshot.movements
    flags = int(movements.flags[movement])
    if flags & DEPARTED_UNKNOWN:
        return None
    return time_text(int(movements.departed[movement]), flags >> DEPARTED_PRECISION_SHIFT & PRECISION_MASK)


def arrival_text(snapshot: GraphSnapshot, movement: int) -> str | None:
    """When a movement arrived, as far as it is known."""
    movements = snapshot.movements
    flags = int(movements.flags[movement])
    if flags & ARRIVED_UNKNOWN:
        return None
    return time_text(int(movements.arrived[movement]), flags >> ARRIVED_PRECISION_SHIFT & PRECISION_MASK)


def _load(snapshot: GraphSnapshot, movement: int) -> tuple[str, str]:
    movements, products = snapshot.movements, snapshot.nodes["Product"]
    unit = snapshot.units[int(movements.unit[movement])]
    amount = f"{float(movements.quantity[movement]):g} {unit}".strip()
    unknown = bool(movements.flags[movement] & QUANTITY_UNKNOWN)
    product, lot = product_of(snapshot, movement), lot_of(snapshot, movement)
    name = products.columns["name"][product].as_py() if product >= 0 else None
    product_text = "" if product < 0 else products.id_at(product) + (f" ({name})" if name else "")
    lot_text = "" if lot < 0 else snapshot.nodes["Lot"].id_at(lot)
    carried = f"{product_text or 'product unknown'}, {lot_text or 'lot unknown'}"
    return (
        f"{'quantity unknown' if unknown else amount}, {carried}",
        f"{'数量不详' if unknown else f'数量{amount}'}，{f'产品{product_text}' if product_text else '产品不详'}，"
        f"{f'批次{lot_text}' if lot_text else '批次不详'}",
    )


def _why(snapshot: GraphSnapshot, way: OriginWay, number: int) -> tuple[str, str]:
    share = way.shares[number]
    if number == len(way.movements) - 1:
        return (
            f"The trace starts from this record, which stands for {share:.1%} of the case.",
            f"追溯由此记录出发，占本案{share:.1%}。",
        )
    movement, following = way.movements[number], way.movements[number + 1]
    place = site_label(snapshot, int(snapshot.movements.to_site[movement]))
    record = snapshot.nodes["Shipment"].id_at(following)
    english, chinese = _AGREEMENTS[way.agreements[number]]
    stay = _stay_days(snapshot, movement, following)
    return (
        f"{share:.1%} of what left {place} by {record} came by it: {english}"
        f"{'' if stay is None else f', {stay:.1f} days at {place}'}.",
        f"{place}经 {record} 发出的货物中，{share:.1%}由此而来：{chinese}"
        f"{'' if stay is None else f'，停留{stay:.1f}天'}。",
    )


def _stay_days(snapshot: GraphSnapshot, movement: int, following: int) -> float | None:
    """Days between the arrival of one movement and the departure of the next, where both are known."""
    movements = snapshot.movements
    if movements.flags[movement] & ARRIVED_UNKNOWN or movements.flags[following] & DEPARTED_UNKNOWN:
        return None
    days = int(movements.departed[following] - movements.arrived[movement]) / _DAY
    return days if days >= 0 else None


def _licences(snapshot: GraphSnapshot, licensing: Licensing) -> list[str]:
    table = snapshot.nodes["Licence"]
    named = ", ".join(table.id_at(licence) for licence in licensing.licences)
    whole = ("all", "全部") if licensing.covered else ("some", "部分")
    found = [
        f"A licence to make covers {whole[0]} of the goods that can have come from here: {named}. "
        f"可能出自该处的{whole[1]}货物有制造许可：{named}。"
    ]
    if licensing.overrun is not None:
        licence, beyond, outside = licensing.overrun
        found.append(
            f"{beyond:g} units were shipped beyond {table.id_at(licence)}, {outside:g} of them to places outside its "
            f"territory. 超出许可 {table.id_at(licence)} 的发货数量为{beyond:g}，其中发往许可地域以外{outside:g}。"
        )
    return found

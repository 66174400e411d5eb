"""Firms, persons, ownerships, identifiers and the true owners, as tables.

Shops of one owner share phones, accounts, devices and addresses, not all of them and not always spelt alike.
Some show a courier's phone or an agent's address instead, which many strangers share.
"""

from dataclasses import dataclass

import numpy as np

from suyuan.simulate import names
from suyuan.simulate.building import Market
from suyuan.simulate.calendar import day_text, optional_day
from suyuan.simulate.codes import bank_account, id_card, phone, random_stream
from suyuan.simulate.geography import districts, street_address
from suyuan.simulate.people import Owner
from suyuan.simulate.tables import TableWriter
from suyuan.simulate.world import DAY, EPOCH

_KEPT = {"phone": 0.72, "bank_account": 0.62, "wechat": 0.45, "email": 0.4, "device": 0.4, "address": 0.7}
_SHOWN = {"phone": 0.92, "bank_account": 0.6, "wechat": 0.5, "email": 0.45, "device": 0.35, "address": 0.85}
_SOURCES = ("平台登记", "页面公示", "快递面单", "付款记录")


@dataclass(slots=True)
class _Numbers:
    """Running number of everything that has to be new."""

    given: int = 0

    def next(self) -> int:
        self.given += 1
        return self.given


def write_party_tables(market: Market, writer: TableWriter) -> None:
    """Tables firms, persons, ownerships, identifiers, truth_actors."""
    _write_firms(market, writer)
    _write_persons(market, writer)
    _write_identifiers(market, writer)
    _write_truth_actors(market, writer)


def _write_firms(market: Market, writer: TableWriter) -> None:
    firms = market.population.firms
    writer.write(
        "firms",
        {
            "firm_id": [firm.firm_id for firm in firms],
            "name": [firm.name for firm in firms],
            "legal_representative": [firm.representative for firm in firms],
            "address": [firm.address for firm in firms],
            "division_code": [firm.division.code for firm in firms],
            "country": ["CN" for _ in firms],
            "registered_at": [day_text(firm.registered_at) for firm in firms],
            "dissolved_at": [optional_day(firm.dissolved_at) for firm in firms],
            "status": ["存续" if firm.dissolved_at < 0 else "注销" for firm in firms],
        },
    )


def _person_id(owner: Owner) -> str:
    return f"PE{owner.number + 1:05d}"


def _write_persons(market: Market, writer: TableWriter) -> None:
    """Owners are known as persons for the most part; their firms name them, or a front."""
    stream = random_stream(market.options.seed, "persons")
    known = [owner for owner in market.population.owners if owner.firms or stream.random() < 0.5]
    writer.write(
        "persons",
        {
            "person_id": [_person_id(owner) for owner in known],
            "name": [owner.name for owner in known],
            "id_card": [
                id_card(owner.division.code, int(stream.integers(5500)), owner.number % 1000)
                if stream.random() < 0.7
                else None
                for owner in known
            ],
        },
    )
    of_firm = {firm.firm_id: firm for firm in market.population.firms}
    rows: list[tuple[str, str, str, float | None, str]] = []
    for owner in known:
        for firm_id in owner.firms:
            firm = of_firm[firm_id]
            since = day_text(firm.registered_at)
            if firm.representative == owner.name:
                rows.append(
                    (f"Person:{_person_id(owner)}", f"Firm:{firm_id}", "legal_representative", None, since)
                )
            elif stream.random() < 0.6:
                share = round(float(stream.uniform(0.3, 1.0)), 2)
                rows.append((f"Person:{_person_id(owner)}", f"Firm:{firm_id}", "shareholder", share, since))
        for first, second in zip(owner.firms, owner.firms[1:], strict=False):
            if stream.random() < 0.4:
                since = day_text(max(of_firm[first].registered_at, of_firm[second].registered_at))
                rows.append((f"Firm:{first}", f"Firm:{second}", "shareholder", 1.0, since))
    fields = ("owner", "owned", "role", "share", "from")
    writer.write("ownerships", {name: [row[place] for row in rows] for place, name in enumerate(fields)})


def _new_value(stream: np.random.Generator, kind: str, serial: int, owner: Owner) -> str:
    """An identifier that nobody else has."""
    if kind == "phone":
        return phone(serial)
    if kind == "bank_account":
        return bank_account(serial)
    if kind == "wechat":
        return f"wx_{serial:06d}{int(stream.integers(10, 99))}"
    if kind == "email":
        return f"u{serial:06d}@mail.example"
    if kind == "device":
        return f"{int(stream.integers(0, 2**62)):016x}"
    return street_address(stream, owner.division)


def _write_identifiers(market: Market, writer: TableWriter) -> None:
    stream = random_stream(market.options.seed, "identifiers")
    numbers = _Numbers()
    owners = market.population.owners
    usual = [{kind: _new_value(stream, kind, numbers.next(), owner) for kind in _KEPT} for owner in owners]
    for owner, values in zip(owners, usual, strict=True):
        values["address"] = owner.address
    hubs = _hubs(market, stream, numbers)
    rows: dict[tuple[str, str, str], tuple[str, str]] = {}
    for shop in market.population.shops:
        owner = owners[shop.owner]
        keeps = 1.15 if shop.follows >= 0 else 1.0
        for kind, shown in _SHOWN.items():
            if stream.random() >= shown:
                continue
            same = stream.random() < _KEPT[kind] * keeps
            value = usual[owner.number][kind] if same else _new_value(stream, kind, numbers.next(), owner)
            if kind in hubs and stream.random() < market.options.decoy_share:
                value = hubs[kind][int(stream.integers(len(hubs[kind])))]
            elif kind == "address" and stream.random() < market.options.typo_rate:
                value = names.with_slip(stream, value)
            observed = day_text(max(shop.opened_at, EPOCH) + int(stream.integers(0, 40)) * DAY)
            key = (shop.canonical_id, kind, value)
            rows.setdefault(key, (observed, _SOURCES[int(stream.integers(len(_SOURCES)))]))
    _firm_identifiers(market, stream, usual, rows)
    keys = list(rows)
    writer.write(
        "identifiers",
        {
            "owner": [key[0] for key in keys],
            "type": [key[1] for key in keys],
            "value": [key[2] for key in keys],
            "observed_at": [rows[key][0] for key in keys],
            "source": [rows[key][1] for key in keys],
        },
        begins="observed_at",
    )


def _hubs(market: Market, stream: np.random.Generator, numbers: _Numbers) -> dict[str, list[str]]:
    """Couriers' phones and agents' addresses that strangers share."""
    count = max(1, round(len(market.population.shops) / 120))
    places = [districts()[int(stream.integers(len(districts())))] for _ in range(count)]
    return {
        "phone": [phone(numbers.next()) for _ in range(count)],
        "address": [street_address(stream, place) for place in places],
    }


def _firm_identifiers(
    market: Market,
    stream: np.random.Generator,
    usual: list[dict[str, str]],
    rows: dict[tuple[str, str, str], tuple[str, str]],
) -> None:
    """Firms of owners show some of the owner's usual identifiers."""
    for firm in market.population.firms:
        if firm.owner < 0:
            continue
        for kind in ("phone", "bank_account", "email"):
            if stream.random() < 0.55:
                observed = day_text(max(firm.registered_at, EPOCH) + int(stream.integers(0, 60)) * DAY)
                rows.setdefault(
                    (f"Firm:{firm.firm_id}", kind, usual[firm.owner][kind]), (observed, "工商登记")
                )


def _write_truth_actors(market: Market, writer: TableWriter) -> None:
    """Who is really behind each account and firm."""
    accounts = [(shop.canonical_id, shop.owner) for shop in market.population.shops]
    accounts += [(f"Firm:{firm.firm_id}", firm.owner) for firm in market.population.firms if firm.owner >= 0]
    writer.write(
        "truth_actors",
        {
            "account": [account for account, _ in accounts],
            "owner": [f"OWN{owner + 1:05d}" for _, owner in accounts],
        },
    )

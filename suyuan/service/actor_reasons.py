"""Why two records may be one party's, in words and figures."""

from typing import Any, Final, NamedTuple

from suyuan.analytics.actors import Reason

WORDS: Final = {
    "phone": "the same phone 同一电话",
    "email": "the same e-mail 同一邮箱",
    "bank_account": "the same bank account 同一银行账户",
    "wechat": "the same WeChat account 同一微信号",
    "device": "the same device 同一设备",
    "id_card": "the same identity card 同一身份证号",
    "licence_plate": "the same licence plate 同一车牌",
    "domain": "the same domain 同一域名",
    "address": "the same address 同一地址",
    "address_slip": "addresses one slip apart 地址仅差一字",
    "firm": "run or controlled by the same firm 同一企业经营或控制",
    "person": "represented or controlled by the same person 同一人代表或控制",
    "person_name": "the same name of a person 同名人员",
    "trade_name": "the same trade name 同一字号",
    "site": "the same place of dispatch 同一发货地",
    "picture": "the same picture of goods 同一商品图片",
}
"""What sharing a value of each kind of evidence is called."""

OPEN_KINDS: Final = frozenset({"firm", "person", "trade_name", "site", "picture"})
"""Kinds whose values are no personal data: ids of records, trade names, places and pictures."""


class Shared(NamedTuple):
    """A reason as people read it. ``value`` is the normal form, or stars."""

    kind: str
    value: str
    bits: float
    owners: int
    hub_probability: float

    @property
    def text(self) -> str:
        """What is shared, by how many, and what it adds."""
        hub = (
            f", probably of strangers {self.hub_probability:.0%} 疑似公用"
            if self.hub_probability >= 0.1
            else ""
        )
        return f"{WORDS[self.kind]} {self.value} ({self.owners} owners{hub}): {self.bits:+.1f} bits"

    def to_json(self) -> dict[str, Any]:
        """As commands print it."""
        return {**self._asdict(), "text": self.text}


def shared(reason: Reason, *, personal: bool = True) -> Shared:
    """A step of a waterfall; personal values are stars unless ``personal``.

    Examples
    --------
    >>> shared(Reason("phone:+8613912345678", 12.02, 2, 0.01), personal=False).text
    'the same phone 同一电话 *** (2 owners): +12.0 bits'
    """
    kind, _, value = reason.value.partition(":")
    shown = value if personal or kind in OPEN_KINDS else "***"
    return Shared(kind, shown, reason.bits, reason.owners, reason.hub_probability)

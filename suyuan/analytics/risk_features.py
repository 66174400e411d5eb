"""Features of a risk ranking: their directions, where they are cut, and what they are called."""

from dataclasses import dataclass
from typing import Final

from suyuan.analytics.step_scorecard import Steps


@dataclass(frozen=True, slots=True)
class RiskFeature:
    """A feature of an entity at a cut-off.

    Parameters
    ----------
    name : as in answers
    direction : 1 where higher values never lower the risk, -1 where they never raise it
    cuts : where it is cut
    english, chinese : what it says; ``{value}`` is put in
    lowered_english, lowered_chinese : what would lower the risk, empty if nothing the entity can bring about
    least : log-odds that its first cut changes at least
    """

    name: str
    direction: int
    cuts: tuple[float, ...]
    english: str
    chinese: str
    lowered_english: str = ""
    lowered_chinese: str = ""
    least: float = 0.0

    @property
    def steps(self) -> Steps:
        """Its form in a scorecard."""
        return Steps(self.name, self.direction, self.cuts, self.least)

    def text(self, value: float) -> str:
        """What it says of a value, in both languages."""
        shown = f"{value:.2f}".rstrip("0").rstrip(".")
        return f"{self.english.format(value=shown)}. {self.chinese.format(value=shown)}。"

    @property
    def lowered(self) -> str:
        """What would lower the risk, in both languages; empty if nothing."""
        return f"{self.lowered_english}. {self.lowered_chinese}。" if self.lowered_english else ""


_COUNTS: Final = (0.05, 0.3, 0.7, 1.2, 2.0, 3.5, 6.0, 12.0, 25.0, 60.0)
_SHARES: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75)
_LEAST_OF_FINDINGS: Final = 0.1
"""A finding counts for something even where none that was found is found again: a fit without it must not say more."""

_TIME: Final = ("time without another finding, or a finding revoked", "此后无新认定，或原认定被撤销")

FEATURES: Final = (
    RiskFeature(
        "actor_findings",
        1,
        _COUNTS,
        "Infringing findings on linked accounts that are not revoked, older ones counting less: {value}",
        "关联账号未撤销的侵权认定（按时间衰减）：{value}",
        *_TIME,
        _LEAST_OF_FINDINGS,
    ),
    RiskFeature(
        "finding_rate",
        1,
        (0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6),
        "Findings for each linked account, drawn to the overall rate: {value}",
        "每个关联账号的认定数（向总体比率收缩）：{value}",
        *_TIME,
    ),
    RiskFeature(
        "own_findings",
        1,
        _COUNTS,
        "Infringing findings on itself that are not revoked, older ones counting less: {value}",
        "针对其自身未撤销的侵权认定（按时间衰减）：{value}",
        *_TIME,
        _LEAST_OF_FINDINGS,
    ),
    RiskFeature(
        "cleared",
        -1,
        (0.05, 0.5, 1.5, 3.0, 8.0),
        "Findings that there was no infringement, older ones counting less: {value}",
        "不侵权认定（按时间衰减）：{value}",
    ),
    RiskFeature(
        "re_emergence",
        1,
        (0.001, 0.2, 0.3, 0.42, 0.55, 0.7, 1.0, 1.6, 3.0),
        "Accounts opened after the first infringing finding on linked accounts, newer ones counting more: {value}",
        "关联账号首次被认定侵权后新开的账号（越新权重越大）：{value}",
        "an officer finding that the new account is not the same party's",
        "经办人员认定新账号并非同一主体",
    ),
    RiskFeature(
        "new_accounts",
        1,
        (0.5, 1.5, 2.5, 4.0),
        "Linked accounts opened within the last 90 days: {value}",
        "近90天新开的关联账号：{value}",
    ),
    RiskFeature(
        "exposure",
        1,
        (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4),
        "Nearness to parties with findings over shared evidence: {value}",
        "经共有线索与有认定主体的接近程度：{value}",
        "evidence that what is shared belongs to a stranger, such as a courier",
        "证明共有信息属于第三方（如快递）",
    ),
    RiskFeature(
        "shared_sites",
        1,
        (0.01, 0.05, 0.1, 0.2, 0.35, 0.5),
        "Share of other senders at its places of dispatch with findings: {value}",
        "同一发货地其他主体中有认定者的占比：{value}",
    ),
    RiskFeature(
        "origin",
        1,
        (0.01, 0.03, 0.07, 0.15, 0.3, 0.6),
        "Share of what reached its sites from sites whose operators have findings: {value}",
        "其场所货物来自有认定经营者场所的占比：{value}",
        "goods from other suppliers",
        "改由其他供货方供货",
    ),
    RiskFeature(
        "discount",
        1,
        (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6),
        "Median discount against the reference price: {value}",
        "相对参考价的折扣中位数：{value}",
        "prices near those of genuine goods",
        "价格接近正品价",
    ),
    RiskFeature(
        "deep_discounts",
        1,
        _SHARES,
        "Share of listings at least 35 % below the reference price, drawn to the overall share: {value}",
        "低于参考价35%以上的商品占比（向总体收缩）：{value}",
        "prices near those of genuine goods",
        "价格接近正品价",
    ),
    RiskFeature(
        "linked_discounts",
        1,
        _SHARES,
        "Linked accounts' share of listings at least 35 % below reference, drawn to the overall share: {value}",
        "关联账号低于参考价35%以上的商品占比（向总体收缩）：{value}",
        "prices near those of genuine goods",
        "价格接近正品价",
    ),
    RiskFeature(
        "no_licence_known",
        1,
        (0.05, 0.25, 0.5, 0.75, 0.95),
        "Share of listings under rights in force for which no licence is known: {value}",
        "涉有效权利而未见许可记录的商品占比：{value}",
        "a licence, or its recordal, being shown",
        "提交许可或备案证明",
    ),
    RiskFeature(
        "leads_confirmed",
        1,
        (0.1, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9),
        "Share of decided leads that were confirmed, drawn to one half: {value}",
        "已核查线索中属实的占比（向一半收缩）：{value}",
        "leads decided as unfounded",
        "线索经核查不属实",
    ),
    RiskFeature(
        "confirmed_count",
        1,
        (0.5, 1.5, 2.5, 4.5, 8.0, 20.0),
        "Leads confirmed: {value}",
        "属实线索数：{value}",
    ),
    RiskFeature(
        "leads_open",
        1,
        (0.5, 1.5, 2.5, 4.5, 8.0, 20.0),
        "Leads not decided: {value}",
        "待核查线索数：{value}",
        "leads decided as unfounded",
        "线索经核查不属实",
    ),
    RiskFeature(
        "leads_rejected",
        -1,
        (0.5, 1.5, 2.5, 4.5),
        "Leads rejected: {value}",
        "不属实线索数：{value}",
    ),
    RiskFeature(
        "category_rate",
        1,
        (0.002, 0.005, 0.01, 0.02, 0.04, 0.08),
        "Findings for each listing in its categories: {value}",
        "所属品类每件商品的认定数：{value}",
    ),
    RiskFeature(
        "watch_lists",
        1,
        (0.5, 1.5, 3.5),
        "Watch lists in force that name it: {value}",
        "现行关注名单中的条目：{value}",
        "being taken off the list",
        "移出名单",
    ),
    RiskFeature(
        "listings",
        1,
        (0.5, 2.5, 4.5, 7.5, 12.0, 25.0, 60.0, 150.0, 500.0),
        "Listings: {value}",
        "商品数：{value}",
    ),
    RiskFeature(
        "new_listings",
        1,
        (0.5, 1.5, 2.5, 3.5, 5.0, 8.0, 15.0, 40.0),
        "Listings put online within the last 90 days: {value}",
        "近90天新上架的商品数：{value}",
    ),
    RiskFeature(
        "accounts",
        1,
        (1.5, 2.5, 3.5, 5.5, 8.5),
        "Linked accounts and firms: {value}",
        "关联账号及企业数：{value}",
    ),
    RiskFeature(
        "age",
        -1,
        (60.0, 120.0, 240.0, 480.0, 960.0),
        "Days since it was opened: {value}",
        "开设天数：{value}",
    ),
)
"""All features, in the order of the columns of a matrix of them."""

PLACE_OF: Final = {one.name: place for place, one in enumerate(FEATURES)}
STEPS: Final = tuple(one.steps for one in FEATURES)

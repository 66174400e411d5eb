"""GraphQL types of what is in a network: actors, ties, who recurs, sums; and how they are made from rows."""

from enum import Enum
from typing import Final

import strawberry

from suyuan.api.explanation_types import Standing
from suyuan.api.nodes import Info, Node, nodes_of
from suyuan.api.scalars import DateTime, FloatColumn, IdColumn
from suyuan.api.standing_types import RecordStanding, record_standings_of
from suyuan.service.actor_reasons import OPEN_KINDS
from suyuan.service.network_report import Json

_HIDDEN: Final = "***"


@strawberry.enum(description="What ties two actors together.")
class TieKind(Enum):
    """Kinds of ties."""

    SHARED_SITE = strawberry.enum_value(
        "shared_site", description="They use one place at the same time, which few others use."
    )
    MOVEMENT = strawberry.enum_value("movement", description="Goods moved between their places.")
    IDENTIFIER = strawberry.enum_value(
        "identifier", description="Their records share values, too little to be one party's."
    )
    OWNERSHIP = strawberry.enum_value("ownership", description="One owns, represents or controls the other.")
    COMMON_ORIGIN = strawberry.enum_value(
        "common_origin",
        description="Goods of theirs came from one factory by an officer's word, or one runs it.",
    )


@strawberry.enum(description="What part an actor plays in a network; an estimate from records.")
class NetworkRole(Enum):
    """Roles."""

    SHARED_CONTROLLER = strawberry.enum_value(
        "shared_controller", description="Owns, represents or controls two or more other actors."
    )
    PRODUCER = strawberry.enum_value("producer", description="Runs a factory, or a place that makes goods.")
    LOGISTICS = strawberry.enum_value("logistics", description="Runs a forwarder or a port.")
    WHOLESALER = strawberry.enum_value("wholesaler", description="Is supplied and supplies others.")
    FRONT_SHOP = strawberry.enum_value("front_shop", description="Offers goods and makes none.")
    MEMBER = strawberry.enum_value("member", description="Nothing tells.")


@strawberry.type(description="A record behind a tie.")
class TieEvidence:
    """One record."""

    kind: str = strawberry.field(
        description="`dispatch`, `operator`, `movement`, `ownership`, `confirmed_origin` or `identifier`."
    )
    record: str = strawberry.field(
        description="Id of the record; for an identifier its kind and value, the value as stars where it is personal "
        "and the caller may not see it."
    )


@strawberry.type(description="What ties two actors of a network together. Machine estimate, not a finding.")
class NetworkTie:
    """A tie with its evidence."""

    from_actor: strawberry.ID = strawberry.field(description="Id of the one actor.")
    to_actor: strawberry.ID = strawberry.field(description="Id of the other.")
    kind: TieKind = strawberry.field(description="What ties them.")
    weight: float = strawberry.field(
        description="How much it ties, up to 1; falls with the number of strangers that share the same thing."
    )
    first: DateTime | None = strawberry.field(description="When it began, if known.")
    last: DateTime | None = strawberry.field(description="When it was seen last, if known.")
    evidence: list[TieEvidence] = strawberry.field(
        description="The first 20 records behind it, by kind and id."
    )
    evidence_count: int = strawberry.field(description="How many records there are behind it.")


@strawberry.type(
    description="The ties of a network as columns: one value a column, so that many cost little."
)
class EdgesTable:
    """Row i of the table is entry i of each column."""

    from_: IdColumn = strawberry.field(name="from", description="The one actor.")
    to: IdColumn = strawberry.field(description="The other.")
    kind: list[TieKind] = strawberry.field(description="What ties them.")
    weight: FloatColumn = strawberry.field(description="How much.")
    first: list[DateTime | None] = strawberry.field(description="When it began, if known.")
    last: list[DateTime | None] = strawberry.field(description="When it was seen last, if known.")


@strawberry.type(description="An actor in its network.")
class NetworkMember:
    """One party that the records of a network speak of."""

    actor_id: strawberry.ID = strawberry.field(description="Id of the actor.")
    name: str | None = strawberry.field(description="Name of its first shop or firm that has one.")
    record_ids: list[strawberry.ID] = strawberry.field(description="Ids of its shops, firms and persons.")
    role: NetworkRole = strawberry.field(description="Its part in the network.")
    roles: list[NetworkRole] = strawberry.field(description="All parts that its records tell of.")
    core: int = strawberry.field(
        description="Greatest k for which it is in a group each tied to k others of it."
    )
    centrality: float = strawberry.field(description="Its share of the network's rank by ties (PageRank).")
    finding_ids: list[strawberry.ID] = strawberry.field(description="Findings on its records, by day.")
    standing: Standing = strawberry.field(
        description="LEAD: findings are on records, not on what links them. That of its record where it has but one."
    )
    display_label: str = strawberry.field(description="What it may be called.")
    record_standings: list[RecordStanding] = strawberry.field(
        description="What findings say of each of its records by itself."
    )
    records_with_findings_in_force: int = strawberry.field(
        description="How many of its records have a finding of infringement in force."
    )

    @strawberry.field(description="Its shops, firms and persons.")
    async def records(self, info: Info) -> list[Node | None]:
        """Records as nodes, read in one go."""
        return await nodes_of(info.context, self.record_ids)


@strawberry.type(
    description="An actor with findings on two or more days, or with an account opened after a decision. The three "
    "counts are never mixed."
)
class RepeatOffender:
    """How far an actor recurs."""

    actor: strawberry.ID = strawberry.field(description="Id of the actor.")
    legal_repeat: bool = strawberry.field(
        description="Two findings on trade marks in force within five years, or the same kind of act on the same "
        "patent after a ruling in force."
    )
    findings_in_force: int = strawberry.field(description="Findings of infringement in force.")
    finding_days: list[str] = strawberry.field(
        description="Days of decisions that found an infringement, were not revoked, and whose right holds."
    )
    re_emergence_suspected: bool = strawberry.field(
        description="A shop was opened, or a firm registered, on a later day than the first of them. A machine link "
        "that needs an officer."
    )
    days_to_re_emergence: int | None = strawberry.field(
        description="Days from the first of them to that opening."
    )
    accounts_before: list[strawberry.ID] = strawberry.field(
        description="Shops and firms that were there before."
    )
    accounts_after: list[strawberry.ID] = strawberry.field(description="Those opened later.")
    tied_by: list[str] = strawberry.field(
        description="What joins its records, what says most first: kind and value, personal values as stars for "
        "callers who may not see them."
    )


@strawberry.type(description="Findings of a month.")
class MonthOfFindings:
    """One month."""

    month: str = strawberry.field(description="Year and month.")
    findings: int = strawberry.field(description="Findings of that month that count.")


@strawberry.type(description="Money in one currency.")
class NetworkValue:
    """Units sold times price."""

    currency: str | None = strawberry.field(description="Currency (ISO 4217), null if not told.")
    value: float = strawberry.field(description="Amount.")


@strawberry.type(description="How a network changed since the run before.")
class NetworkGrowth:
    """Records that came and went."""

    is_new: bool = strawberry.field(description="Whether it was not there in the run before.")
    joined: list[strawberry.ID] = strawberry.field(description="Records that came.")
    left: list[strawberry.ID] = strawberry.field(description="Records that went.")


def repeat_of(row: Json, *, personal: bool) -> RepeatOffender:
    """From a row; personal values are stars where the caller may not see them."""
    shown: Json = {**row, "tied_by": [masked_value(text, personal=personal) for text in row["tied_by"]]}
    return RepeatOffender(**shown)


def member_of(row: Json) -> NetworkMember:
    """From a row."""
    return NetworkMember(
        actor_id=row["actor"],
        name=row["name"],
        record_ids=row["records"],
        role=NetworkRole(row["role"]),
        roles=[NetworkRole(name) for name in row["roles"]],
        core=row["core"],
        centrality=row["centrality"],
        finding_ids=row["findings"],
        standing=Standing[row["standing"]],
        display_label=row["display_label"],
        record_standings=record_standings_of(row["record_standings"]),
        records_with_findings_in_force=row["records_with_findings_in_force"],
    )


def tie_of(row: Json, *, personal: bool) -> NetworkTie:
    """From a row; personal values are stars where the caller may not see them."""
    return NetworkTie(
        from_actor=row["from"],
        to_actor=row["to"],
        kind=TieKind(row["kind"]),
        weight=row["weight"],
        first=row["first"],
        last=row["last"],
        evidence=[
            TieEvidence(
                kind=one["kind"],
                record=masked_value(one["record"], personal=personal)
                if one["kind"] == "identifier"
                else one["record"],
            )
            for one in row["evidence"]
        ],
        evidence_count=row["evidence_count"],
    )


def masked_value(text: str, *, personal: bool) -> str:
    """A shared value as ``kind:value``, the value as stars where it is personal and the caller may not see it.

    Examples
    --------
    >>> masked_value("phone:+8613912345678", personal=False)
    'phone:***'
    """
    kind = text.partition(":")[0]
    return text if personal or kind in OPEN_KINDS or kind == "judgement" else f"{kind}:{_HIDDEN}"

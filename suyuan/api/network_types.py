"""GraphQL types of networks: who hangs together, by what, and who recurs."""

from enum import Enum
from typing import Annotated, Any, Final, cast

import strawberry

from suyuan.api.connections import (
    PAGE,
    After,
    First,
    PageInfo,
    decode_cursor,
    encode_cursor,
    page_info,
    page_size,
)
from suyuan.api.context import RequestContext
from suyuan.api.explanation_types import Standing
from suyuan.api.given_ids import ID_MAX, beginning
from suyuan.api.nodes import Info, Node, nodes_of
from suyuan.api.scalars import DateTime, FloatColumn, IdColumn
from suyuan.api.standing_types import RecordStanding, record_standings_of
from suyuan.api.trace_types import AsOf
from suyuan.errors import NotFoundError, ParameterError
from suyuan.service.actor_reasons import OPEN_KINDS
from suyuan.service.network_report import (
    Json,
    NetworkRequest,
    Order,
    member_row,
    network_number,
    network_row,
    network_rows,
    order_key,
    tie_row,
)
from suyuan.service.networks import Networks, networks_of
from suyuan.service.times import microseconds

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


@strawberry.enum(description="What networks are ordered by, the most first; ties by id.")
class NetworkOrder(Enum):
    """Orders."""

    FINDINGS = strawberry.enum_value("findings", description="Findings that count.")
    REPEAT_OFFENDERS = strawberry.enum_value("repeat_offenders", description="Actors that recur.")
    ACCOUNTS = strawberry.enum_value("accounts", description="Shops and firms.")
    GROWTH = strawberry.enum_value("growth", description="Records that came since the last run.")
    VALUE = strawberry.enum_value(
        "value", description="Value sold as shown, currencies added up as they are."
    )
    ID = strawberry.enum_value("id", description="Nothing but the id.")


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


@strawberry.type(
    description="Actors that hang together more closely than with others: linked accounts. A machine estimate, not a "
    "finding; being tied to somebody with a finding is none."
)
class OffenderNetwork:
    """A network as of a time."""

    id: strawberry.ID = strawberry.field(description="Stays while most of its records stay together.")
    actor_ids: list[strawberry.ID] = strawberry.field(description="Its actors, by their first records.")
    account_ids: list[strawberry.ID] = strawberry.field(description="Their shops and firms, by id.")
    repeat_offenders: int = strawberry.field(
        description="How many of its actors recur: the length of `repeat`."
    )
    findings: int = strawberry.field(
        description="Findings of infringement on its actors, not revoked, on rights that hold."
    )
    findings_in_force: int = strawberry.field(description="Those of them in force.")
    origin_ids: list[strawberry.ID] = strawberry.field(
        description="Sites that officers confirmed as origins."
    )
    repeat: list[RepeatOffender] = strawberry.field(description="Its actors that recur.")
    recurrence_rate: float | None = strawberry.field(
        description="Share of its actors with a finding that recur; null where none has one."
    )
    right_ids: list[strawberry.ID] = strawberry.field(description="Rights that the findings are on.")
    divisions: list[str] = strawberry.field(description="Divisions of its accounts and findings (GB/T 2260).")
    findings_over_time: list[MonthOfFindings] = strawberry.field(description="Findings by month.")
    listings: int = strawberry.field(description="Offers of its shops.")
    units: float = strawberry.field(description="Units that these offers show as sold, lawful ones included.")
    value: list[NetworkValue] = strawberry.field(description="These units at the prices asked, by currency.")
    growth: NetworkGrowth | None = strawberry.field(
        description="What changed since the run before; null where there is none, and for looks into the past."
    )
    standing: Standing = strawberry.field(
        description="LEAD: findings are on records, not on a network. That of its record where it has but one."
    )
    display_label: str = strawberry.field(description="What it may be called.")
    records_with_findings_in_force: int = strawberry.field(
        description="How many of its records have a finding of infringement in force."
    )
    networks: strawberry.Private[Networks]

    @strawberry.field(description="Its shops and firms.")
    async def accounts(self, info: Info) -> list[Node | None]:
        """Accounts as nodes, read in one go."""
        return await nodes_of(info.context, self.account_ids)

    @strawberry.field(description="Its actors with their roles.")
    async def members(self) -> list[NetworkMember]:
        """Members."""
        found = self.networks
        return [_member(member_row(found, actor)) for actor in found.members[self._number()]]

    @strawberry.field(description="What ties its actors together, the strongest first.")
    async def ties(self, info: Info, first: First = PAGE) -> list[NetworkTie]:
        """Ties with evidence."""
        context, found = info.context, self.networks
        size = page_size(first, PAGE, context.settings.max_page)
        weight = found.tied.ties.weight
        order = sorted(found.ties_of(self._number()), key=lambda tie: (-float(weight[tie]), tie))[:size]
        rows = await context.compute(lambda: [tie_row(found, tie) for tie in order])
        return [_tie(row, personal=context.sight.personal) for row in rows]

    @strawberry.field(description="All its ties as one block of columns, by actors and kind.")
    async def edges_table(self, info: Info) -> EdgesTable:
        """Ties by columns."""
        found = self.networks
        rows = await info.context.compute(
            lambda: [tie_row(found, tie, 0) for tie in found.ties_of(self._number())]
        )
        return EdgesTable(
            from_=IdColumn([row["from"] for row in rows]),
            to=IdColumn([row["to"] for row in rows]),
            kind=[TieKind(row["kind"]) for row in rows],
            weight=FloatColumn([row["weight"] for row in rows]),
            first=[row["first"] for row in rows],
            last=[row["last"] for row in rows],
        )

    def _number(self) -> int:
        return self.networks.position[self.id]


@strawberry.type(description="An entry of a list of networks.")
class NetworkEdge:
    """A network with its cursor."""

    cursor: str = strawberry.field(description="Where to go on after this entry.")
    node: OffenderNetwork = strawberry.field(description="The entry.")


@strawberry.type(description="A page of networks.")
class NetworkConnection:
    """Networks in the order asked for."""

    edges: list[NetworkEdge] = strawberry.field(description="The entries of this page.")
    page_info: PageInfo = strawberry.field(description="Whether there is more.")


Division = Annotated[
    str | None,
    strawberry.argument(description="Only those with an account or a finding in this division (GB/T 2260)."),
]
LeastFindings = Annotated[
    int | None, strawberry.argument(description="Only those with at least so many findings that count.")
]
OrderBy = Annotated[
    NetworkOrder | None, strawberry.argument(description="The order; by findings if not given.")
]
NetworkOf = Annotated[
    strawberry.ID,
    strawberry.argument(description="Id of a network, or of an actor, shop, firm or person in it."),
]


async def offender_networks(
    info: Info,
    division: Division = None,
    min_findings: LeastFindings = None,
    order_by: OrderBy = NetworkOrder.FINDINGS,
    as_of: AsOf = None,
    first: First = PAGE,
    after: After = None,
) -> Any:
    """Resolves `offenderNetworks`."""
    context = info.context
    size = page_size(first, PAGE, context.settings.max_page)
    order = cast(Order, (order_by or NetworkOrder.FINDINGS).value)
    request = NetworkRequest(division=division, min_findings=min_findings or 0, order_by=order)
    cursor = decode_cursor(after, float, str)
    networks = await _networks(context, as_of)
    rows = await context.compute(lambda: network_rows(networks, request))
    if cursor is not None:
        rows = [row for row in rows if (-order_key(row, order), row["id"]) > (-cursor[0], cursor[1])]
    cursors = [encode_cursor(order_key(row, order), row["id"]) for row in rows[:size]]
    edges = [
        NetworkEdge(cursor=cursor, node=_network(context, networks, row))
        for cursor, row in zip(cursors, rows[:size], strict=True)
    ]
    return NetworkConnection(edges=edges, page_info=page_info(cursors, more=len(rows) > size, after=after))


async def offender_network(info: Info, id: NetworkOf, as_of: AsOf = None) -> OffenderNetwork | None:
    """Resolves `offenderNetwork`."""
    if len(id) > ID_MAX:
        raise ParameterError("id", beginning(id), f"an id of at most {ID_MAX} characters")
    networks = await _networks(info.context, as_of)
    try:
        row = await info.context.compute(lambda: network_row(networks, network_number(networks, id)))
    except NotFoundError:
        return None
    return _network(info.context, networks, row)


async def _networks(context: RequestContext, as_of: DateTime | None) -> Networks:
    cut_off = microseconds("asOf", as_of)
    return await context.compute(lambda: networks_of(context.services.workspace, cut_off))


def _network(context: RequestContext, networks: Networks, row: Json) -> OffenderNetwork:
    named = {"actors": "actor_ids", "accounts": "account_ids", "origins": "origin_ids", "rights": "right_ids"}
    made: dict[str, Any] = {named.get(name, name): value for name, value in row.items()}
    personal, growth = context.sight.personal, row["growth"]
    made["repeat"] = [_repeat(one, personal=personal) for one in row["repeat"]]
    made["findings_over_time"] = [MonthOfFindings(**entry) for entry in row["findings_over_time"]]
    made["value"] = [NetworkValue(**entry) for entry in row["value"]]
    made["growth"] = None if growth is None else NetworkGrowth(**growth)
    made["standing"] = Standing[row["standing"]]
    return OffenderNetwork(**made, networks=networks)


def _repeat(row: Json, *, personal: bool) -> RepeatOffender:
    shown: Json = {**row, "tied_by": [masked_value(text, personal=personal) for text in row["tied_by"]]}
    return RepeatOffender(**shown)


def _member(row: Json) -> NetworkMember:
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


def _tie(row: Json, *, personal: bool) -> NetworkTie:
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

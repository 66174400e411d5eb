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
from suyuan.api.network_parts import (
    EdgesTable,
    MonthOfFindings,
    NetworkGrowth,
    NetworkMember,
    NetworkTie,
    NetworkValue,
    RepeatOffender,
    TieKind,
    member_of,
    repeat_of,
    tie_of,
)
from suyuan.api.nodes import Info, Node, nodes_of
from suyuan.api.scalars import DateTime, FloatColumn, IdColumn
from suyuan.api.trace_types import AsOf
from suyuan.errors import NotFoundError, ParameterError
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
        return [member_of(member_row(found, actor)) for actor in found.members[self._number()]]

    @strawberry.field(description="What ties its actors together, the strongest first.")
    async def ties(self, info: Info, first: First = PAGE) -> list[NetworkTie]:
        """Ties with evidence."""
        context, found = info.context, self.networks
        size = page_size(first, PAGE, context.settings.max_page)
        weight = found.tied.ties.weight
        order = sorted(found.ties_of(self._number()), key=lambda tie: (-float(weight[tie]), tie))[:size]
        rows = await context.compute(lambda: [tie_row(found, tie) for tie in order])
        return [tie_of(row, personal=context.sight.personal) for row in rows]

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
    made["repeat"] = [repeat_of(one, personal=personal) for one in row["repeat"]]
    made["findings_over_time"] = [MonthOfFindings(**entry) for entry in row["findings_over_time"]]
    made["value"] = [NetworkValue(**entry) for entry in row["value"]]
    made["growth"] = None if growth is None else NetworkGrowth(**growth)
    made["standing"] = Standing[row["standing"]]
    return OffenderNetwork(**made, networks=networks)

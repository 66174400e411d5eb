"""GraphQL types of actors: who is behind records, why, and what analysts decided."""

from enum import Enum
from typing import Annotated, Any, Final

import strawberry

from suyuan.api.connections import PAGE, First, page_size
from suyuan.api.context import RequestContext
from suyuan.api.explanation_types import Standing
from suyuan.api.given_ids import ID_MAX, beginning
from suyuan.api.nodes import Info, Node, nodes_of
from suyuan.api.scalars import DateTime
from suyuan.api.standing_types import RecordStanding, record_standings_of
from suyuan.errors import NotFoundError, ParameterError, UnknownNodeError
from suyuan.graph.ids import split_id
from suyuan.graph.records import time_text
from suyuan.service.actor_building import HistoryEntry, actor_history, actor_named, present_actors
from suyuan.service.actor_reasons import Shared
from suyuan.service.actor_reports import PairLink, actor_links, actor_standing, findings_now
from suyuan.service.actors import ActorState, actor_state
from suyuan.service.judgements import StoredJudgement, judgement_state

_HIDDEN: Final = "***"

ActorOrRecord = Annotated[
    strawberry.ID,
    strawberry.argument(
        description="Id of an actor, such as `Actor:6dec0eb374dc436f`, or of one of its records: a seller, firm or "
        "person."
    ),
]


@strawberry.enum(description="What an analyst decides about two records.")
class Verdict(Enum):
    """Verdicts of a judgement."""

    SAME = strawberry.enum_value("same", description="One party is behind both.")
    DIFFERENT = strawberry.enum_value("different", description="Two parties are behind them.")
    UNSURE = strawberry.enum_value(
        "unsure", description="It cannot be told; takes back what was said of the pair before."
    )


@strawberry.enum(description="Whether a judgement counts.")
class JudgementState(Enum):
    """States of a judgement."""

    IN_FORCE = strawberry.enum_value("in_force", description="It counts.")
    OVERRULED = strawberry.enum_value("overruled", description="Newer judgements imply the opposite.")
    UNDONE = strawberry.enum_value("undone", description="It was taken back.")


@strawberry.type(description="An analyst's decision whether one party is behind two records.")
class Judgement:
    """A judgement as the caller may see it."""

    id: strawberry.ID = strawberry.field(description="What `undoJudgement` names.")
    a: strawberry.ID = strawberry.field(description="Id of the one record.")
    b: strawberry.ID = strawberry.field(description="Id of the other.")
    verdict: Verdict = strawberry.field(description="What was decided.")
    by: str = strawberry.field(description="Who decided.")
    at: DateTime = strawberry.field(description="When.")
    why: str = strawberry.field(
        description="The reason given; stars for callers who may not see personal data, unless it is their own."
    )
    state: JudgementState = strawberry.field(description="Whether it counts.")
    undone_by: str | None = strawberry.field(description="Who took it back.")
    undone_at: DateTime | None = strawberry.field(description="When it was taken back.")


@strawberry.type(
    description="What two records share, and what that adds to the odds that they are one party's."
)
class LinkReason:
    """A step of a waterfall."""

    kind: str = strawberry.field(description="Kind of evidence, such as `phone` or `firm`.")
    value: str = strawberry.field(
        description="What is shared, in its normal form; stars where it is personal and the caller may not see it."
    )
    bits: float = strawberry.field(description="What it adds to the log2 odds.")
    owners: int = strawberry.field(description="How many records were seen with it.")
    hub_probability: float = strawberry.field(
        description="Probability that it belongs to a stranger to its owners, such as a courier or an agent."
    )
    text: str = strawberry.field(description="The same as a sentence.")


@strawberry.type(description="Two records of an actor that share something.")
class ActorLink:
    """A pair with its waterfall."""

    a: strawberry.ID = strawberry.field(description="Id of the one record.")
    b: strawberry.ID = strawberry.field(description="Id of the other.")
    match_probability: float = strawberry.field(description="Probability that one party is behind both.")
    bits: float = strawberry.field(
        description="The same as log2 odds; `priorBits` and the bits of the reasons add up to it."
    )
    prior_bits: float = strawberry.field(description="Log2 odds of two records that share nothing.")
    reasons: list[LinkReason] = strawberry.field(description="What they share, the strongest first.")


@strawberry.enum(description="What happened to an actor.")
class ActorChange(Enum):
    """Kinds of entries of a history."""

    JOINED = strawberry.enum_value("joined", description="Records came to it.")
    LEFT = strawberry.enum_value("left", description="Records went from it.")


@strawberry.type(description="What a build of actors did to this one.")
class ActorEvent:
    """An entry of an actor's history."""

    run: int = strawberry.field(description="Number of the build.")
    at: DateTime = strawberry.field(description="When it was made.")
    happened: ActorChange = strawberry.field(description="What happened.")
    record_ids: list[strawberry.ID] = strawberry.field(description="The records, by id.")
    other_actor_id: strawberry.ID | None = strawberry.field(
        description="The actor they came from or went to; null for records new to, or gone from, the data."
    )
    judgement_ids: list[strawberry.ID] = strawberry.field(
        description="Judgements made or taken back since the build before that are about either actor."
    )


@strawberry.type(
    description="Records that one party is probably behind: linked accounts. A machine estimate, not a finding, "
    "but for what analysts decided. Records stay as they are; an actor is a layer above them."
)
class Actor:
    """An actor as of now."""

    id: strawberry.ID = strawberry.field(
        description="Stays the same while the member that has been known longest stays."
    )
    member_ids: list[strawberry.ID] = strawberry.field(description="Ids of its records, in order.")
    state: strawberry.Private[ActorState]

    @strawberry.field(description="Its records: sellers, firms and persons, by id.")
    async def members(self, info: Info) -> list[Node | None]:
        """Members as nodes, read in one go."""
        return await nodes_of(info.context, self.member_ids)

    @strawberry.field(description="Pairs of its records that share something, the most probable first.")
    async def links(self, info: Info, first: First = PAGE) -> list[ActorLink]:
        """The evidence that holds it together."""
        context = info.context
        most = page_size(first, PAGE, context.settings.max_page)
        resolution, personal = self.state.resolution, context.sight.personal
        found = await context.compute(
            lambda: actor_links(resolution, self.member_ids, most, personal=personal)
        )
        return [_link(one) for one in found]

    @strawberry.field(description="Judgements about its records, oldest first.")
    async def judgements(self, info: Info) -> list[Judgement]:
        """Those made, overruled and undone alike."""
        members = set(self.member_ids)
        return [
            judgement_of(info.context, one, self.state)
            for one in self.state.stored
            if members.intersection(one.judgement.pair)
        ]

    @strawberry.field(description="Which records came and went, build by build, oldest first.")
    async def history(self, info: Info) -> list[ActorEvent]:
        """What the builds tell."""
        context = info.context
        _, entries = await context.compute(lambda: actor_history(context.services.workspace, self.id))
        return [_event(one) for one in entries]

    @strawberry.field(
        description="LEAD: findings are on records, not on what links them. That of its record where it has but one."
    )
    async def standing(self, info: Info) -> Standing:
        """A machine's grouping has no finding of its own."""
        return Standing[(await self._told(info.context))["standing"]]

    @strawberry.field(description="What it may be called.")
    async def display_label(self, info: Info) -> str:
        """Chosen by the standing."""
        return (await self._told(info.context))["display_label"]

    @strawberry.field(description="What findings say of each of its records by itself, by id.")
    async def record_standings(self, info: Info) -> list[RecordStanding]:
        """Each record with its own standing."""
        return record_standings_of((await self._told(info.context))["record_standings"])

    @strawberry.field(description="How many of its records have a finding of infringement in force.")
    async def records_with_findings_in_force(self, info: Info) -> int:
        """A count of records, not of findings."""
        return (await self._told(info.context))["records_with_findings_in_force"]

    async def _told(self, context: RequestContext) -> dict[str, Any]:
        findings = await context.compute(lambda: findings_now(context.services.workspace))
        return actor_standing(self.member_ids, findings)


async def actor_of_id(
    info: Info,
    id: ActorOrRecord,
) -> Actor | None:
    """The actor of an id; None if there is none."""
    if len(id) > ID_MAX:
        raise ParameterError("id", beginning(id), f"an id of at most {ID_MAX} characters")
    state = await state_now(info.context)
    try:
        actor = await info.context.compute(lambda: actor_named(state, id))
    except UnknownNodeError:
        return None
    return shown_actor(state, actor) if actor in state.members else None


async def seen_records(info: Info, given: str) -> list[str]:
    """Ids of the records of an actor that the caller may see."""
    if len(given) > ID_MAX:
        raise ParameterError("id", beginning(given), f"an id of at most {ID_MAX} characters")
    state = await state_now(info.context)
    actor = actor_named(state, given)
    if actor not in state.members:
        raise NotFoundError(*actor.split(":", 1))
    return [one for one in state.members[actor] if info.context.sight.sees_kind(split_id(one)[0])]


async def state_now(context: RequestContext) -> ActorState:
    """All actors as they are now."""
    return await context.compute(lambda: actor_state(context.services.workspace))


def actors_of(state: ActorState, records: tuple[str, ...]) -> list[Actor]:
    """The actors of some records, by id."""
    return [shown_actor(state, actor) for actor in present_actors(state, records)]


def shown_actor(state: ActorState, actor: str) -> Actor:
    """An actor as the API shows it."""
    members = [strawberry.ID(one) for one in state.members[actor]]
    return Actor(id=strawberry.ID(actor), member_ids=members, state=state)


def judgement_of(context: RequestContext, stored: StoredJudgement, state: ActorState) -> Judgement:
    """A judgement as the caller may see it: reasons are free text that may name persons."""
    one = stored.judgement
    seen = context.sight.personal or one.by == context.subject
    return Judgement(
        id=strawberry.ID(one.judgement_id),
        a=strawberry.ID(one.left),
        b=strawberry.ID(one.right),
        verdict=Verdict(one.verdict),
        by=one.by,
        at=DateTime(time_text(one.at)),
        why=one.why if seen else _HIDDEN,
        state=JudgementState(judgement_state(stored, state.verdicts)),
        undone_by=stored.undone_by,
        undone_at=None if stored.undone_at is None else DateTime(time_text(stored.undone_at)),
    )


def _link(link: PairLink) -> ActorLink:
    return ActorLink(
        a=strawberry.ID(link.left),
        b=strawberry.ID(link.right),
        match_probability=link.match_probability,
        bits=link.bits,
        prior_bits=link.prior_bits,
        reasons=[_reason(reason) for reason in link.reasons],
    )


def _reason(reason: Shared) -> LinkReason:
    return LinkReason(**reason._asdict(), text=reason.text)


def _event(entry: HistoryEntry) -> ActorEvent:
    return ActorEvent(
        run=entry.run,
        at=DateTime(time_text(entry.at)),
        happened=ActorChange(entry.happened),
        record_ids=[strawberry.ID(one) for one in entry.records],
        other_actor_id=None if entry.other is None else strawberry.ID(entry.other),
        judgement_ids=[strawberry.ID(one) for one in entry.judgements],
    )

"""GraphQL types of many cases with one or few origins."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import strawberry
from strawberry.scalars import JSON

from suyuan.api.context import RequestContext
from suyuan.api.given_ids import canonical_id
from suyuan.api.nodes import SITE, SITES, Info, Node, node_of, nodes_of
from suyuan.api.scalars import DateTime
from suyuan.errors import ParameterError
from suyuan.service.origin_groups import GroupRequest
from suyuan.service.times import microseconds

CASES_MAX: Final = 1000

Cases = Annotated[
    list[strawberry.ID],
    strawberry.argument(
        description=f"Canonical ids of what trace() starts from, at most {CASES_MAX}; the order makes no difference."
    ),
]
SourceCount = Annotated[
    int | None,
    strawberry.argument(
        description="How many origins to look for; as many as the cases bear out if not given."
    ),
]


@strawberry.type(description="A probable common origin of cases: machine estimate, not a finding.")
class CommonSource:
    """A site that explains cases of the group."""

    site_id: strawberry.ID = strawberry.field(description="Canonical id of the site.")
    name: str | None = strawberry.field(description="Name of the site.")
    posterior: float = strawberry.field(
        description="Probability that this source is at this site and not another, the other sources being as told."
    )
    share: float = strawberry.field(description="Share of the cases that come from it.")
    case_ids: list[strawberry.ID] = strawberry.field(description="The cases it explains, by id.")

    @strawberry.field(description="The site.", graphql_type=SITE)
    async def site(self, info: Info) -> Node | None:
        """The site as a node."""
        return await node_of(info.context, self.site_id)


@strawberry.type(description="A case that none of the sources explains better than chance.")
class FalseLead:
    """A case that probably has nothing to do with the others."""

    case_id: strawberry.ID = strawberry.field(description="Canonical id of the case.")
    probability: float = strawberry.field(description="Probability that it comes from none of the sources.")
    reason: str = strawberry.field(description="Where it leads instead.")


@strawberry.type(description="A site that could stand for one of the sources.")
class RunnerUp:
    """The next best explanation."""

    site_id: strawberry.ID = strawberry.field(description="Canonical id of the site.")
    name: str | None = strawberry.field(description="Name of the site.")
    posterior: float = strawberry.field(description="Probability that the source is here.")
    instead_of_id: strawberry.ID = strawberry.field(description="The source it would stand for.")

    @strawberry.field(description="The site.", graphql_type=SITE)
    async def site(self, info: Info) -> Node | None:
        """The site as a node."""
        return await node_of(info.context, self.site_id)


@strawberry.type(description="Sites that explain the cases equally well.")
class SourceTie:
    """Sites that cannot be told apart; one of them stands among the sources."""

    source_id: strawberry.ID = strawberry.field(description="The one that stands among the sources.")
    site_ids: list[strawberry.ID] = strawberry.field(description="All of them, by id.")
    posterior: float = strawberry.field(description="Probability of each of them.")

    @strawberry.field(description="All of them, by id.", graphql_type=SITES)
    async def sites(self, info: Info) -> list[Node | None]:
        """Sites as nodes."""
        return await nodes_of(info.context, self.site_ids)


@strawberry.type(description="A site left out of the sources, because it made such goods under licence.")
class LicensedOrigin:
    """A licensed factory."""

    site_id: strawberry.ID = strawberry.field(description="Canonical id of the site.")
    name: str | None = strawberry.field(description="Name of the site.")
    case_ids: list[strawberry.ID] = strawberry.field(description="Cases it was left out of, by id.")


@strawberry.type(description="A case that leads to no origin, so that it says nothing about the sources.")
class UntracedCase:
    """A case without any origin."""

    case_id: strawberry.ID = strawberry.field(description="Canonical id of the case.")
    reason: str = strawberry.field(description="Why.")


@strawberry.type(
    description="The one or few origins that explain many cases. Machine estimate, not a finding."
)
class OriginReport:
    """Answer about a group of cases; the same content as `suyuan origins --json`."""

    sources: list[CommonSource] = strawberry.field(description="The source that explains most cases first.")
    false_leads: list[FalseLead] = strawberry.field(description="Cases that mislead, the surest first.")
    runners_up: list[RunnerUp] = strawberry.field(
        description="What else could be a source, most probable first."
    )
    ties: list[SourceTie] = strawberry.field(description="Sources that others cannot be told apart from.")
    licensed: list[LicensedOrigin] = strawberry.field(
        description="Sites that made such goods under licence, left out of the sources, by id."
    )
    untraced: list[UntracedCase] = strawberry.field(description="Cases that lead to no origin, by id.")
    false_share: float | None = strawberry.field(description="Share of false leads, as fitted to the cases.")
    background_cases: int = strawberry.field(
        description="Cases of the market that tell how much usually comes from each site."
    )
    truncated: bool = strawberry.field(description="Whether a limit cut the trace of a case.")
    as_of: DateTime | None = strawberry.field(description="Only events up to this time.")
    known_at: DateTime | None = strawberry.field(description="Only facts the store had by this time.")
    snapshot: str = strawberry.field(description="SHA-256 of the graph the answer was computed on.")
    parameters: JSON = strawberry.field(description="Parameters of the computation.")
    elapsed_ms: float = strawberry.field(description="Time of the computation, milliseconds.")


async def origins_of_group(
    context: RequestContext,
    cases: Sequence[str],
    sources: int | None,
    keep_licensed: bool,
    as_of: DateTime | None,
    known_at: DateTime | None,
) -> OriginReport:
    """Finds the sources of a group in a worker thread and shapes the answer."""
    if len(cases) > CASES_MAX:
        raise ParameterError(
            "cases", f"{len(cases)} ids", f"at most {CASES_MAX}; suyuan origins takes any number"
        )
    ids = [canonical_id("cases", case) for case in cases]
    request = GroupRequest(
        sources=sources,
        keep_licensed=keep_licensed,
        as_of=as_of,
        known_at=known_at,
        parameters=context.parameters,
    )
    moment = microseconds("knownAt", known_at)
    groups = context.services.origin_groups
    return _origin_report(
        await context.compute(lambda: groups.report(ids, request, context.snapshot(moment)))
    )


def _origin_report(report: Mapping[str, Any]) -> OriginReport:
    return OriginReport(
        sources=[
            CommonSource(
                site_id=s["site"],
                name=s["name"],
                posterior=s["posterior"],
                share=s["share"],
                case_ids=s["cases"],
            )
            for s in report["sources"]
        ],
        false_leads=[
            FalseLead(case_id=f["case"], probability=f["probability"], reason=f["reason"])
            for f in report["false_leads"]
        ],
        runners_up=[
            RunnerUp(
                site_id=r["site"], name=r["name"], posterior=r["posterior"], instead_of_id=r["instead_of"]
            )
            for r in report["runners_up"]
        ],
        ties=[
            SourceTie(source_id=t["source"], site_ids=t["sites"], posterior=t["posterior"])
            for t in report["ties"]
        ],
        licensed=[
            LicensedOrigin(site_id=one["site"], name=one["name"], case_ids=one["cases"])
            for one in report["licensed"]
        ],
        untraced=[UntracedCase(case_id=u["case"], reason=u["reason"]) for u in report["untraced"]],
        false_share=report["false_share"],
        background_cases=report["background_cases"],
        truncated=report["truncated"],
        as_of=report["as_of"],
        known_at=report["known_at"],
        snapshot=report["snapshot"],
        parameters=report["parameters"],
        elapsed_ms=report["elapsed_ms"],
    )

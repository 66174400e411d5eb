"""GraphQL types of risk rankings."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Final

import strawberry
from strawberry.scalars import JSON

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
from suyuan.api.nodes import Info
from suyuan.api.scalars import DateTime
from suyuan.api.trace_types import AsOf
from suyuan.errors import ParameterError
from suyuan.service.risk_ranking import RankingRequest

Division = Annotated[
    str | None,
    strawberry.argument(description="Code (GB/T 2260): only what is in it, or in what it contains."),
]

_TABLE_OF: Final = {
    "firms": "firms",
    "sellers": "sellers",
    "actors": "firms",
    "products": "products",
    "rights": "rights",
    "sites": "sites",
}
"""Table whose rule of masking holds for names of a kind."""


@strawberry.type(description="What a feature adds to the log-odds of a score.")
class RankingReason:
    """One of the contributions, which add up to the log-odds of the score."""

    feature: str = strawberry.field(description="Name of the feature; `base` is what stands before all.")
    contribution: float = strawberry.field(description="Change of the log-odds.")
    text: str = strawberry.field(description="What it says, in Chinese and English.")


@strawberry.type(description="What would lower a score.")
class RankingLowering:
    """A feature that raises the score and can change."""

    feature: str = strawberry.field(description="Name of the feature.")
    score: float = strawberry.field(description="The score without what the feature adds.")
    text: str = strawberry.field(description="What would have to happen.")


@strawberry.type(
    description="What is looked at first, and why. Machine estimate, not a finding; it denies nobody a right."
)
class RankingRow:
    """One row of a ranking."""

    rank: int = strawberry.field(description="Place, from 1.")
    entity_id: strawberry.ID = strawberry.field(description="Canonical id; of an actor `Actor:...`.")
    name: str | None = strawberry.field(description="Its name, masked for callers without that right.")
    division_code: str | None = strawberry.field(description="Code of its division (GB/T 2260).")
    score: float = strawberry.field(
        description="Probability of an infringing finding within 180 days after the cut-off, times 100."
    )
    low: float = strawberry.field(description="Lower end of the 90 % interval.")
    high: float = strawberry.field(description="Upper end of the 90 % interval.")
    standing: str = strawberry.field(
        description="By the findings that name it; `LEAD` without any, and for several linked accounts."
    )
    display_label: str = strawberry.field(description="What it may be called.")
    records_with_findings_in_force: int = strawberry.field(
        description="On how many records the findings in force fall that count for it: its own, and those of its "
        "shops, members, sellers or operator."
    )
    reasons: list[RankingReason] = strawberry.field(
        description="By size, the base last; their sum is the log-odds of the score."
    )
    would_lower: list[RankingLowering] = strawberry.field(description="What would lower the score most.")
    evidence: list[strawberry.ID] = strawberry.field(description="Ids of findings and listings to look at.")


@strawberry.type(description="What a ranking was fitted to, and how good it was on earlier cut-offs.")
class RankingModel:
    """The model card."""

    model: str = strawberry.field(
        description="`scorecard`, `boosted`, or `prior` where findings are too few."
    )
    data_cut_off: DateTime = strawberry.field(description="Nothing later was used.")
    horizon_days: int = strawberry.field(description="Days after the cut-off that a score speaks of.")
    rows: int = strawberry.field(description="Rows learnt from: entities at earlier cut-offs.")
    positive: int = strawberry.field(description="Those among them that a finding followed.")
    cut_offs: int = strawberry.field(description="Earlier cut-offs learnt from.")
    calibration: JSON = strawberry.field(description="Slope, shift, and points of the calibration plot.")
    features: JSON = strawberry.field(description="Direction, cuts and points of each feature.")
    back_test: JSON = strawberry.field(description="Measures on earlier cut-offs, beside baselines.")


@strawberry.type(description="A row with its place in the order.")
class RankingEdge:
    """An entry of a page."""

    cursor: str = strawberry.field(description="Where to go on after this row.")
    node: RankingRow = strawberry.field(description="The row.")


@strawberry.type(description="A page of a ranking. Machine estimate, not a finding.")
class RankingConnection:
    """Rows by score, then id."""

    edges: list[RankingEdge] = strawberry.field(description="The rows of this page.")
    page_info: PageInfo = strawberry.field(description="Whether there is more.")
    as_of: DateTime = strawberry.field(description="The cut-off: nothing later was seen.")
    note: str = strawberry.field(description="What a score is, and is not.")
    how_to_object: str = strawberry.field(description="What somebody who is ranked can do.")
    model: RankingModel = strawberry.field(description="The model card.")
    total_count: int = strawberry.field(description="How many are ranked.")
    not_ranked_count: int = strawberry.field(
        description="How many are closed, or have too little evidence; that does not mean low."
    )


Resolver = Callable[..., Awaitable[RankingConnection]]


def ranking_of(kind: str) -> Resolver:
    """The resolver of the ranking of a kind."""

    async def resolve(
        info: Info, division: Division = None, as_of: AsOf = None, first: First = PAGE, after: After = None
    ) -> RankingConnection:
        context = info.context
        size = page_size(first, PAGE, context.settings.max_page)
        cursor = decode_cursor(after, str)
        request = RankingRequest(kind, division=division, as_of=as_of)
        report = await context.compute(lambda: context.services.rankings.report(request, context.view()))
        return _page(context, report, size, None if cursor is None else str(cursor[0]), after)

    return resolve


def _page(
    context: RequestContext, report: Mapping[str, Any], size: int, last: str | None, after: str | None
) -> RankingConnection:
    rows = report["rows"]
    begin = 0
    if last is not None:
        begin = next((place for place, row in enumerate(rows, start=1) if row["id"] == last), -1)
        if begin < 0:
            raise ParameterError("after", after, "a cursor that this connection gave")
    chosen = rows[begin : begin + size]
    edges = [
        RankingEdge(cursor=encode_cursor(row["id"]), node=_row(context, report["kind"], row))
        for row in chosen
    ]
    return RankingConnection(
        edges=edges,
        page_info=page_info([edge.cursor for edge in edges], more=len(rows) > begin + size, after=after),
        as_of=report["as_of"],
        note=report["note"],
        how_to_object=report["how_to_object"],
        model=_model(report["model"]),
        total_count=report["ranked"],
        not_ranked_count=len(report["not_ranked"]),
    )


def _row(context: RequestContext, kind: str, row: Mapping[str, Any]) -> RankingRow:
    shown = context.sight.properties(_TABLE_OF[kind], {"name": row["name"] or ""})["name"]
    return RankingRow(
        rank=row["rank"],
        entity_id=strawberry.ID(row["id"]),
        name=str(shown) or None,
        division_code=row["division"],
        **{name: row[name] for name in ("score", "low", "high", "standing", "display_label")},
        records_with_findings_in_force=row["records_with_findings_in_force"],
        reasons=[RankingReason(**one) for one in row["reasons"]],
        would_lower=[RankingLowering(**one) for one in row["would_lower"]],
        evidence=[strawberry.ID(one) for one in row["evidence"]],
    )


def _model(card: Mapping[str, Any]) -> RankingModel:
    trained = card["trained_on"]
    return RankingModel(
        **{
            name: card[name]
            for name in ("model", "data_cut_off", "horizon_days", "calibration", "features", "back_test")
        },
        **{name: trained[name] for name in ("rows", "positive", "cut_offs")},
    )


def ranking_field(kind: str, what: str) -> Any:
    """The query field of the ranking of a kind."""
    return strawberry.field(
        resolver=ranking_of(kind),
        description=f"{what} by the probability of an infringing finding within 180 days. A machine estimate, "
        "not a finding.",
    )

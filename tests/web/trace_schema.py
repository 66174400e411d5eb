"""The part of the API's schema that the worked example of the query page asks for."""

from collections.abc import AsyncIterator
from enum import Enum

import strawberry

from suyuan.api.error_codes import LabelErrors
from suyuan.api.operation_choice import RequireOperationName


@strawberry.enum
class Direction(Enum):
    BACKWARD = "backward"
    FORWARD = "forward"


@strawberry.enum
class UnknownTimes(Enum):
    INFER = "infer"
    EXCLUDE = "exclude"
    INCLUDE = "include"


@strawberry.type
class Origin:
    site_id: strawberry.ID
    name: str
    probability: float
    reasons: list[str]


@strawberry.type
class Path:
    probability: float
    movement_ids: list[strawberry.ID]
    site_ids: list[strawberry.ID]


@strawberry.type
class Unresolved:
    site_id: strawberry.ID
    probability: float
    reason: str


@strawberry.type
class Trace:
    origins: list[Origin]
    paths: list[Path]
    unresolved: list[Unresolved]
    truncated: bool


@strawberry.type
class Query:
    @strawberry.field
    def trace(
        self,
        start: strawberry.ID,
        direction: Direction = Direction.BACKWARD,
        unknown_times: UnknownTimes = UnknownTimes.INFER,
    ) -> Trace:
        del direction, unknown_times
        factory, warehouse = strawberry.ID("Site:FAC0003"), strawberry.ID("Site:WH0007")
        reasons = [f"reached from {start}"]
        return Trace(
            origins=[Origin(site_id=factory, name="义乌三号厂", probability=0.81, reasons=reasons)],
            paths=[
                Path(
                    probability=0.44,
                    movement_ids=[strawberry.ID("Shipment:SH1")],
                    site_ids=[factory, warehouse],
                )
            ],
            unresolved=[Unresolved(site_id=warehouse, probability=0.06, reason="no recorded inflow")],
            truncated=False,
        )


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self) -> AsyncIterator[int]:
        for number in (1, 2, 3):
            yield number


def trace_schema() -> strawberry.Schema:
    """Build the schema."""
    return strawberry.Schema(Query, subscription=Subscription, extensions=[LabelErrors, RequireOperationName])

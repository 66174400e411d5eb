"""GraphQL types of what a trace says besides probabilities."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry

from suyuan.api.nodes import SITE, Info, Node, node_of


@strawberry.enum(description="How far the case against a subject has come.")
class Standing(Enum):
    """Standings; nobody is called an infringer without a finding in force."""

    LEAD = strawberry.enum_value("LEAD", description="A lead: no finding names the subject.")
    UNDER_HANDLING = strawberry.enum_value("UNDER_HANDLING", description="An authority is handling it.")
    DECIDED_IN_FORCE = strawberry.enum_value(
        "DECIDED_IN_FORCE", description="A finding of infringement that is in force names the subject."
    )
    UNDER_REVIEW = strawberry.enum_value(
        "UNDER_REVIEW", description="A finding of infringement names the subject, and is under review."
    )
    REVOKED = strawberry.enum_value("REVOKED", description="A finding that named the subject was revoked.")
    CLEARED = strawberry.enum_value("CLEARED", description="A finding in force cleared the subject.")


@strawberry.type(description="Goods shipped beyond what a licence covers.")
class Overrun:
    """What is known to exceed a licence."""

    quantity: float = strawberry.field(description="Units beyond the licence, those outside included.")
    licence: strawberry.ID = strawberry.field(description="Canonical id of the licence.")
    outside_territory: float = strawberry.field(description="Units sent to places outside its territory.")


@strawberry.type(description="A place that much of the goods passed: where the chain can be cut.")
class ChokePoint:
    """A site with the share of the goods that passed it."""

    site_id: strawberry.ID = strawberry.field(description="Canonical id of the site.")
    name: str | None = strawberry.field(description="Name of the site.")
    share: float = strawberry.field(description="Share of the goods that passed it; each unit counts once.")
    dominates: bool = strawberry.field(description="Whether all that came from any origin passed it.")

    @strawberry.field(description="The site.", graphql_type=SITE)
    async def site(self, info: Info) -> Node | None:
        """The site as a node."""
        return await node_of(info.context, self.site_id)


@strawberry.type(description="Something to inspect next, by how much it would tell of the origin.")
class NextInspection:
    """A question whose answer is not recorded."""

    about_id: strawberry.ID = strawberry.field(description="Canonical id of the shipment or site.")
    question: str = strawberry.field(
        description="lot, product, departure or arrival of a shipment; inflow: missing records of what came to a site."
    )
    expected_gain_bits: float = strawberry.field(
        description="By how much the answer lowers the entropy of the origin, in expectation, bits."
    )
    text: str = strawberry.field(description="The question in words.")

    @strawberry.field(description="The shipment or site.")
    async def about(self, info: Info) -> Node | None:
        """What it is about, as a node."""
        return await node_of(info.context, self.about_id)


def overrun_of(report: Mapping[str, Any] | None) -> Overrun | None:
    """The overrun of an origin of a report."""
    return None if report is None else Overrun(**report)


def choke_point_of(report: Mapping[str, Any]) -> ChokePoint:
    """A choke point of a report."""
    return ChokePoint(
        site_id=report["site"], name=report["name"], share=report["share"], dominates=report["dominates"]
    )


def inspection_of(report: Mapping[str, Any]) -> NextInspection:
    """An inspection of a report."""
    return NextInspection(
        about_id=report["about"],
        question=report["question"],
        expected_gain_bits=report["expected_gain_bits"],
        text=report["text"],
    )

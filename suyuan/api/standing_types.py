"""GraphQL type of what findings say of the records of an actor."""

from collections.abc import Mapping, Sequence

import strawberry

from suyuan.api.explanation_types import Standing


@strawberry.type(description="What findings say of one record of an actor, whatever is linked to it.")
class RecordStanding:
    """The standing of a seller, firm or person."""

    record_id: strawberry.ID = strawberry.field(description="Id of the record.")
    standing: Standing = strawberry.field(description="The weightiest finding on it decides.")
    display_label: str = strawberry.field(description="What it may be called.")


def record_standings_of(rows: Sequence[Mapping[str, str]]) -> list[RecordStanding]:
    """As the service tells them."""
    return [
        RecordStanding(
            record_id=strawberry.ID(row["id"]),
            standing=Standing[row["standing"]],
            display_label=row["display_label"],
        )
        for row in rows
    ]

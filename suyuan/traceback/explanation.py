"""What an answer says besides probabilities: results only, in positions of the snapshot."""

from dataclasses import dataclass
from enum import Flag, StrEnum, auto
from typing import Literal, NamedTuple


class Parts(Flag):
    """What of an explanation is asked for: about the origins, where chains can be cut, what to inspect next."""

    NOTHING = 0
    ORIGINS = auto()
    CHOKE_POINTS = auto()
    INSPECTIONS = auto()
    EVERYTHING = ORIGINS | CHOKE_POINTS | INSPECTIONS


class Agreement(StrEnum):
    """Why goods of one movement can be those of the next."""

    SAME_LOT = "same_lot"
    SAME_PRODUCT = "same_product"
    PROCESSED = "processed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OriginWay:
    """The most probable chain from an origin, in the goods' direction.

    Parameters
    ----------
    probability : of exactly this chain.
    movements : positions, the one from the origin first.
    shares : for each movement, the share of the goods on the next one that came by it; of the last one, the share of
        the case that it stands for.
    agreements : why the goods of each movement can be those of the next; one less than movements.
    """

    probability: float
    movements: tuple[int, ...]
    shares: tuple[float, ...]
    agreements: tuple[Agreement, ...]


class Overrun(NamedTuple):
    """What was shipped beyond a licence; ``outside`` is the part that went to places outside its territory."""

    licence: int
    quantity: float
    outside: float


class Licensing(NamedTuple):
    """Licences that cover goods of a case at their origin.

    ``covered``: they cover all that can have come from there. ``overrun``: where every one of them is overrun, the
    least overrun one.
    """

    licences: tuple[int, ...]
    covered: bool
    overrun: Overrun | None


class Standing(StrEnum):
    """How far the case against a subject has come."""

    LEAD = "LEAD"
    DECIDED_IN_FORCE = "DECIDED_IN_FORCE"
    UNDER_REVIEW = "UNDER_REVIEW"
    REVOKED = "REVOKED"
    CLEARED = "CLEARED"


class ChokePoint(NamedTuple):
    """A site with the share of the goods that passed it; ``dominates``: all that came from an origin did."""

    site: int
    share: float
    dominates: bool


class Inspection(NamedTuple):
    """Something to look into: a value of a shipment, or the missing inflow of a site, and what it would tell."""

    kind: Literal["Shipment", "Site"]
    position: int
    question: str
    expected_gain_bits: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """What stands beside the origins and gaps of a backward trace.

    Parameters
    ----------
    parts : those that were asked for; the others are empty.
    ways : by origin, the most probable chain from it; None where no movement is recorded.
    licensing, standing : by origin.
    choke_points : largest share first, equal ones by id.
    next_inspections : greatest gain first, equal ones by id and question.
    """

    parts: Parts
    ways: tuple[OriginWay | None, ...] = ()
    licensing: tuple[Licensing, ...] = ()
    standing: tuple[Standing, ...] = ()
    choke_points: tuple[ChokePoint, ...] = ()
    next_inspections: tuple[Inspection, ...] = ()

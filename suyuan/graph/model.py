"""What the graph is made of, declared once.

A *record* is one row of a table of the exchange format. It is the unit of fact: it has a key, values,
provenance and versions. Nodes and edges are what records say: a table with a ``kind`` makes one node per
record, and its ``edges`` tell which columns name the ends of which relationships. SQL, Cypher constraints,
GraphQL types, the table readers, the exports and the documentation derive from the declarations in this module
and in :mod:`suyuan.graph.tables`.
"""

from dataclasses import dataclass
from typing import Literal

ValueType = Literal["text", "number", "integer", "boolean", "time", "list", "id", "ids"]
"""``list`` is a list of texts; ``id`` a canonical id; ``ids`` a list of canonical ids."""

Check = Literal["credit_code", "right_number", "phone", "division", "country"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, and the property of the node or edge that comes from it."""

    name: str
    type: ValueType
    description: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    check: Check | None = None
    personal: bool = False
    searchable: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """Which node an edge ends at, as told by a record.

    ``kind`` and ``columns`` give the key of a node of that kind; ``kind=None`` means that the one column holds a
    canonical id (of one of ``kinds``). ``many`` marks a list column: one edge per entry. ``by`` names a property of
    ``kind`` that the column's values are matched with instead of the key (numbers printed on a page).
    Of several columns only the last must be filled.
    """

    kind: str | None
    columns: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    many: bool = False
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge that each record of a table makes, where both its ends are filled.

    ``when`` restricts it to records with that value in that column; ``properties`` are the record's columns that
    the edge carries.
    """

    kind: str
    source: End
    target: End
    properties: tuple[str, ...] = ()
    when: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the exchange format. ``kind`` is None where its records are edges only."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    kind: str | None = None
    edges: tuple[Edge, ...] = ()
    in_order: tuple[tuple[str, str], ...] = ()
    """Pairs of time columns of which the first may not lie after the second (``contradiction``)."""

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if there is none."""
        return self.by_name[name]

    @property
    def by_name(self) -> dict[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.columns}


@dataclass(frozen=True, slots=True)
class NodeKind:
    """A kind of node: ``key`` names the columns of its canonical id."""

    name: str
    key: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class EdgeKind:
    """A kind of relationship, in the direction given."""

    name: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    description: str


def _node_kinds(*kinds: NodeKind) -> dict[str, NodeKind]:
    return {kind.name: kind for kind in kinds}


NODE_KINDS = _node_kinds(
    NodeKind("RightsHolder", ("holder_id",), "Owner of intellectual-property rights."),
    NodeKind("Right", ("right_id",), "A patent, utility model, design or trade mark."),
    NodeKind(
        "RightContent", ("right_id", "part", "no"), "One claim, view, mark image or goods item of a right."
    ),
    NodeKind("Assignment", ("right_id", "at"), "A transfer of a right from one holder to another."),
    NodeKind("Licence", ("licence_id",), "A permission to use a right, with its scope and period."),
    NodeKind("Product", ("product_id",), "A product as goods are described and traced by."),
    NodeKind("Firm", ("firm_id",), "A registered firm or sole trader."),
    NodeKind("Person", ("person_id",), "A natural person: owner, director or representative of a firm."),
    NodeKind("Seller", ("platform", "seller_id"), "A seller account (shop) on a platform."),
    NodeKind("Listing", ("platform", "listing_id"), "An offer on a platform."),
    NodeKind("Site", ("site_id",), "A place goods are made, stored, traded or passed through."),
    NodeKind("Shipment", ("shipment_id",), "One movement of goods from a site to a site."),
    NodeKind("Event", ("event_id",), "Something that happened to goods at a site, such as a transformation."),
    NodeKind("Lot", ("product_id", "lot_id"), "A batch of one product, as marked by its maker."),
    NodeKind(
        "Dispatch",
        ("platform", "seller_id", "site_id", "observed_at"),
        "An observation that a seller ships from a site.",
    ),
    NodeKind(
        "Identifier", ("type", "value"), "A phone number, account, address or the like that parties share."
    ),
    NodeKind("Finding", ("finding_id",), "A decision of an authority or court about a subject."),
    NodeKind("Seizure", ("seizure_id",), "Goods held at a port."),
    NodeKind("CustomsRecordal", ("recordal_no",), "A right recorded with customs."),
    NodeKind("Exhibit", ("exhibit_id",), "A thing shown at a trade fair."),
    NodeKind("Mark", ("mark_code",), "An electronic mark issued for one item or batch."),
    NodeKind("MarkScan", ("mark_code", "at", "place"), "A sighting of an electronic mark."),
    NodeKind("Notice", ("notice_id",), "A notice to a platform about a listing."),
    NodeKind("Authority", ("authority_id",), "A body competent for some kinds of act in some divisions."),
    NodeKind("Division", ("code",), "An administrative division (GB/T 2260)."),
    NodeKind("Lead", ("lead_id",), "A suspicion to be looked into; never a finding."),
    NodeKind("WatchList", ("list",), "A list of subjects somebody keeps an eye on."),
)

_PARTY = ("Firm", "Seller", "Person", "RightsHolder")
_SUBJECT = ("Firm", "Seller", "Person", "Listing", "Site", "Product", "Shipment", "Exhibit", "Seizure", "Lot")


def _edge_kinds(*kinds: EdgeKind) -> dict[str, EdgeKind]:
    return {kind.name: kind for kind in kinds}


EDGE_KINDS = _edge_kinds(
    EdgeKind("SOLD_BY", ("Listing",), ("Seller",), "The listing belongs to the shop."),
    EdgeKind("RUN_BY", ("Seller",), ("Firm",), "The shop is run by the firm."),
    EdgeKind("OFFERS", ("Listing",), ("Product",), "The listing offers the product."),
    EdgeKind("CLAIMS", ("Listing",), ("Right",), "The page prints the number of the right."),
    EdgeKind("BEARS", ("Listing", "Exhibit"), ("Mark",), "The thing carries the electronic mark."),
    EdgeKind("MARKED_FOR", ("Mark",), ("Product",), "The mark was issued for the product."),
    EdgeKind("PROTECTED_BY", ("Product",), ("Right",), "The right covers the product."),
    EdgeKind("HELD_BY", ("Right",), ("RightsHolder",), "The right belongs to the holder."),
    EdgeKind("ASSIGNED_TO", ("Right",), ("RightsHolder",), "The right was assigned to the holder."),
    EdgeKind("LICENSES", ("Licence",), ("Right",), "The licence is for the right."),
    EdgeKind("LICENSED_TO", ("Licence",), _PARTY, "The licence is given to the party."),
    EdgeKind("HAS", (*_PARTY, "Listing", "Site"), ("Identifier",), "The party uses the identifier."),
    EdgeKind("OWNS", ("Firm", "Person"), ("Firm",), "The party owns, represents or controls the firm."),
    EdgeKind("OPERATED_BY", ("Site",), _PARTY, "The site is run by the party."),
    EdgeKind("MAKES", ("Site",), ("Product",), "The site makes the product."),
    EdgeKind("STORES", ("Site",), ("Product",), "The site keeps the product in stock."),
    EdgeKind("DISPATCHES_FROM", ("Seller",), ("Site",), "The seller was seen to ship from the site."),
    EdgeKind("FULFILLED_BY", ("Listing",), ("Shipment",), "An order of the listing came with the shipment."),
    EdgeKind("DEPARTS", ("Site",), ("Shipment",), "The shipment left the site."),
    EdgeKind("ARRIVES", ("Shipment",), ("Site",), "The shipment came to the site."),
    EdgeKind("SHIPPED_TO", ("Site",), ("Site",), "Goods went from site to site (one per shipment, derived)."),
    EdgeKind("CARRIES", ("Shipment",), ("Lot", "Product"), "The shipment holds the lot or product."),
    EdgeKind("INPUT", ("Lot", "Product"), ("Event",), "The lot or product went into the transformation."),
    EdgeKind("OUTPUT", ("Event",), ("Lot", "Product"), "The lot or product came out of the transformation."),
    EdgeKind("CONTAINS", ("Lot",), ("Lot",), "The parent holds the child (aggregation)."),
    EdgeKind("OBSERVED", ("Event",), ("Lot",), "The event names the lot."),
    EdgeKind("AT", ("Event", "Seizure"), ("Site",), "It happened at the site."),
    EdgeKind("CONTINUES", ("Shipment",), ("Shipment",), "Goods of the first went on with the second."),
    EdgeKind("AGAINST", ("Finding",), _SUBJECT, "The finding is about the subject."),
    EdgeKind(
        "CONCERNS",
        ("Finding", "Lead", "Seizure", "Exhibit", "Notice", "CustomsRecordal"),
        ("Right", "Product"),
        "It touches the right or product.",
    ),
    EdgeKind("SEIZED", ("Seizure",), ("Shipment",), "The shipment was held."),
    EdgeKind("SHOWN_AT", ("Exhibit",), ("Site",), "The exhibit stood at the booth."),
    EdgeKind("SHOWN_BY", ("Exhibit",), _PARTY, "The exhibitor showed it."),
    EdgeKind("ABOUT", ("Lead", "Notice"), _SUBJECT, "The lead or notice is about the subject."),
    EdgeKind("LISTED_ON", _SUBJECT, ("WatchList",), "The subject is on the watch list."),
    EdgeKind("CONFIRMED_ORIGIN", _SUBJECT, ("Site",), "The case was found to come from the site."),
    EdgeKind("SEEN", ("MarkScan",), ("Mark",), "The scan saw the mark."),
    EdgeKind("WITHIN", ("Division",), ("Division",), "The division lies in the other."),
    EdgeKind("SERVES", ("Authority",), ("Division",), "The authority is competent in the division."),
)

SITE_ROLES = (
    "factory",
    "warehouse",
    "wholesale_market",
    "dispatch_point",
    "forwarder",
    "port",
    "stall",
    "fair_booth",
)
EVENT_TYPES = (
    "ObjectEvent",
    "AggregationEvent",
    "TransactionEvent",
    "TransformationEvent",
    "AssociationEvent",
)
RIGHT_TYPES = ("invention", "utility_model", "design", "trade_mark")

"""Which fields of a domain type lead to which other nodes, along which relationships."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """A field ``name`` of type ``source`` that follows ``edge`` outwards, or ``inward``.

    ``target`` is the kind at the other end; None where it may be several kinds. ``many`` gives a connection.
    ``records`` leads to the records (nodes of ``target``) that make the edges instead of to their other ends.
    """

    source: str
    name: str
    edge: str
    target: str | None
    description: str
    inward: bool = False
    many: bool = False
    records: bool = False


def _one(source: str, name: str, edge: str, target: str | None, description: str) -> Link:
    return Link(source, name, edge, target, description)


def _out(source: str, name: str, edge: str, target: str | None, description: str) -> Link:
    return Link(source, name, edge, target, description, many=True)


def _in(source: str, name: str, edge: str, target: str | None, description: str) -> Link:
    return Link(source, name, edge, target, description, inward=True, many=True)


def _records(
    source: str, name: str, edge: str, target: str, description: str, *, inward: bool = False
) -> Link:
    return Link(source, name, edge, target, description, inward=inward, many=True, records=True)


_ABOUT = "Leads about it. A lead is a suspicion, not a finding."
_FINDINGS = "Findings of authorities and courts about it."

LINKS: tuple[Link, ...] = (
    _one("Listing", "seller", "SOLD_BY", "Seller", "Shop that offers it."),
    _one("Listing", "product", "OFFERS", "Product", "Product offered."),
    _one("Listing", "mark", "BEARS", "Mark", "Electronic mark shown."),
    _out("Listing", "rightsClaimed", "CLAIMS", "Right", "Rights whose numbers the page prints."),
    _out("Listing", "shipments", "FULFILLED_BY", "Shipment", "Shipments seen to fulfil an order of it."),
    _records(
        "Listing", "dispatches", "FULFILLED_BY", "Dispatch", "Test purchases and waybills of the listing."
    ),
    _in("Listing", "leads", "ABOUT", "Lead", _ABOUT),
    _in("Listing", "findings", "AGAINST", "Finding", _FINDINGS),
    _one("Seller", "firm", "RUN_BY", "Firm", "Firm that runs the shop."),
    _in("Seller", "listings", "SOLD_BY", "Listing", "Listings of the shop."),
    _out("Seller", "sites", "DISPATCHES_FROM", "Site", "Sites the shop was seen to ship from."),
    _records(
        "Seller", "dispatches", "DISPATCHES_FROM", "Dispatch", "Observations of the shop shipping from sites."
    ),
    _out("Seller", "identifiers", "HAS", "Identifier", "Phones, accounts and the like seen with the shop."),
    _in("Seller", "licences", "LICENSED_TO", "Licence", "Licences given to the shop."),
    _in("Seller", "leads", "ABOUT", "Lead", _ABOUT),
    _in("Seller", "findings", "AGAINST", "Finding", _FINDINGS),
    _in("Firm", "sellers", "RUN_BY", "Seller", "Shops the firm runs."),
    _in("Firm", "sites", "OPERATED_BY", "Site", "Sites the firm operates."),
    _out("Firm", "identifiers", "HAS", "Identifier", "Phones, accounts and the like seen with the firm."),
    _in("Firm", "owners", "OWNS", None, "Who owns, represents or controls the firm."),
    _out("Firm", "owned", "OWNS", "Firm", "Firms it owns or controls."),
    _in("Firm", "licences", "LICENSED_TO", "Licence", "Licences given to the firm."),
    _in("Firm", "leads", "ABOUT", "Lead", _ABOUT),
    _in("Firm", "findings", "AGAINST", "Finding", _FINDINGS),
    _out("Person", "owned", "OWNS", "Firm", "Firms the person owns, represents or controls."),
    _out("Person", "identifiers", "HAS", "Identifier", "Phones, accounts and the like seen with the person."),
    _in("Identifier", "owners", "HAS", None, "Who was seen with it."),
    _out("Product", "rights", "PROTECTED_BY", "Right", "Rights that cover the product."),
    _in("Product", "listings", "OFFERS", "Listing", "Listings that offer it."),
    _in("Product", "makers", "MAKES", "Site", "Sites that make it."),
    _in("Product", "stores", "STORES", "Site", "Sites that keep it in stock."),
    _one("Right", "holder", "HELD_BY", "RightsHolder", "Who holds the right."),
    _records("Right", "assignments", "ASSIGNED_TO", "Assignment", "Transfers of the right."),
    _in("Right", "licences", "LICENSES", "Licence", "Licences of the right."),
    _in("Right", "products", "PROTECTED_BY", "Product", "Products it covers."),
    _in("Right", "listings", "CLAIMS", "Listing", "Listings that print its number."),
    _in("RightsHolder", "rights", "HELD_BY", "Right", "Rights it holds."),
    _one("Licence", "right", "LICENSES", "Right", "Right licensed."),
    _one("Licence", "licensedTo", "LICENSED_TO", None, "Who may use the right."),
    _one("Site", "operatedBy", "OPERATED_BY", None, "Who runs the site."),
    _out("Site", "makes", "MAKES", "Product", "Products made there."),
    _out("Site", "stores", "STORES", "Product", "Products kept there."),
    _out("Site", "outgoing", "DEPARTS", "Shipment", "Movements out of the site."),
    _in("Site", "incoming", "ARRIVES", "Shipment", "Movements into the site."),
    _in("Site", "sellers", "DISPATCHES_FROM", "Seller", "Shops seen to ship from there."),
    _in("Site", "leads", "ABOUT", "Lead", _ABOUT),
    _in("Site", "findings", "AGAINST", "Finding", _FINDINGS),
    Link("Shipment", "origin", "DEPARTS", "Site", "Site it left.", inward=True),
    _one("Shipment", "destination", "ARRIVES", "Site", "Site it came to."),
    _out("Shipment", "carries", "CARRIES", None, "Lot and product it holds."),
    _out(
        "Shipment",
        "continuedBy",
        "CONTINUES",
        "Shipment",
        "Shipments its goods are recorded to have gone on with.",
    ),
    _in("Shipment", "seizures", "SEIZED", "Seizure", "Seizures of it."),
    _in("Lot", "shipments", "CARRIES", "Shipment", "Shipments that hold the lot."),
    _out("Lot", "usedIn", "INPUT", "Event", "Transformations it went into."),
    _in("Lot", "madeIn", "OUTPUT", "Event", "Transformations it came out of."),
    _out("Lot", "contents", "CONTAINS", "Lot", "What is packed in it."),
    _in("Lot", "containers", "CONTAINS", "Lot", "What it is packed in."),
    _in("Lot", "observedIn", "OBSERVED", "Event", "Events that saw it."),
    _one("Event", "site", "AT", "Site", "Where it happened."),
    _out("Event", "observed", "OBSERVED", "Lot", "Lots it saw."),
    _in("Event", "inputs", "INPUT", None, "Lots and products that went in."),
    _out("Event", "outputs", "OUTPUT", None, "Lots and products that came out."),
    _one("Seizure", "port", "AT", "Site", "Port where the goods are held."),
    _one("Seizure", "shipment", "SEIZED", "Shipment", "Shipment held."),
    _out("Seizure", "concerns", "CONCERNS", None, "Right and product concerned."),
    _one("Exhibit", "booth", "SHOWN_AT", "Site", "Booth where it stood."),
    _one("Exhibit", "shownBy", "SHOWN_BY", None, "Who showed it."),
    _one("Exhibit", "mark", "BEARS", "Mark", "Electronic mark shown."),
    _out("Exhibit", "concerns", "CONCERNS", None, "Right and product concerned."),
    _one("Mark", "product", "MARKED_FOR", "Product", "Product it was issued for."),
    _in("Mark", "scans", "SEEN", "MarkScan", "Sightings of the mark."),
    _one("MarkScan", "mark", "SEEN", "Mark", "The mark seen."),
    _one("Finding", "against", "AGAINST", None, "Whom it is about."),
    _one("Finding", "right", "CONCERNS", "Right", "Right concerned."),
    _one("Lead", "about", "ABOUT", None, "What it is about."),
    _one("Lead", "right", "CONCERNS", "Right", "Right concerned."),
    _one("Notice", "listing", "ABOUT", "Listing", "Listing concerned."),
    _one("Notice", "right", "CONCERNS", "Right", "Right relied on."),
    _one("CustomsRecordal", "right", "CONCERNS", "Right", "Right recorded."),
    _out("Authority", "divisions", "SERVES", "Division", "Divisions it serves."),
    _one("Division", "within", "WITHIN", "Division", "Division it lies in."),
    _in("Division", "parts", "WITHIN", "Division", "Divisions within it."),
    _in("Division", "authorities", "SERVES", "Authority", "Authorities competent there."),
    _in("WatchList", "subjects", "LISTED_ON", None, "Who or what is on the list."),
)
"""Every link of every domain type. The GraphQL types are made from it and from the declared columns."""

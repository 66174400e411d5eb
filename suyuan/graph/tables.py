"""The tables of the exchange format: columns, keys and the edges their records make."""

from functools import cache

from suyuan.graph.model import EVENT_TYPES, RIGHT_TYPES, SITE_ROLES, Check, Column, Edge, End, Table

_PARTIES = ("Firm", "Seller", "Person", "RightsHolder")
_CHANNELS = ("market", "self_run", "mobile", "live", "social")


def _text(
    name: str,
    description: str,
    choices: tuple[str, ...] = (),
    *,
    searchable: bool = False,
    personal: bool = False,
    check: Check | None = None,
) -> Column:
    return Column(name, "text", description, choices, searchable=searchable, personal=personal, check=check)


def _number(name: str, description: str, minimum: float | None = 0.0, maximum: float | None = None) -> Column:
    return Column(name, "number", description, minimum=minimum, maximum=maximum)


def _time(name: str, description: str) -> Column:
    return Column(name, "time", description)


def _list(name: str, description: str, choices: tuple[str, ...] = ()) -> Column:
    return Column(name, "list", description, choices)


def _id(name: str, description: str) -> Column:
    return Column(name, "id", description)


def _own(kind: str, *columns: str) -> End:
    return End(kind, columns)


def _to(kind: str, *columns: str) -> End:
    return End(kind, columns)


def _each(kind: str, column: str, by: str | None = None) -> End:
    return End(kind, (column,), many=True, by=by)


def _party(column: str, *kinds: str) -> End:
    return End(None, (column,), kinds=kinds)


def _lots(column: str) -> End:
    return End(None, (column,), kinds=("Lot",), many=True)


_RIGHT_TABLES = (
    Table(
        "rights_holders",
        "Owners of rights.",
        ("holder_id",),
        (
            _text("holder_id", "Key of the holder."),
            _text("name", "Name.", searchable=True),
            _text("country", "Country code (ISO 3166-1 alpha-2).", check="country"),
            _text("contact", "Whom to write to.", personal=True),
        ),
        "RightsHolder",
    ),
    Table(
        "rights",
        "Intellectual-property rights.",
        ("right_id",),
        (
            _text("right_id", "Key of the right."),
            _text("right_type", "Type of right.", RIGHT_TYPES),
            _text("number", "Number of the patent or mark.", searchable=True, check="right_number"),
            _text("title", "Title, or the mark as registered.", searchable=True),
            _text("holder_id", "Key of the holder."),
            _text("status", "Legal status as told by the source."),
            _time("status_as_of", "Day the status was read."),
            _text("status_source", "Where the status was read."),
            _time("filed_at", "Filing day."),
            _time("valid_from", "First day of protection."),
            _time("valid_to", "Last day of the term (not the status)."),
            _list("classes", "IPC, Locarno, or Nice classes and 4-digit groups."),
            _text("jurisdiction", "Country the right holds in."),
            _text("evaluation_report", "Evaluation report, if any."),
            _text("stability", "What is known of the right's stability."),
        ),
        "Right",
        (Edge("HELD_BY", _own("Right", "right_id"), _to("RightsHolder", "holder_id")),),
        (("valid_from", "valid_to"),),
    ),
    Table(
        "right_contents",
        "Claims, views, goods and images of rights.",
        ("right_id", "part", "no"),
        (
            _text("right_id", "Key of the right."),
            _text("part", "Which part.", ("claim", "abstract", "goods", "view", "mark_image")),
            _text("no", "Number within the part."),
            _text("text", "Text of the part.", searchable=True),
            _text("file", "File with the picture or text."),
            _text("image_hash", "Perceptual hash of the picture."),
        ),
        "RightContent",
    ),
    Table(
        "assignments",
        "Transfers of rights.",
        ("right_id", "at"),
        (
            _text("right_id", "Key of the right."),
            _time("at", "Day of the transfer."),
            _text("from_holder", "Former holder."),
            _text("to_holder", "New holder."),
            _text("source", "Where it was read."),
        ),
        "Assignment",
        (
            Edge(
                "ASSIGNED_TO",
                _to("Right", "right_id"),
                _to("RightsHolder", "to_holder"),
                ("at", "from_holder", "source"),
            ),
        ),
    ),
    Table(
        "licences",
        "Permissions to use rights.",
        ("licence_id",),
        (
            _text("licence_id", "Key of the licence."),
            _text("right_id", "Key of the right."),
            _id("licensee", "Who may use it (canonical id)."),
            _text("kind", "Kind of licence.", ("exclusive", "sole", "ordinary", "open")),
            _list("scope", "What is allowed.", ("make", "sell", "import", "use", "offer")),
            _number("quantity", "Units covered."),
            _text("territory", "Where it holds."),
            _text("recordal_no", "Number under which it is recorded."),
            _time("valid_from", "First day."),
            _time("valid_to", "Last day."),
        ),
        "Licence",
        (
            Edge(
                "LICENSES",
                _own("Licence", "licence_id"),
                _to("Right", "right_id"),
                ("valid_from", "valid_to"),
            ),
            Edge(
                "LICENSED_TO",
                _own("Licence", "licence_id"),
                _party("licensee", *_PARTIES),
                ("valid_from", "valid_to"),
            ),
        ),
        (("valid_from", "valid_to"),),
    ),
    Table(
        "customs_recordals",
        "Rights recorded with customs.",
        ("recordal_no",),
        (
            _text("recordal_no", "Number of the recordal."),
            _text("right_id", "Key of the right."),
            _time("valid_from", "First day."),
            _time("valid_to", "Last day."),
            _list("lawful_traders", "Firms allowed to trade the goods."),
        ),
        "CustomsRecordal",
        (Edge("CONCERNS", _own("CustomsRecordal", "recordal_no"), _to("Right", "right_id")),),
        (("valid_from", "valid_to"),),
    ),
    Table(
        "marks",
        "Electronic marks issued.",
        ("mark_code",),
        (
            _text("mark_code", "Code of the mark."),
            _text("product_id", "Product it was issued for."),
            _text("right_id", "Right it stands for."),
            _text("licence_id", "Licence it was issued under."),
            _text("maker", "Maker of the goods."),
            _text("lot_id", "Lot of the goods."),
            _time("issued_at", "Day of issue."),
            _list("route", "Expected route."),
        ),
        "Mark",
        (Edge("MARKED_FOR", _own("Mark", "mark_code"), _to("Product", "product_id"), ("issued_at",)),),
    ),
    Table(
        "mark_scans",
        "Sightings of electronic marks.",
        ("mark_code", "at", "place"),
        (
            _text("mark_code", "Code of the mark."),
            _time("at", "When it was seen."),
            _text("place", "Where it was seen."),
            _text("listing_id", "Listing it was seen on."),
            _text("exhibit_id", "Exhibit it was seen on."),
            _text("source", "Who saw it."),
        ),
        "MarkScan",
        (Edge("SEEN", _own("MarkScan", "mark_code", "at", "place"), _to("Mark", "mark_code"), ("at",)),),
    ),
)

_PARTY_TABLES = (
    Table(
        "firms",
        "Registered firms and sole traders.",
        ("firm_id",),
        (
            _text("firm_id", "Unified social credit code where there is one.", check="credit_code"),
            _text("name", "Registered name.", searchable=True),
            _text("legal_representative", "Legal representative.", searchable=True, personal=True),
            _text("address", "Registered address.", searchable=True),
            _text("division_code", "Division (GB/T 2260).", check="division"),
            _text("country", "Country code.", check="country"),
            _time("registered_at", "Day of registration."),
            _time("dissolved_at", "Day of dissolution."),
            _text("status", "Registration status."),
        ),
        "Firm",
        in_order=(("registered_at", "dissolved_at"),),
    ),
    Table(
        "persons",
        "Natural persons.",
        ("person_id",),
        (
            _text("person_id", "Key of the person."),
            _text("name", "Name.", searchable=True, personal=True),
            _text("id_card", "Identity card number.", personal=True),
        ),
        "Person",
    ),
    Table(
        "ownerships",
        "Who owns, represents or controls a firm.",
        ("owner", "owned"),
        (
            _id("owner", "Owning party (canonical id)."),
            _id("owned", "Owned firm (canonical id)."),
            _text("role", "Kind of tie.", ("shareholder", "legal_representative", "director", "controller")),
            _number("share", "Share held, 0 to 1.", 0.0, 1.0),
            _time("from", "First day."),
            _time("to", "Last day."),
        ),
        None,
        (
            Edge(
                "OWNS",
                _party("owner", "Firm", "Person"),
                _party("owned", "Firm"),
                ("role", "share", "from", "to"),
            ),
        ),
        (("from", "to"),),
    ),
    Table(
        "sellers",
        "Seller accounts (shops).",
        ("platform", "seller_id"),
        (
            _text("platform", "Platform."),
            _text("seller_id", "Key of the account on the platform."),
            _text("name", "Name of the shop.", searchable=True),
            _text("firm_id", "Firm that runs it.", check="credit_code"),
            _text("address", "Address given.", searchable=True, personal=True),
            _text("division_code", "Division (GB/T 2260).", check="division"),
            _time("opened_at", "Day of opening."),
            _time("closed_at", "Day of closing."),
            _number("rating", "Rating shown on the platform."),
            _text("channel", "Way of selling.", _CHANNELS),
        ),
        "Seller",
        (Edge("RUN_BY", _own("Seller", "platform", "seller_id"), _to("Firm", "firm_id")),),
        (("opened_at", "closed_at"),),
    ),
    Table(
        "identifiers",
        "Phones, accounts, addresses and the like, as seen with a party.",
        ("owner", "type", "value"),
        (
            _id("owner", "Who was seen with it (canonical id)."),
            _text(
                "type",
                "Type of identifier.",
                (
                    "phone",
                    "email",
                    "bank_account",
                    "wechat",
                    "address",
                    "device",
                    "id_card",
                    "licence_plate",
                    "domain",
                ),
            ),
            _text("value", "Value in normal form.", personal=True),
            _time("observed_at", "When it was seen."),
            _text("source", "Where it was seen."),
        ),
        None,
        (
            Edge(
                "HAS",
                _party("owner", *_PARTIES, "Listing", "Site"),
                _to("Identifier", "type", "value"),
                ("observed_at", "source"),
            ),
        ),
    ),
    Table(
        "watch_lists",
        "Subjects on watch lists.",
        ("list", "subject"),
        (
            _text("list", "Name of the list."),
            _id("subject", "Who or what is watched (canonical id)."),
            _time("from", "First day."),
            _time("to", "Last day."),
            _text("why", "Reason."),
            _text("by", "Who put it there."),
        ),
        None,
        (Edge("LISTED_ON", _party("subject"), _to("WatchList", "list"), ("from", "to", "why", "by")),),
        (("from", "to"),),
    ),
)

_MARKET_TABLES = (
    Table(
        "products",
        "Products.",
        ("product_id",),
        (
            _text("product_id", "Key of the product."),
            _text("name", "Name.", searchable=True),
            _text("category", "Category."),
            _list("right_ids", "Rights that cover it."),
            _text("gtin", "GTIN."),
            _number("reference_price", "Usual price of the genuine product."),
            _text("currency", "Currency (ISO 4217)."),
        ),
        "Product",
        (Edge("PROTECTED_BY", _own("Product", "product_id"), _each("Right", "right_ids")),),
    ),
    Table(
        "listings",
        "Offers on platforms.",
        ("platform", "listing_id"),
        (
            _text("platform", "Platform."),
            _text("listing_id", "Key of the listing on the platform."),
            _text("seller_id", "Account that offers it."),
            _text("title", "Title.", searchable=True),
            _text("description", "Description.", searchable=True),
            _text("category", "Category on the platform."),
            _text("product_id", "Product offered."),
            _number("price", "Price asked."),
            _text("currency", "Currency (ISO 4217)."),
            _time("listed_at", "First day online."),
            _time("delisted_at", "Last day online."),
            _list("claimed_rights", "Numbers of rights printed on the page."),
            _text("mark_code", "Electronic mark shown."),
            _text("image_hash", "Perceptual hash of the picture."),
            _text("url", "Address of the page."),
            _number("units_sold", "Units sold as shown."),
            _text("channel", "Way of selling.", _CHANNELS),
        ),
        "Listing",
        (
            Edge(
                "SOLD_BY", _own("Listing", "platform", "listing_id"), _to("Seller", "platform", "seller_id")
            ),
            Edge("OFFERS", _own("Listing", "platform", "listing_id"), _to("Product", "product_id")),
            Edge(
                "CLAIMS",
                _own("Listing", "platform", "listing_id"),
                _each("Right", "claimed_rights", "number"),
            ),
            Edge("BEARS", _own("Listing", "platform", "listing_id"), _to("Mark", "mark_code")),
        ),
        (("listed_at", "delisted_at"),),
    ),
    Table(
        "notices",
        "Notices to platforms.",
        ("notice_id",),
        (
            _text("notice_id", "Key of the notice."),
            _text("platform", "Platform."),
            _text("listing_id", "Listing concerned."),
            _text("right_id", "Right relied on."),
            _text("state", "State of the notice."),
            _time("at", "When it was sent."),
        ),
        "Notice",
        (
            Edge("ABOUT", _own("Notice", "notice_id"), _to("Listing", "platform", "listing_id"), ("at",)),
            Edge("CONCERNS", _own("Notice", "notice_id"), _to("Right", "right_id")),
        ),
    ),
    Table(
        "exhibits",
        "Things shown at trade fairs.",
        ("exhibit_id",),
        (
            _text("exhibit_id", "Key of the exhibit."),
            _text("fair", "Name of the fair.", searchable=True),
            _text("booth_site", "Booth."),
            _id("exhibitor", "Who shows it (canonical id)."),
            _text("product_id", "Product shown."),
            _text("right_id", "Right concerned."),
            _time("at", "Day of the fair."),
            _text("mark_code", "Electronic mark shown."),
            Column("key_exhibit", "boolean", "Whether the fair marks it as a key exhibit."),
            _text("division_code", "Division of the fair.", check="division"),
        ),
        "Exhibit",
        (
            Edge("SHOWN_AT", _own("Exhibit", "exhibit_id"), _to("Site", "booth_site"), ("at",)),
            Edge("SHOWN_BY", _own("Exhibit", "exhibit_id"), _party("exhibitor", *_PARTIES), ("at",)),
            Edge("CONCERNS", _own("Exhibit", "exhibit_id"), _to("Product", "product_id")),
            Edge("CONCERNS", _own("Exhibit", "exhibit_id"), _to("Right", "right_id")),
            Edge("BEARS", _own("Exhibit", "exhibit_id"), _to("Mark", "mark_code")),
        ),
    ),
)

_GOODS_TABLES = (
    Table(
        "sites",
        "Places goods are made, stored, traded or passed through.",
        ("site_id",),
        (
            _text("site_id", "Key of the site."),
            _text("role", "What the site is.", SITE_ROLES),
            _text("name", "Name.", searchable=True),
            _id("operator", "Who runs it (canonical id)."),
            _text("address", "Address.", searchable=True),
            _text("division_code", "Division (GB/T 2260).", check="division"),
            _text("country", "Country code.", check="country"),
            _number("latitude", "Degrees north.", -90.0, 90.0),
            _number("longitude", "Degrees east.", -180.0, 180.0),
        ),
        "Site",
        (Edge("OPERATED_BY", _own("Site", "site_id"), _party("operator", *_PARTIES)),),
    ),
    Table(
        "site_products",
        "What sites make and store.",
        ("site_id", "product_id"),
        (
            _text("site_id", "Key of the site."),
            _text("product_id", "Key of the product."),
            _text("relation", "What the site does with it.", ("makes", "stores")),
        ),
        None,
        (
            Edge("MAKES", _to("Site", "site_id"), _to("Product", "product_id"), when=("relation", "makes")),
            Edge("STORES", _to("Site", "site_id"), _to("Product", "product_id"), when=("relation", "stores")),
        ),
    ),
    Table(
        "shipments",
        "Movements of goods from site to site.",
        ("shipment_id",),
        (
            _text("shipment_id", "Key of the shipment."),
            _text("from_site", "Where it left."),
            _text("to_site", "Where it came to."),
            _time("departed_at", "When it left."),
            _time("arrived_at", "When it came."),
            _text("product_id", "Product carried."),
            _text("lot_id", "Lot carried."),
            Column("lots", "ids", "Lots carried, where they are several (canonical ids)."),
            _number("quantity", "How much."),
            _text("unit", "Unit of the quantity."),
            _text("carrier", "Carrier."),
            _text("waybill", "Waybill number.", searchable=True),
            _text("shipper", "Shipper as declared.", personal=True),
            _text("consignee", "Consignee as declared.", personal=True),
            _text("declared_goods", "Goods as declared."),
            _number("declared_value", "Value as declared."),
            _text("hs_code", "Customs tariff code."),
            _text("trade_mode", "Mode of trade."),
            _text("customs_declaration", "Customs declaration number."),
        ),
        "Shipment",
        (
            Edge("DEPARTS", _to("Site", "from_site"), _own("Shipment", "shipment_id"), ("departed_at",)),
            Edge("ARRIVES", _own("Shipment", "shipment_id"), _to("Site", "to_site"), ("arrived_at",)),
            Edge(
                "SHIPPED_TO", _to("Site", "from_site"), _to("Site", "to_site"), ("departed_at", "arrived_at")
            ),
            Edge(
                "CARRIES",
                _own("Shipment", "shipment_id"),
                _to("Lot", "product_id", "lot_id"),
                ("quantity", "unit"),
            ),
            Edge(
                "CARRIES", _own("Shipment", "shipment_id"), _to("Product", "product_id"), ("quantity", "unit")
            ),
            Edge("CARRIES", _own("Shipment", "shipment_id"), _lots("lots")),
        ),
        (("departed_at", "arrived_at"),),
    ),
    Table(
        "continuations",
        "Deliveries recorded to go on with the goods of another delivery (FoodChain-Lab relations).",
        ("from_shipment", "to_shipment"),
        (
            _text("from_shipment", "The earlier shipment."),
            _text("to_shipment", "The later shipment."),
        ),
        None,
        (Edge("CONTINUES", _to("Shipment", "from_shipment"), _to("Shipment", "to_shipment")),),
    ),
    Table(
        "transformations",
        "Events that happen to lots: those that turn lots into others, and EPCIS events of every type.",
        ("event_id",),
        (
            _text("event_id", "Key of the event."),
            _text("site_id", "Where it happened."),
            _time("at", "When it happened."),
            Column("input_lots", "ids", "Lots that went in."),
            Column("output_lots", "ids", "Lots that came out."),
            _list("input_products", "Products that went in."),
            _list("output_products", "Products that came out."),
            _text("event_type", "EPCIS type; empty is a transformation.", EVENT_TYPES),
            _text("action", "What an EPCIS event does to its relation.", ("ADD", "OBSERVE", "DELETE")),
            _text("biz_step", "Business step (bare CBV word, or URI)."),
            _text("disposition", "State of the goods afterwards (bare CBV word, or URI)."),
            _text("read_point", "Key of the place where it was recorded, if that is not the site itself."),
            Column("lots", "ids", "Lots it names other than as input or output (canonical ids)."),
            _id("parent_lot", "What the children are packed in (canonical id)."),
            Column(
                "child_lots", "ids", "What an aggregation packs, shows packed or unpacks (canonical ids)."
            ),
            _text("event_hash", "CBV 2.0 event hash."),
            _text(
                "reused_id", "The eventID, where an earlier event has it and the key has a number behind it."
            ),
            _time("error_declared_at", "When the event was declared to be in error."),
            _text("error_reason", "Why (bare CBV word, or URI)."),
            _list("corrective_event_ids", "Events that stand in its place."),
        ),
        "Event",
        (
            Edge("AT", _own("Event", "event_id"), _to("Site", "site_id"), ("at",)),
            Edge("INPUT", _lots("input_lots"), _own("Event", "event_id"), ("at",)),
            Edge("OUTPUT", _own("Event", "event_id"), _lots("output_lots"), ("at",)),
            Edge("INPUT", _each("Product", "input_products"), _own("Event", "event_id"), ("at",)),
            Edge("OUTPUT", _own("Event", "event_id"), _each("Product", "output_products"), ("at",)),
            Edge("OBSERVED", _own("Event", "event_id"), _lots("lots"), ("at", "action", "event_type")),
            Edge("CONTAINS", _party("parent_lot", "Lot"), _lots("child_lots"), ("at", "action")),
        ),
    ),
    Table(
        "dispatches",
        "Observations of sellers shipping from sites.",
        ("platform", "seller_id", "site_id", "observed_at"),
        (
            _text("platform", "Platform."),
            _text("seller_id", "Account."),
            _text("site_id", "Site shipped from."),
            _time("observed_at", "When it was seen."),
            _text("source", "How it was seen.", ("test_purchase", "waybill", "declared", "return_address")),
            _text("listing_id", "Listing bought."),
            _text("shipment_id", "Shipment received."),
        ),
        "Dispatch",
        (
            Edge(
                "DISPATCHES_FROM",
                _to("Seller", "platform", "seller_id"),
                _to("Site", "site_id"),
                ("observed_at", "source", "listing_id", "shipment_id"),
            ),
            Edge(
                "FULFILLED_BY",
                _to("Listing", "platform", "listing_id"),
                _to("Shipment", "shipment_id"),
                ("observed_at", "source"),
            ),
        ),
    ),
    Table(
        "seizures",
        "Goods held at ports.",
        ("seizure_id",),
        (
            _text("seizure_id", "Key of the seizure."),
            _text("port_site", "Port."),
            _time("at", "Day of the seizure."),
            _text("shipment_id", "Shipment held."),
            _text("product_id", "Product held."),
            _text("right_id", "Right concerned."),
            _number("quantity", "How much."),
            _text("direction", "Way across the border.", ("import", "export")),
            _text("recordal_no", "Customs recordal relied on."),
            _text("stage", "Stage of the procedure."),
            _text("channel", "Channel (post, courier, freight ...)."),
        ),
        "Seizure",
        (
            Edge("AT", _own("Seizure", "seizure_id"), _to("Site", "port_site"), ("at",)),
            Edge("SEIZED", _own("Seizure", "seizure_id"), _to("Shipment", "shipment_id"), ("at",)),
            Edge("CONCERNS", _own("Seizure", "seizure_id"), _to("Product", "product_id")),
            Edge("CONCERNS", _own("Seizure", "seizure_id"), _to("Right", "right_id")),
        ),
    ),
    Table(
        "confirmed_origins",
        "Cases whose place of making was found.",
        ("case", "site"),
        (
            _id("case", "The case (canonical id)."),
            _text("site", "Site where it was made."),
            _time("confirmed_at", "When it was confirmed."),
            _text("by", "Who confirmed it."),
            _text("source", "On what ground."),
        ),
        None,
        (Edge("CONFIRMED_ORIGIN", _party("case"), _to("Site", "site"), ("confirmed_at", "by", "source")),),
    ),
)

_CASE_TABLES = (
    Table(
        "findings",
        "Decisions of authorities and courts.",
        ("finding_id",),
        (
            _text("finding_id", "Key of the finding."),
            _id("subject", "Whom it is about (canonical id)."),
            _text("right_id", "Right concerned."),
            _text("kind", "Kind of decision.", ("penalty", "ruling", "judgment", "customs")),
            _text("document_no", "Number of the document.", searchable=True),
            _text("act", "The act found."),
            _time("act_from", "First day of the act."),
            _time("act_to", "Last day of the act."),
            _text("outcome", "What was found.", ("infringing", "not_infringing")),
            _text("finality", "Whether it stands.", ("in_force", "under_review", "revoked")),
            _time("decided_at", "Day of the decision."),
            _text("authority", "Who decided."),
            _text("division_code", "Division of the authority.", check="division"),
            _text("penalty", "Penalty."),
            _number("illegal_turnover", "Illegal turnover found, yuan."),
            _time("public_until", "Last day of publication."),
            _text("evidence_ref", "Where the evidence lies."),
        ),
        "Finding",
        (
            Edge("AGAINST", _own("Finding", "finding_id"), _party("subject"), ("decided_at", "finality")),
            Edge("CONCERNS", _own("Finding", "finding_id"), _to("Right", "right_id")),
        ),
        (("act_from", "act_to"),),
    ),
    Table(
        "leads",
        "Suspicions to be looked into.",
        ("lead_id",),
        (
            _text("lead_id", "Key of the lead."),
            _id("subject", "What it is about (canonical id)."),
            _text("right_id", "Right concerned."),
            _text("right_type", "Type of right.", RIGHT_TYPES),
            _text("text", "What was reported.", searchable=True, personal=True),
            _text("reporter", "Who reported it.", personal=True),
            _time("reported_at", "When it was reported."),
            _text("division_code", "Division concerned.", check="division"),
            _text("evidence_ref", "Where the evidence lies."),
            _text(
                "state",
                "State of the lead.",
                (
                    "detected",
                    "uploaded",
                    "assigned",
                    "under_review",
                    "needs_evidence",
                    "confirmed",
                    "rejected",
                    "transferred",
                    "closed",
                ),
            ),
            _text("decision", "Outcome of the review.", ("confirmed", "rejected")),
            _time("decided_at", "When it was decided."),
            _text("by", "Who decided."),
        ),
        "Lead",
        (
            Edge("ABOUT", _own("Lead", "lead_id"), _party("subject"), ("reported_at",)),
            Edge("CONCERNS", _own("Lead", "lead_id"), _to("Right", "right_id")),
        ),
    ),
    Table(
        "authorities",
        "Competent bodies.",
        ("authority_id",),
        (
            _text("authority_id", "Key of the authority."),
            _text("name", "Name.", searchable=True),
            _text("kind", "Kind of body."),
            _list("division_codes", "Divisions it serves."),
            _list(
                "competences",
                "What it may decide.",
                ("patent_dispute", "counterfeit_patent", "trade_mark", "customs"),
            ),
            _time("valid_from", "First day."),
            _time("valid_to", "Last day."),
        ),
        "Authority",
        (Edge("SERVES", _own("Authority", "authority_id"), _each("Division", "division_codes")),),
        (("valid_from", "valid_to"),),
    ),
    Table(
        "divisions",
        "Administrative divisions.",
        ("code",),
        (
            _text("code", "Code (GB/T 2260).", check="division"),
            _text("name", "Name.", searchable=True),
            _text("parent", "Code of the division it lies in."),
            _time("valid_from", "First day of the code."),
            _time("valid_to", "Last day of the code."),
            _list("successors", "Codes that took its place."),
        ),
        "Division",
        (Edge("WITHIN", _own("Division", "code"), _to("Division", "parent"), ("valid_from", "valid_to")),),
        (("valid_from", "valid_to"),),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for group in (_RIGHT_TABLES, _PARTY_TABLES, _MARKET_TABLES, _GOODS_TABLES, _CASE_TABLES)
    for table in group
}
"""Every table by name."""


@cache
def table_of_kind(kind: str) -> Table | None:
    """The table whose records are the nodes of ``kind``; None for Lot, Identifier and WatchList."""
    return next((table for table in TABLES.values() if table.kind == kind), None)

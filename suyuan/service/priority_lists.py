"""Lists of what is looked at first: versions of a ranking that a person proposed and another answered for.

Internal working lists (重点关注, inspection priority). They name no offender, deny nobody a right
and feed no public list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from suyuan.errors import ConflictError, NotFoundError, ParameterError
from suyuan.graph.store.documents import ABSENT, Document, Documents
from suyuan.service.disclaimer import NOT_A_FINDING

Json = dict[str, Any]

COLLECTION: Final = "priority_lists"


@dataclass(frozen=True, slots=True)
class ListKind:
    """A kind of list: which ranking it is taken from, and what it is called."""

    ranking: str
    title: str


LIST_KINDS: Final[Mapping[str, ListKind]] = {
    "products": ListKind("products", "Goods with inspection priority 重点关注商品"),
    "firms": ListKind("firms", "Firms with inspection priority 重点关注企业"),
    "rights": ListKind("rights", "Easily infringed rights 易受侵害知识产权"),
}
"""Lists by name."""

PROPOSED: Final = "proposed"
APPROVED: Final = "approved"
SUPERSEDED: Final = "superseded"
REJECTED: Final = "rejected"


def propose_list(documents: Documents, name: str, report: Json, *, by: str, why: str) -> Json:
    """Puts the rows of a ranking forward as the next version of a list.

    Parameters
    ----------
    report : of ``RiskRanking.report`` for the list's kind, cut to the rows that are proposed
    by, why : who proposes it and for what reason

    Returns
    -------
    The version: number, state, who, why, cut-off, model, and entries with score, interval, standing and reasons.

    Raises
    ------
    ParameterError
        No such list, another kind of ranking, no rows, or nobody or no reason given.
    ConflictError
        Somebody else changed the list meanwhile.
    """
    kind = _kind(name)
    by, why = _given("by", by), _given("why", why)
    if report["kind"] != kind.ranking:
        raise ParameterError("report", report["kind"], f"a ranking of {kind.ranking}")
    if not report["rows"]:
        raise ParameterError("rows", 0, "at least one ranked row")
    document = documents.get(COLLECTION, name)
    versions = _versions(document)
    version: Json = {
        "version": len(versions) + 1,
        "state": PROPOSED,
        "proposed_by": by,
        "proposed_at": _now(),
        "why": why,
        "decided_by": None,
        "decided_at": None,
        "decided_why": None,
        "as_of": report["as_of"],
        "model": {name: report["model"][name] for name in ("model", "data_cut_off", "horizon_days")},
        "entries": [_entry(row) for row in report["rows"]],
    }
    _keep(documents, name, document, [*versions, version])
    return _shown(name, version)


def decide_list(
    documents: Documents, name: str, number: int, *, by: str, why: str, approve: bool = True
) -> Json:
    """Approves a proposed version, which from then on stands in the place of the one before; or rejects it.

    Raises
    ------
    NotFoundError
        No such version.
    ParameterError
        It was decided already, who proposed it decides it, or nobody or no reason is given.
    ConflictError
        Somebody else changed the list meanwhile.
    """
    _kind(name)
    by, why = _given("by", by), _given("why", why)
    document = documents.get(COLLECTION, name)
    versions = [dict(one) for one in _versions(document)]
    if not 1 <= number <= len(versions):
        raise NotFoundError(f"list {name}", str(number))
    chosen = versions[number - 1]
    if chosen["state"] != PROPOSED:
        raise ParameterError("version", number, f"a version that is proposed; this one is {chosen['state']}")
    if chosen["proposed_by"] == by:
        raise ParameterError("by", by, "somebody else than who proposed the version")
    if approve:
        for one in versions:
            if one["state"] == APPROVED:
                one["state"] = SUPERSEDED
    chosen |= {
        "state": APPROVED if approve else REJECTED,
        "decided_by": by,
        "decided_at": _now(),
        "decided_why": why,
    }
    _keep(documents, name, document, versions)
    return _shown(name, chosen)


def show_list(documents: Documents, name: str, number: int | None = None) -> Json:
    """A version of a list; the approved one if no number is given.

    Raises
    ------
    NotFoundError
        No such version, or none is approved.
    """
    _kind(name)
    versions = _versions(documents.get(COLLECTION, name))
    wanted = [
        one for one in versions if (one["state"] == APPROVED if number is None else one["version"] == number)
    ]
    if not wanted:
        raise NotFoundError(f"list {name}", "approved version" if number is None else str(number))
    return _shown(name, wanted[0])


def list_history(documents: Documents, name: str) -> list[Json]:
    """All versions, the first one first, without their entries but with their number and what changed."""
    _kind(name)
    history: list[Json] = []
    before: set[str] = set()
    for one in _versions(documents.get(COLLECTION, name)):
        members = {entry["id"] for entry in one["entries"]}
        shown = {key: value for key, value in one.items() if key not in ("entries", "model")}
        shown |= {
            "entries": len(members),
            "added": sorted(members - before),
            "removed": sorted(before - members),
        }
        history.append(shown)
        before = members
    return history


def _kind(name: str) -> ListKind:
    kind = LIST_KINDS.get(name)
    if kind is None:
        raise ParameterError("list", name, f"one of {', '.join(LIST_KINDS)}")
    return kind


def _given(name: str, text: str) -> str:
    if not text.strip():
        raise ParameterError(name, text, "who answers for it" if name == "by" else "a reason")
    return text.strip()


def _versions(document: Document | None) -> list[Json]:
    return [] if document is None else list(document.value["versions"])


def _keep(documents: Documents, name: str, before: Document | None, versions: list[Json]) -> None:
    try:
        documents.put(
            COLLECTION,
            name,
            {"versions": versions},
            expected_version=ABSENT if before is None else before.version,
        )
    except ConflictError as error:
        raise ConflictError(
            f"The list of {name} was changed by somebody else meanwhile; look at its history and try again."
        ) from error


def _shown(name: str, version: Json) -> Json:
    return {"list": name, "title": LIST_KINDS[name].title, "note": NOT_A_FINDING, "internal": True, **version}


def _entry(row: Json) -> Json:
    names = ("rank", "id", "name", "score", "low", "high", "standing", "display_label", "reasons", "evidence")
    return {name: row[name] for name in names}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

"""What analysts decided about who is the same, kept in the store beside the records.

Judgements are only ever added, and taken back by name; nothing is overwritten but who took one back, when and why.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

from suyuan.analytics.judgements import VERDICTS, Judgement, Verdict, Verdicts, verdicts_of
from suyuan.errors import ConflictError, NotFoundError, ParameterError
from suyuan.graph.ids import normal_id
from suyuan.graph.records import time_text
from suyuan.graph.store.base import Store
from suyuan.graph.store.documents import ABSENT, Document, Documents
from suyuan.service.actor_evidence import PARTIES

WORDS_MAX: Final = 2000
"""Characters of a reason."""

_ID_MAX: Final = 1000
_COLLECTION: Final = "judgements"
_PREFIX: Final = "Judgement:"


@dataclass(frozen=True, slots=True)
class StoredJudgement:
    """A judgement, and who took it back when and why; times are microseconds UTC."""

    judgement: Judgement
    undone_by: str | None = None
    undone_at: int | None = None
    undone_why: str | None = None

    @property
    def id(self) -> str:
        """What an undo names."""
        return self.judgement.judgement_id

    def holds_at(self, as_of: int | None) -> bool:
        """Whether it had been made and not taken back by a time; None is now."""
        if as_of is None:
            return self.undone_at is None
        return self.judgement.at <= as_of and (self.undone_at is None or self.undone_at > as_of)


def stored_judgements(documents: Documents) -> list[StoredJudgement]:
    """Every judgement ever made, oldest first."""
    found = [_stored(document) for document in documents.every(_COLLECTION)]
    return sorted(found, key=lambda one: (one.judgement.at, one.id))


def verdicts_at(stored: Sequence[StoredJudgement], as_of: int | None = None) -> Verdicts:
    """What follows from the judgements that held at a time; None is now."""
    return verdicts_of(one.judgement for one in stored if one.holds_at(as_of))


def add_judgement(store: Store, left: str, right: str, verdict: str, *, by: str, why: str) -> StoredJudgement:
    """Keeps a judgement about two records.

    Parameters
    ----------
    left, right : ids of two sellers, firms or persons of the store, in any order
    verdict : ``same``, ``different``, or ``unsure``, which takes back what was said of the pair before
    by, why : who decides, and the reason; neither may be empty

    Raises
    ------
    NotFoundError
        The store has no such record.
    ParameterError
        No record of a party, twice the same one, no such verdict, an empty name or reason.
    ConflictError
    """
    if verdict not in VERDICTS:
        raise ParameterError("verdict", verdict, "one of " + ", ".join(VERDICTS))
    ids = [_party(name, given) for name, given in (("a", left), ("b", right))]
    if ids[0] == ids[1]:
        raise ParameterError("b", ids[1], "another record than a")
    by, why = _words("by", by), _words("why", why)
    found = store.view().nodes(ids)
    for one in ids:
        if one not in found:
            raise NotFoundError(*one.split(":", 1))
    newest = max((each.judgement.at for each in stored_judgements(store.documents)), default=0)
    # A clock that was set back must not make the newest judgement an older one.
    moment = max(_now(), newest + 1)
    key = secrets.token_hex(6)
    said = cast("Verdict", verdict)
    made = StoredJudgement(Judgement(_PREFIX + key, ids[0], ids[1], said, by, moment, why))
    store.documents.put(_COLLECTION, key, _value(made), expected_version=ABSENT)
    return made


def undo_judgement(documents: Documents, judgement_id: str, *, by: str, why: str) -> StoredJudgement:
    """Takes a judgement back; what held without it holds again.

    Raises
    ------
    NotFoundError
        There is no such judgement.
    ParameterError
        An empty name or reason.
    ConflictError
        It was taken back before, or somebody else takes it back at this moment.
    """
    key = judgement_id.strip().removeprefix(_PREFIX)
    document = documents.get(_COLLECTION, key)
    if document is None:
        raise NotFoundError("judgement", key[:40])
    known = _stored(document)
    if known.undone_at is not None:
        raise ConflictError(
            f"{known.id} was taken back by {known.undone_by} at {time_text(known.undone_at)}; nothing is changed. "
            "To judge again, make a new judgement. 该判定已被撤销。",
            retryable=False,
        )
    by, why = _words("by", by), _words("why", why)
    moment = max(_now(), known.judgement.at + 1)
    undone = StoredJudgement(known.judgement, by, moment, why)
    documents.put(_COLLECTION, key, _value(undone), expected_version=document.version)
    return undone


def judgement_state(stored: StoredJudgement, verdicts: Verdicts) -> str:
    """``undone``, ``overruled`` (newer ones say the opposite) or ``in_force``."""
    if stored.undone_at is not None:
        return "undone"
    return "overruled" if stored.judgement in verdicts.overruled else "in_force"


def judgement_json(stored: StoredJudgement, verdicts: Verdicts) -> dict[str, Any]:
    """A judgement as commands print it; ``state`` by :func:`judgement_state`."""
    one = stored.judgement
    return {
        "id": one.judgement_id,
        "a": one.left,
        "b": one.right,
        "verdict": one.verdict,
        "by": one.by,
        "at": time_text(one.at),
        "why": one.why,
        "state": judgement_state(stored, verdicts),
        "undone_by": stored.undone_by,
        "undone_at": None if stored.undone_at is None else time_text(stored.undone_at),
        "undone_why": stored.undone_why,
    }


def _party(name: str, given: str) -> str:
    if len(given) > _ID_MAX:
        raise ParameterError(name, given[:40], f"an id of at most {_ID_MAX} characters")
    record = "" if given.strip().casefold().startswith("actor:") else normal_id(given)
    if record.partition(":")[0] not in PARTIES:
        allowed = (
            "the id of a record (Seller:..., Firm:... or Person:...); of an actor name one of its members"
        )
        raise ParameterError(name, given, allowed)
    return record


def _words(name: str, text: str) -> str:
    if not text.strip() or len(text) > WORDS_MAX:
        raise ParameterError(name, text[:40], f"1 to {WORDS_MAX} characters that others will read")
    return text.strip()


def _value(stored: StoredJudgement) -> dict[str, Any]:
    undone = {"undone_by": stored.undone_by, "undone_at": stored.undone_at, "undone_why": stored.undone_why}
    return {**asdict(stored.judgement), **undone}


def _stored(document: Document) -> StoredJudgement:
    value = document.value
    judgement = Judgement(**{name: value[name] for name in Judgement.__dataclass_fields__})
    return StoredJudgement(judgement, value["undone_by"], value["undone_at"], value["undone_why"])


def _now() -> int:
    return time.time_ns() // 1000

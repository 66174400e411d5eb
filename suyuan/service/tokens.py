"""Access tokens: made, looked up, revoked. Only a hash of each is kept, in the store."""

import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

from suyuan.errors import AccessError, NotFoundError, ParameterError
from suyuan.graph.store.documents import ABSENT, Document, Documents

Role = Literal["analyst", "officer", "supervisor", "administrator", "ingest"]
ROLES: Final[tuple[str, ...]] = get_args(Role)
SEES_PERSONAL_DATA: Final = frozenset({"officer"})
"""Roles that see phones, id numbers and addresses in the clear (`casework.md`, access)."""

READS_THE_GRAPH: Final = frozenset(ROLES) - {"ingest"}
"""Roles that may query; who only delivers data sees none."""

MAY_JUDGE: Final = frozenset({"analyst", "officer", "supervisor", "administrator"})
"""Roles that may decide whether records are one party's."""

DELIVERS_ROWS: Final = frozenset({"ingest"})
"""Roles that may post rows."""

_COLLECTION = "tokens"
_PREFIX = "sy"
_DAYS_MAX = 3650


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret. Times are ISO 8601 UTC."""

    token_id: str
    subject: str
    role: str
    created_at: str
    expires_at: str
    revoked_at: str | None = None

    @property
    def state(self) -> str:
        """``active``, ``expired`` or ``revoked``."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= _now().isoformat() else "active"


def create_token(documents: Documents, subject: str, role: str, days: int) -> tuple[Token, str]:
    """Makes a token; the second value is the only time its text is seen.

    Raises
    ------
    ParameterError
        Unknown role, empty subject, or a period outside 1 to 3650 days.
    """
    if role not in ROLES:
        raise ParameterError("role", role, f"one of {', '.join(ROLES)}")
    if not subject.strip():
        raise ParameterError("subject", subject, "a name, such as bureau-330782")
    if not 1 <= days <= _DAYS_MAX:
        raise ParameterError("days", days, f"1 to {_DAYS_MAX}")
    token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    now = _now()
    token = Token(token_id, subject.strip(), role, now.isoformat(), (now + timedelta(days=days)).isoformat())
    documents.put(_COLLECTION, token_id, {**asdict(token), "sha256": _hash(secret)}, expected_version=ABSENT)
    return token, f"{_PREFIX}_{token_id}_{secret}"


def list_tokens(documents: Documents) -> list[Token]:
    """Every token ever made, by id."""
    return [_token(document) for document in documents.every(_COLLECTION)]


def revoke_token(documents: Documents, token_id: str) -> Token:
    """Ends a token for good; a second time changes nothing.

    Raises
    ------
    NotFoundError
    """
    document = documents.get(_COLLECTION, token_id)
    if document is None:
        raise NotFoundError("token", token_id)
    if document.value.get("revoked_at") is None:
        value = {**document.value, "revoked_at": _now().isoformat()}
        document = documents.put(_COLLECTION, token_id, value, expected_version=document.version)
    return _token(document)


def authenticate(documents: Documents, text: str) -> Token:
    """The active token with this text.

    Raises
    ------
    AccessError
        Not a token, unknown, expired or revoked; the message does not tell which.
    """
    parts = text.split("_", 2)
    document = documents.get(_COLLECTION, parts[1]) if len(parts) == 3 and parts[0] == _PREFIX else None
    known = document.value["sha256"] if document else _hash("")
    if not hmac.compare_digest(known, _hash(parts[-1])) or document is None:
        raise AccessError("This token is not valid. Ask for a new one.", authenticated=False)
    token = _token(document)
    if token.state != "active":
        raise AccessError("This token is not valid. Ask for a new one.", authenticated=False)
    return token


def require_active(documents: Documents, token: Token) -> None:
    """Makes sure that a token which was valid before still is.

    Raises
    ------
    AccessError
        It has expired or was revoked.
    """
    document = documents.get(_COLLECTION, token.token_id)
    if document is None or _token(document).state != "active":
        raise AccessError("This token is not valid. Ask for a new one.", authenticated=False)


def _token(document: Document) -> Token:
    return Token(**{name: document.value.get(name) for name in Token.__dataclass_fields__})  # pyright: ignore[reportArgumentType]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)

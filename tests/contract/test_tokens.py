"""Access tokens in either store."""

from datetime import UTC, datetime, timedelta

import pytest

from suyuan.errors import AccessError, NotFoundError, ParameterError
from suyuan.graph.store.base import Store
from suyuan.service.tokens import ROLES, authenticate, create_token, list_tokens, revoke_token


@pytest.mark.parametrize("role", ROLES)
def test_a_token_lets_its_holder_in(store: Store, role: str) -> None:
    token, text = create_token(store.documents, " bureau-330782 ", role, 90)
    assert authenticate(store.documents, text) == token
    assert (token.subject, token.role, token.state) == ("bureau-330782", role, "active")
    lasts = datetime.fromisoformat(token.expires_at) - datetime.now(UTC)
    assert timedelta(days=89) < lasts <= timedelta(days=90)


def test_the_secret_is_kept_nowhere(store: Store) -> None:
    token, text = create_token(store.documents, "a", "analyst", 1)
    secret = text.split("_", 2)[2]
    stored = store.documents.get("tokens", token.token_id)
    assert stored is not None
    assert secret not in str(stored)
    assert secret not in str(list_tokens(store.documents))


def test_no_two_tokens_are_alike(store: Store) -> None:
    texts = {create_token(store.documents, "a", "analyst", 1)[1] for _ in range(5)}
    assert len(texts) == len(list_tokens(store.documents)) == 5


@pytest.mark.parametrize("text", ["", "x", "sy", "sy_", "sy__", "sy_000000000000_", "sy_a_b_c", "_" * 100])
def test_what_is_no_token_lets_nobody_in(store: Store, text: str) -> None:
    create_token(store.documents, "a", "analyst", 1)
    with pytest.raises(AccessError) as refused:
        authenticate(store.documents, text)
    assert refused.value.code == "UNAUTHENTICATED"


def test_a_secret_fits_its_own_token_only(store: Store) -> None:
    one, two = (create_token(store.documents, "a", "analyst", 1)[1].split("_", 2) for _ in range(2))
    with pytest.raises(AccessError):
        authenticate(store.documents, f"sy_{one[1]}_{two[2]}")


def test_a_revoked_token_ends_for_good(store: Store) -> None:
    token, text = create_token(store.documents, "a", "officer", 1)
    revoked = revoke_token(store.documents, token.token_id)
    assert revoked.state == "revoked"
    assert revoke_token(store.documents, token.token_id) == revoked
    assert [each.state for each in list_tokens(store.documents)] == ["revoked"]
    with pytest.raises(AccessError):
        authenticate(store.documents, text)


def test_an_expired_token_lets_nobody_in(store: Store) -> None:
    token, text = create_token(store.documents, "a", "officer", 1)
    stored = store.documents.get("tokens", token.token_id)
    assert stored is not None
    past = {**stored.value, "expires_at": "2020-01-01T00:00:00+00:00"}
    store.documents.put("tokens", token.token_id, past, expected_version=stored.version)
    assert list_tokens(store.documents)[0].state == "expired"
    with pytest.raises(AccessError):
        authenticate(store.documents, text)


@pytest.mark.parametrize(
    ("subject", "role", "days", "name"),
    [
        ("a", "king", 1, "role"),
        (" ", "analyst", 1, "subject"),
        ("a", "analyst", 0, "days"),
        ("a", "analyst", 3651, "days"),
    ],
)
def test_impossible_tokens_are_refused(store: Store, subject: str, role: str, days: int, name: str) -> None:
    with pytest.raises(ParameterError) as refused:
        create_token(store.documents, subject, role, days)
    assert refused.value.name == name
    assert list_tokens(store.documents) == []


def test_a_token_that_is_not_there_cannot_be_revoked(store: Store) -> None:
    with pytest.raises(NotFoundError):
        revoke_token(store.documents, "none")

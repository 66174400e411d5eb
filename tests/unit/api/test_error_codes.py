from collections.abc import Iterator

import pytest
from graphql import GraphQLError

from suyuan.api.error_codes import HTTP_STATUS, labelled
from suyuan.errors import AccessError, ConflictError, CorruptStoreError, NotFoundError, SuyuanError


def _subclasses(base: type[SuyuanError]) -> Iterator[type[SuyuanError]]:
    for child in base.__subclasses__():
        yield child
        yield from _subclasses(child)


def test_every_code_of_the_error_tree_has_an_http_status() -> None:
    codes = {kind.code for kind in _subclasses(SuyuanError)} | {SuyuanError.code, "UNAUTHENTICATED"}
    assert codes <= set(HTTP_STATUS)


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (NotFoundError("Listing", "Listing:shop:1"), "NOT_FOUND"),
        (ConflictError("somebody was faster"), "CONFLICT"),
        (AccessError("no", authenticated=False), "UNAUTHENTICATED"),
        (AccessError("no"), "FORBIDDEN"),
    ],
)
def test_an_error_of_the_tree_keeps_its_code_and_message(cause: SuyuanError, code: str) -> None:
    error = labelled(GraphQLError("wrapped", path=["node"], original_error=cause))
    assert error.extensions == {"code": code}
    assert error.message == cause.message
    assert error.path == ["node"]


def test_an_error_of_graphql_is_the_callers() -> None:
    error = labelled(GraphQLError("Syntax Error"))
    assert (error.message, error.extensions) == ("Syntax Error", {"code": "BAD_USER_INPUT"})


@pytest.mark.parametrize(
    "cause", [ValueError("password=hunter2"), CorruptStoreError("page 7 of /srv/secret.db")]
)
def test_an_unexpected_error_is_hidden_and_logged(
    cause: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    error = labelled(GraphQLError(str(cause), original_error=cause), request_id="r-17")
    assert error.extensions == {"code": "INTERNAL_SERVER_ERROR", "requestId": "r-17"}
    assert "r-17" in error.message
    assert str(cause) not in error.message
    log = "".join(capsys.readouterr())
    assert str(cause) in log
    assert "r-17" in log


def test_the_log_has_no_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(token: str) -> None:
        raise ValueError(f"no such token of length {len(token)}")

    with pytest.raises(ValueError, match="length 12") as raised:
        fail("hunter2" + "-tail")
    labelled(GraphQLError("failed", original_error=raised.value))
    log = "".join(capsys.readouterr())
    assert "in fail" in log
    assert "hunter2-tail" not in log


def test_an_error_wrapped_twice_is_told_by_its_innermost_cause() -> None:
    inner = GraphQLError("inner", original_error=NotFoundError("Site", "Site:X"))
    assert labelled(GraphQLError("outer", original_error=inner)).extensions == {"code": "NOT_FOUND"}


def test_a_code_given_before_is_kept() -> None:
    error = GraphQLError("too deep", extensions={"code": "QUERY_TOO_COMPLEX"})
    assert labelled(error) is error

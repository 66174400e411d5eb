"""Reads a GraphQL request from HTTP, and refuses what is none."""

import json
from collections.abc import Mapping
from typing import Any, cast

from cross_web import HTTPException
from starlette.requests import ClientDisconnect, Request
from strawberry.http import GraphQLRequestData

from suyuan.api.error_codes import BAD_USER_INPUT, HTTP_STATUS, PAYLOAD_TOO_LARGE
from suyuan.api.media_types import JSON, parse_media_type


class RequestRefusedError(HTTPException):
    """A request that does not reach GraphQL.

    Parameters
    ----------
    message : what was found, what is expected
    code : the ``extensions.code`` of the answer
    status : HTTP status; that of the code unless given
    headers : further headers of the answer
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = BAD_USER_INPUT,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status or HTTP_STATUS[code], message)
        self.code = code
        self.headers = dict(headers or {})


def decode_json(text: str | bytes) -> object:
    """Decode JSON text; the constants NaN and Infinity, which JSON lacks, are refused too.

    Raises
    ------
    json.JSONDecodeError : for anything that is not JSON, of whatever kind
    """
    try:
        # Bytes are decoded here since json.loads would guess UTF-16 and UTF-32 too.
        return json.loads(
            text.decode() if isinstance(text, bytes) else text,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError:
        raise
    except UnicodeDecodeError as error:
        raise json.JSONDecodeError(f"byte {error.start} is not UTF-8", "", 0) from error
    except (RecursionError, ValueError) as error:
        # Too many nested brackets, a number with thousands of digits, or a refused constant.
        raise json.JSONDecodeError(str(error), "", 0) from error


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON value")


async def read_request(request: Request, *, max_body_bytes: int) -> GraphQLRequestData:
    """Read the GraphQL request that an HTTP request carries.

    Parameters
    ----------
    request : GET with the parameters in its address, or POST with a JSON body
    max_body_bytes : longest body that is read

    Raises
    ------
    RequestRefusedError : 400 for what cannot be read, 413 for a body too long, 415 for one that is not JSON
    """
    if request.method == "GET":
        return _request_data(_query_parameters(request))
    _check_content_type(request)
    body = await read_body(request, max_body_bytes)
    parameters = _decode(body, "request body")
    if isinstance(parameters, list):
        raise RequestRefusedError(
            "The request body is a list. Send one operation a request; batches are not taken."
        )
    if not isinstance(parameters, dict):
        raise RequestRefusedError(
            'The request body is no JSON object. Send an object such as {"query": "..."}.'
        )
    return _request_data(cast("dict[str, Any]", parameters))


def _check_content_type(request: Request) -> None:
    found = request.headers.get("content-type", "")
    content_type = parse_media_type(found)
    charset = content_type.parameters.get("charset", "utf-8").lower()
    if content_type.name != JSON or charset not in ("utf-8", "utf8"):
        raise RequestRefusedError(
            f"The content type is {found or 'not given'}; expected {JSON} in UTF-8.",
            status=415,
            headers={"accept-post": JSON},
        )


def announced_length(request: Request, max_body_bytes: int) -> int | None:
    """How long the body is going to be; None if that is not told.

    Raises
    ------
    RequestRefusedError : 413 if it is too long
    """
    announced = request.headers.get("content-length", "")
    if not announced.isdecimal():
        return None
    if int(announced) > max_body_bytes:
        raise _too_large(max_body_bytes)
    return int(announced)


async def read_body(request: Request, max_body_bytes: int) -> bytes:
    """The body of a request.

    Raises
    ------
    RequestRefusedError : 413 if it is too long, 400 if the sender goes away before its end
    """
    announced_length(request, max_body_bytes)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > max_body_bytes:
                raise _too_large(max_body_bytes)
    except ClientDisconnect as error:
        raise RequestRefusedError("The connection was closed before the request was complete.") from error
    return bytes(body)


def _too_large(max_body_bytes: int) -> RequestRefusedError:
    return RequestRefusedError(
        f"The request body is longer than {max_body_bytes} bytes. Send less at a time.",
        code=PAYLOAD_TOO_LARGE,
        # What is left of the body is not read, so the connection cannot be used again.
        headers={"connection": "close"},
    )


def _query_parameters(request: Request) -> dict[str, Any]:
    parameters: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if text := parameters.get(name):
            parameters[name] = _decode(text, f"parameter {name!r}")
        else:
            parameters.pop(name, None)
    return parameters


def _decode(text: str | bytes, what: str) -> object:
    try:
        return decode_json(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise RequestRefusedError(f"The {what} is not JSON: {error.msg} at {place}.") from error


def _request_data(parameters: Mapping[str, Any]) -> GraphQLRequestData:
    for name, kind, wanted in (
        ("query", str, "a string"),
        ("operationName", str, "a string"),
        ("variables", dict, "an object"),
        ("extensions", dict, "an object"),
    ):
        value = parameters.get(name)
        if value is not None and not isinstance(value, kind):
            raise RequestRefusedError(
                f"The parameter {name!r} is {_json_kind(value)}; expected {wanted}, or null."
            )
    return GraphQLRequestData(
        query=parameters.get("query"),
        variables=parameters.get("variables"),
        operation_name=parameters.get("operationName"),
        extensions=parameters.get("extensions"),
    )


def _json_kind(value: object) -> str:
    match value:
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"

import pytest

from suyuan.api.media_types import GRAPHQL_RESPONSE, JSON, negotiate, parse_media_type


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ([], JSON),
        ([""], JSON),
        (["*/*"], JSON),
        (["application/*"], JSON),
        (["application/json"], JSON),
        (["application/graphql-response+json"], GRAPHQL_RESPONSE),
        (["APPLICATION/GraphQL-Response+JSON; charset=utf-8"], GRAPHQL_RESPONSE),
        (["application/graphql-response+json, application/json"], GRAPHQL_RESPONSE),
        (["application/json, application/graphql-response+json"], GRAPHQL_RESPONSE),
        (["application/graphql-response+json;q=0.5, application/json"], JSON),
        (["application/json;q=0.9", "application/graphql-response+json"], GRAPHQL_RESPONSE),
        (["text/html, */*;q=0.1"], JSON),
        (["application/graphql-response+json, */*"], GRAPHQL_RESPONSE),
        (["application/json;q=0, */*"], GRAPHQL_RESPONSE),
        (["text/html"], None),
        (["application/json;q=0"], None),
        (["application/json;q=nonsense"], None),
        (["application/json;q=7"], None),
        (["text/event-stream, multipart/mixed"], None),
    ],
)
def test_negotiation(accept: list[str], chosen: str | None) -> None:
    assert negotiate(accept) == chosen


def test_parameters_of_a_media_type_are_read() -> None:
    media_type = parse_media_type(' Application/JSON ;charset="UTF-8"; q=0.25;')
    assert media_type.name == "application/json"
    assert media_type.parameters == {"charset": "UTF-8", "q": "0.25"}
    assert media_type.quality == 0.25

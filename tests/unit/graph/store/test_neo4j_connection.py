"""Store URLs, and a server that does not answer."""

import socket

import pytest

from suyuan.errors import ConfigError, StoreUnavailableError
from suyuan.graph.store.neo4j import Neo4jStore
from suyuan.graph.store.neo4j_connection import address_of
from suyuan.graph.store.neo4j_search import Search


def test_a_url_is_taken_apart() -> None:
    found = address_of("neo4j+s://us%40er:p%2Fw@db.example:7688/graph?policy=near")
    assert (found.uri, found.user, found.password) == (
        "neo4j+s://db.example:7688?policy=near",
        "us@er",
        "p/w",
    )
    assert found.database == "graph"
    assert found.shown == "neo4j+s://us%40er@db.example:7688/graph"


def test_port_and_database_have_usual_values() -> None:
    found = address_of("bolt://u:p@[::1]")
    assert (found.uri, found.database) == ("bolt://[::1]:7687", "neo4j")


def test_a_url_without_host_is_refused() -> None:
    with pytest.raises(ConfigError, match="names no host"):
        address_of("neo4j:///neo4j")


def test_a_server_that_does_not_answer_is_told() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        with pytest.raises(StoreUnavailableError, match="does not answer") as caught:
            Neo4jStore.open(f"bolt://u:secret@127.0.0.1:{held.getsockname()[1]}/neo4j")
    assert caught.value.retryable
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "lucene", "exact"),
    [
        ("义乌 toy", '+"义 乌" +toy*', None),
        ("firm:F1", '+"firm f1"', "Firm:F1"),
        ("co., ltd", "+co* +ltd*", None),
        ("- *", "", None),
    ],
)
def test_a_text_becomes_phrases(text: str, lucene: str, exact: str | None) -> None:
    asked = Search.of(text, None, 10, None)
    assert (asked.lucene, asked.exact) == (lucene, exact)
    assert asked.admits(0, "Firm:F1")
    assert not Search.of(text, ["Site"], 10, None).admits(0, "Firm:F1")
    assert not Search.of(text, None, 10, (0, "Firm:F1")).admits(0, "Firm:F1")

"""Opens the store that a URL names."""

from urllib.parse import urlsplit

from suyuan.errors import ConfigError
from suyuan.graph.store.base import Store

_NEO4J_SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")


def open_store(url: str, *, create: bool = True) -> Store:
    """The store at ``url``: ``sqlite:///path.db`` or ``neo4j://user:password@host:7687/database``.

    Parameters
    ----------
    create : whether a missing SQLite file is made; without it a missing file is an error.

    Raises
    ------
    ConfigError
        The URL names no store that Suyuan knows.
    StoreUnavailableError
        The store does not answer.
    """
    check_url(url)
    if urlsplit(url).scheme == "sqlite":
        from suyuan.graph.store.sqlite import SqliteStore

        return SqliteStore.open(url, create=create)
    from suyuan.graph.store.neo4j import Neo4jStore

    return Neo4jStore.open(url)


def check_url(url: str) -> None:
    """Raises ConfigError unless the URL is one of a store that Suyuan knows; opens nothing."""
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = ""
    if scheme != "sqlite" and scheme not in _NEO4J_SCHEMES:
        raise ConfigError(
            f"{url!r} is no store URL; expected sqlite:///path.db or "
            "neo4j://user:password@host:7687/database."
        )

"""Fixtures of the tests of stores."""

from tests.unit.graph.store.sqlite_fixtures import path, store

__all__ = ["path", "store"]

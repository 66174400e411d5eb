"""Which tests run one after the other in one process, where the suite runs in several.

A scheduler of our own: with pytest 9.2, pytest-xdist 3.8 no longer heeds its mark ``xdist_group`` (its issue 1386).
"""

from typing import Final

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

ON_NEO4J: Final = "neo4j"
FILES_ON_NEO4J: Final = frozenset(
    {
        "tests/api/test_failures.py",
        "tests/contract/test_local_server.py",
        "tests/contract/test_offline_import.py",
        "tests/contract/test_whole_pipeline.py",
        "tests/faults/test_live_outage.py",
    }
)
"""Files with tests on Neo4j whose names do not tell; all of their tests run with those on Neo4j."""


def group_of(nodeid: str) -> str:
    """The one group of all tests on Neo4j, which share a server, or else the file."""
    file = nodeid.partition("::")[0]
    return ON_NEO4J if file in FILES_ON_NEO4J or "neo4j" in nodeid else file


def check_group(item: pytest.Item) -> None:
    """Two processes must not each start a server: a test on Neo4j has to be known by its name or its file."""
    if item.get_closest_marker("neo4j") and group_of(item.nodeid) != ON_NEO4J:
        pytest.fail(
            "A test on Neo4j: add its file to FILES_ON_NEO4J in tests/distribution.py.", pytrace=False
        )


class Scheduler(LoadScopeScheduling):
    """Gives a process one group after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

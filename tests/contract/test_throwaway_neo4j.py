"""The suite's own Neo4j fixture: what one test leaves behind, the next does not see."""

import neo4j
import pytest


@pytest.mark.parametrize("round_number", [1, 2])
def test_each_test_finds_an_empty_database(
    clean_neo4j: str, neo4j_driver: neo4j.Driver, round_number: int
) -> None:
    def values(query: neo4j.Query) -> list[object]:
        with neo4j_driver.session(database="neo4j") as session:
            return session.run(query).value()

    assert clean_neo4j.startswith(("neo4j://", "bolt://"))
    assert values(neo4j.Query("MATCH (n) RETURN n")) == []
    assert values(neo4j.Query("SHOW CONSTRAINTS YIELD name")) == []
    assert values(neo4j.Query("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name")) == []
    values(neo4j.Query("CREATE CONSTRAINT site FOR (s:Site) REQUIRE s.id IS UNIQUE"))
    values(neo4j.Query("CREATE FULLTEXT INDEX words FOR (s:Site) ON EACH [s.name]"))
    values(neo4j.Query("UNWIND range(1, 25000) AS i CREATE (:Site {id: i})"))
    assert values(neo4j.Query("MATCH (s:Site) RETURN count(s)")) == [25000]

from pathlib import Path

from graphql import build_schema, parse, validate

from suyuan.api.schema import schema_text

EXAMPLE = Path(__file__).parents[3] / "suyuan" / "web" / "source" / "graphiql" / "example.graphql"


def test_the_worked_example_fits_the_schema() -> None:
    assert validate(build_schema(schema_text()), parse(EXAMPLE.read_text(encoding="utf-8"))) == []

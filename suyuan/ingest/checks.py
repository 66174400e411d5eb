"""Numbers and codes of a batch in their normal forms, by the checks that the tables declare.

A number of wrong form or with a wrong check digit keeps its text and is reported as ``bad_identifier``.
Numbers that a page claims (``listings.claimed_rights``) are only put into normal form: a wrong number
there is a fact about the page, not an error of the file.
"""

from functools import cache, partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.model import Column, Table
from suyuan.graph.tables import table_of_kind
from suyuan.ingest.countries import country_code
from suyuan.ingest.findings import Finding, finding
from suyuan.ingest.numbers import credit_codes, identifier_forms, normal_right_number
from suyuan.ingest.text import BoolArray, as_mask, is_known, map_unusual, matches

_DIVISION = r"^(?:\d{2}|\d{4}|\d{6}|\d{9}|\d{12})$"


def check_columns(table: Table, columns: dict[str, pa.Array]) -> list[Finding]:
    """Puts the numbers of a batch into normal form, in place, and tells which are wrong.

    Parameters
    ----------
    columns : the converted columns by name; declared columns that the source lacks may be absent
    """
    found: list[Finding] = []
    # Countries first: whether a firm's key is checked depends on its country.
    for column in sorted(table.columns, key=lambda column: column.check != "country"):
        if column.check and column.name in columns:
            found += _checked(column, columns)
    if table.name == "identifiers" and {"type", "value"} <= columns.keys():
        found += _identifiers(columns)
    return found


def _checked(column: Column, columns: dict[str, pa.Array]) -> list[Finding]:
    shown = columns[column.name]
    if column.check == "credit_code":
        normal, wrong = _credit_codes(column, columns)
    elif column.check == "right_number":
        normal, wrong = _right_numbers(column, columns)
    elif column.check == "country":
        normal, wrong = map_unusual(shown, is_known(shown), country_code)
    else:
        normal, wrong = shown, is_known(shown) & ~matches(shown, _DIVISION)
    columns[column.name] = normal
    return finding(column.name, "bad_identifier", wrong, shown)


def _credit_codes(column: Column, columns: dict[str, pa.Array]) -> tuple[pa.Array, BoolArray]:
    """Codes of firms of China, or of no country told; keys of foreign firms stay as they are."""
    values = columns[column.name]
    normal, wrong = credit_codes(values)
    country = columns.get("country")
    if country is None:
        return normal, wrong
    foreign = is_known(country) & ~np.asarray(pc.fill_null(pc.equal(country, "CN"), fill_value=False))
    return pc.if_else(as_mask(foreign), values, normal), wrong & ~foreign


def _right_numbers(column: Column, columns: dict[str, pa.Array]) -> tuple[pa.Array, BoolArray]:
    """Numbers of Chinese rights by their type; those of other jurisdictions stay as they are."""
    values = columns[column.name]
    home = _is_chinese(columns.get("jurisdiction"), len(values))
    types = columns.get("right_type")
    wrong = np.zeros(len(values), dtype=bool)
    if types is None:
        return map_unusual(values, home & is_known(values), normal_right_number)
    for right_type in pc.unique(types).to_pylist():
        of_type = home & is_known(values) & _equals(types, right_type)
        values, bad = map_unusual(values, of_type, partial(normal_right_number, right_type=right_type))
        wrong |= bad
    return values, wrong


def _is_chinese(jurisdiction: pa.Array | None, rows: int) -> BoolArray:
    if jurisdiction is None:
        return np.ones(rows, dtype=bool)
    codes, _ = map_unusual(jurisdiction, is_known(jurisdiction), country_code)
    return ~is_known(codes) | _equals(codes, "CN")


def _equals(values: pa.Array, wanted: str | None) -> BoolArray:
    if wanted is None:
        return ~is_known(values)
    return np.asarray(pc.fill_null(pc.equal(values, wanted), fill_value=False))


def _identifiers(columns: dict[str, pa.Array]) -> list[Finding]:
    types, values = columns["type"], columns["value"]
    shown, wrong = values, np.zeros(len(values), dtype=bool)
    for kind, form in identifier_forms().items():
        values, bad = map_unusual(values, is_known(values) & _equals(types, kind), form)
        wrong |= bad
    columns["value"] = values
    return finding("value", "bad_identifier", wrong, shown)


@cache
def claimed_numbers(table: Table) -> frozenset[str]:
    """List columns whose entries are numbers of rights, matched with a checked column of another table."""
    found: set[str] = set()
    for edge in table.edges:
        for end in (edge.source, edge.target):
            owner = table_of_kind(end.kind) if end.kind and end.by else None
            if owner and end.by and owner.column(end.by).check == "right_number":
                found.update(end.columns)
    return frozenset(found)


def normal_claims(entries: pa.Array) -> pa.Array:
    """Numbers printed on a page in normal form, right or wrong."""
    normal, _ = map_unusual(entries, is_known(entries), normal_right_number)
    return normal

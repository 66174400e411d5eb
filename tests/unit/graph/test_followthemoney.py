import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.graph.followthemoney import COUNTERPARTS, canonical_of, entity_id, own_id
from suyuan.graph.ids import canonical_id
from suyuan.graph.tables import TABLES

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(TEXTS, TEXTS)
def test_every_id_is_spelt_in_the_letters_of_the_format_and_read_back(platform: str, key: str) -> None:
    canonical = canonical_id("Seller", platform, key)
    spelt = entity_id(canonical)
    assert re.fullmatch(r"[0-9A-Za-z](?:[0-9A-Za-z.-]*[0-9A-Za-z])?", spelt)
    assert canonical_of(spelt) == canonical


@pytest.mark.parametrize(
    "foreign",
    ["NK-4tGZ7", "Q42", "firm.1", "Firm", "Firm.", "Firm.a-2", "Firm.a-2d", "Shop.1", "Firm.-FF", ""],
)
def test_ids_of_others_are_left_to_them(foreign: str) -> None:
    assert canonical_of(foreign) is None


def test_a_kind_of_ours_needs_the_schema_that_it_goes_out_as() -> None:
    assert own_id("Finding.F1", "Sanction") == "Finding:F1"
    assert own_id("Finding.F1", "Company") is None
    assert own_id("Firm.F1", "Organization") == "Firm:F1"
    assert own_id("Firm.F1", "Vessel") is None
    assert own_id("Product.P1", "Company") is None


def test_every_counterpart_names_columns_that_there_are() -> None:
    for counterpart in COUNTERPARTS:
        table = TABLES[counterpart.table]
        assert table.kind == counterpart.kind
        assert {*counterpart.columns, *counterpart.references} <= table.by_name.keys()

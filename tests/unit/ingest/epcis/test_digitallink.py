"""GS1 identifiers in their canonical form, one of each kind."""

import pytest
from epcis_event_hash_generator.dl_normaliser import normaliser

from suyuan.ingest.epcis.digitallink import canonical_link, check_digit

HOST = "https://id.gs1.org/"


@pytest.mark.parametrize(
    "text",
    [
        "urn:epc:id:sgtin:0614141.107346.2017",
        "urn:epc:id:sgtin:0614141.107346.a(b)",
        "urn:epc:id:sscc:0614141.1234567890",
        "urn:epc:id:sgln:0614141.07346.0",
        "urn:epc:id:sgln:0614141.07346.1234",
        "urn:epc:id:pgln:0614141.00777",
        "urn:epc:id:grai:0614141.12345.400",
        "urn:epc:id:giai:0614141.12345400",
        "urn:epc:id:gsrn:0614141.0000010253",
        "urn:epc:id:gsrnp:0614141.0000010253",
        "urn:epc:id:gdti:0614141.00001.1618034",
        "urn:epc:id:cpi:0614141.5PQ7-Z43.12345",
        "urn:epc:id:sgcn:4012345.67890.04711",
        "urn:epc:id:ginc:0614141.xyz3311cba",
        "urn:epc:id:gsin:0614141.123456789",
        "urn:epc:id:itip:4012345.011111.01.02.987",
        "urn:epc:id:upui:1234567.089456.51qIgY",
        "urn:epc:class:lgtin:4012345.011111.4444",
        "urn:epc:idpat:sgtin:4012345.044444.*",
        "urn:epc:idpat:grai:4012345.55555.*",
        "urn:epc:idpat:gdti:4012345.55555.*",
        "urn:epc:idpat:sgcn:4012345.67890.*",
        "urn:epc:idpat:cpi:4012345.5PQ7.*",
        "urn:epc:idpat:itip:4012345.011111.01.02.*",
        "urn:epc:idpat:upui:4012345.044444.*",
        "https://example.com/some/path/01/4012345111118/10/A/21/7?x=1",
        "https://example.com/gtin/04012345111118/cpv/2/lot/A",
        "https://id.gs1.org/414/4012345000054",
        "http://example.org/8004/401234599999",
    ],
)
def test_canonical_forms_are_those_of_the_reference_implementation(text: str) -> None:
    expected = normaliser(text)
    assert expected is not None
    assert canonical_link(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("urn:epc:id:sgtin:0614141.107346.2017", "01/10614141073464/21/2017"),
        ("urn:epc:id:sscc:0614141.1234567890", "00/106141412345678908"),
        ("urn:epc:id:sgln:0614141.07346.0", "414/0614141073467"),
        ("https://example.com/ser/01/4012345111118/10/A/21/7?x=1", "01/04012345111118/21/7"),
    ],
)
def test_canonical_forms(text: str, expected: str) -> None:
    assert canonical_link(text) == HOST + expected


@pytest.mark.parametrize(
    "text",
    [
        "urn:epc:id:sgtin:0614141.1073466.2017",
        "urn:epc:id:sgtin:0614141.107346",
        "urn:epc:id:sgtin:0614141.107346." + "1" * 21,
        "urn:epc:id:sgln:0614141.073466.0",
        "urn:epc:id:unknown:0614141.1",
        "urn:epc:id:itip:4012345.011111.1.2.987",
        "urn:gdst:example.org:party:x.1u",
        "https://example.com/index.html",
        "https://example.com/01/12345/x.html",
        "no dot",
    ],
)
def test_other_texts_have_none(text: str) -> None:
    assert canonical_link(text) is None


def test_check_digits() -> None:
    assert [check_digit(digits) for digits in ("061414107346", "1061414107346", "0")] == ["7", "4", "0"]

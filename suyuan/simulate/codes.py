"""Numbers with valid check digits, all invented: made not to belong to any real firm, person or right.

Only the making of numbers lives here; reading and judging them is the ingest's own work.
"""

import numpy as np

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_PATENT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_CARD_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def organisation_check(body: str) -> str:
    """Check character of an eight-character organisation code (GB 11714).

    Examples
    --------
    >>> organisation_check("MA2DEM01")
    '7'
    """
    total = sum(int(char, 36) * weight for char, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def social_credit_check(body: str) -> str:
    """Check character of the first 17 characters of a social credit code (GB 32100-2015).

    Examples
    --------
    >>> social_credit_check("91330782MA2DEM017")
    'W'
    """
    total = sum(USCC_ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(body))
    return USCC_ALPHABET[(31 - total % 31) % 31]


def social_credit_code(division_code: str, serial: int, *, sole_trader: bool = False) -> str:
    """A social credit code that no register has given out: organisation codes do not begin with `XY`.

    Parameters
    ----------
    division_code : str
        Six digits, the registering office.
    serial : int
        0 to 887,503,680; different serials give different codes.
    sole_trader : bool
        Places 1-2 are 92 instead of 91.

    Examples
    --------
    >>> social_credit_code("330782", 0)
    '91330782XY0000004L'
    """
    digits = ""
    for _ in range(6):
        serial, place = divmod(serial, 31)
        digits = USCC_ALPHABET[place] + digits
    organisation = "XY" + digits
    body = ("92" if sole_trader else "91") + division_code + organisation + organisation_check(organisation)
    return body + social_credit_check(body)


def patent_check(digits: str) -> str:
    """Check character of a patent number's 8 or 12 digits (ZC 0006).

    Examples
    --------
    >>> patent_check("202110377287"), patent_check("95115608")
    ('X', 'X')
    """
    total = sum(int(char) * weight for char, weight in zip(digits, _PATENT_WEIGHTS, strict=False))
    return "0123456789X"[total % 11]


def patent_number(year: int, kind: int, serial: int) -> str:
    """A patent number with its check digit; serials above 9,900,000 are never reached in a year.

    Examples
    --------
    >>> patent_number(2021, 3, 17)
    '202139900017.0'
    """
    digits = f"{year}{kind}{9_900_000 + serial:07d}"
    return f"{digits}.{patent_check(digits)}"


def trade_mark_number(serial: int) -> str:
    """An eight-digit trade-mark number from a range not yet reached (no check digit exists)."""
    return f"{99_000_000 + serial:08d}"


def id_card(division_code: str, day: int, serial: int) -> str:
    """A citizen's number (GB 11643) of somebody born from 1890 on, so of nobody alive.

    Parameters
    ----------
    division_code : str
        Six digits.
    day : int
        Days after 1890-01-01, below 5,500.
    serial : int
        Below 1,000.
    """
    born = np.datetime64("1890-01-01") + np.timedelta64(day, "D")
    body = f"{division_code}{str(born).replace('-', '')}{serial:03d}"
    total = sum(int(char) * weight for char, weight in zip(body, _CARD_WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def gtin(serial: int) -> str:
    """A 13-digit article number of the range kept for use inside one house (prefix 20), with its check digit.

    Examples
    --------
    >>> gtin(1)
    '2000000000015'
    """
    body = f"20{serial:010d}"
    total = sum(int(char) * (3 if place % 2 else 1) for place, char in enumerate(body))
    return body + str(-total % 10)


def phone(serial: int) -> str:
    """A mobile number of the block 162 00 (none is kept for invented numbers; it is chosen here alone)."""
    return f"+8616200{serial % 1_000_000:06d}"


def bank_account(serial: int) -> str:
    """A 19-digit card number of an unassigned issuer, with its Luhn digit."""
    body = f"620000{serial:012d}"
    total = 0
    for place, char in enumerate(reversed(body)):
        digit = int(char) * (2 if place % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return body + str(-total % 10)


def random_stream(seed: int, name: str) -> np.random.Generator:
    """A random stream of its own for each part: a change in one leaves the others as they were."""
    return np.random.default_rng([seed, *name.encode()])

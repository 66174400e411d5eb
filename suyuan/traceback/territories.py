"""Where a licence holds, as far as its text can be read."""

import re
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np

from suyuan.graph.snapshot import GraphSnapshot, Int32Array

CHINA: Final = "CN"

_SEPARATORS: Final = re.compile(r"[;,，；、\s]+")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_DIVISION: Final = re.compile(r"[1-9]\d{5}")


@dataclass(frozen=True, slots=True)
class Territory:
    """Countries (ISO 3166-1 alpha-2) and divisions (GB/T 2260, without the zeros of the levels below).

    ``readable`` is false where the text is empty or says anything else: then nothing is known to lie outside.
    """

    countries: frozenset[str] = field(default_factory=frozenset)
    divisions: tuple[str, ...] = ()
    readable: bool = False

    @classmethod
    def of_text(cls, text: str | None) -> Self:
        """The territory that a text names.

        Examples
        --------
        >>> Territory.of_text("CN; 330000").divisions
        ('33',)
        >>> Territory.of_text("the north").readable
        False
        """
        parts = [part for part in _SEPARATORS.split((text or "").upper()) if part]
        countries = frozenset(part for part in parts if _COUNTRY.fullmatch(part))
        divisions = tuple(_prefix(part) for part in parts if _DIVISION.fullmatch(part))
        return cls(countries, divisions, bool(parts) and len(countries | {*divisions}) == len({*parts}))

    def leaves_out(self, snapshot: GraphSnapshot, sites: Int32Array) -> np.ndarray:
        """Which of some sites are known to lie outside."""
        columns = snapshot.nodes["Site"].columns
        known = {
            site: self._lies_outside(columns["country"][site].as_py(), columns["division_code"][site].as_py())
            for site in np.unique(sites).tolist()
        }
        return np.array([known[site] for site in sites.tolist()], np.bool_)

    def _lies_outside(self, country: str | None, division: str | None) -> bool:
        if not self.readable:
            return False
        country = country or (CHINA if division else None)
        if country is None or country in self.countries:
            return False
        if country != CHINA or not self.divisions:
            return True
        return division is not None and not division.startswith(self.divisions)


def _prefix(code: str) -> str:
    """A division's code as far as all codes within it begin with it."""
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code

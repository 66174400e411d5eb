"""Words of the Core Business Vocabulary (CBV 2.0, sections 7.1 to 7.5 and 7.8, 7.9) and their full spellings.

A word may stand bare (JSON), as a URN of CBV 1.x, as a web URI, or with the prefix ``cbv:`` or ``gs1:``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

_CBV = "https://ref.gs1.org/cbv/"
_GS1 = "https://gs1.org/voc/"


@dataclass(frozen=True, slots=True)
class WordList:
    """The words of one property.

    Attributes
    ----------
    uri : what stands before the word in a web URI
    urn : what stands before the word in a URN of CBV 1.x; empty where there was none
    """

    words: frozenset[str]
    uri: str
    urn: str = ""

    def bare(self, text: str) -> str:
        """The word by itself where the text is one in any spelling; otherwise the text as it stands."""
        for start in self._starts():
            if text.startswith(start) and text[len(start) :] in self.words:
                return text[len(start) :]
        return text

    def full(self, text: str) -> str:
        """The web URI of a bare word or URN; other texts as they stand."""
        if text in self.words:
            return self.uri + text
        if self.urn and text.startswith(self.urn):
            return self.uri + text[len(self.urn) :]
        return text

    def allows(self, text: str) -> bool:
        """Whether the text is a word of the list or has the form of a URI, which may be of any vocabulary."""
        return ":" in text or text in self.words

    def _starts(self) -> tuple[str, ...]:
        short = self.uri.replace(_CBV, "cbv:").replace(_GS1, "gs1:")
        return tuple(start for start in (self.urn, self.uri, short) if start)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BIZ_STEPS = WordList(
    _words(
        "accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting "
        "decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting "
        "installing killing loading other packing picking receiving removing repackaging repairing replacing "
        "reserving retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing "
        "transporting unloading unpacking void_shipping"
    ),
    f"{_CBV}BizStep-",
    "urn:epcglobal:cbv:bizstep:",
)
DISPOSITIONS = WordList(
    _words(
        "active available completeness_verified completeness_inferred conformant container_closed container_open "
        "damaged destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_instance "
        "mismatch_class mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other "
        "partially_dispensed recalled reserved retail_sold returned sellable_accessible sellable_not_accessible "
        "stolen unavailable unknown"
    ),
    f"{_CBV}Disp-",
    "urn:epcglobal:cbv:disp:",
)
BIZ_TRANSACTIONS = WordList(
    _words("bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt"),
    f"{_CBV}BTT-",
    "urn:epcglobal:cbv:btt:",
)
PARTIES = WordList(_words("owning_party possessing_party location"), f"{_CBV}SDT-", "urn:epcglobal:cbv:sdt:")
ERROR_REASONS = WordList(_words("did_not_occur incorrect_data"), f"{_CBV}ER-", "urn:epcglobal:cbv:er:")
MEASUREMENTS = WordList(
    _words(
        "AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Radioactivity Altitude AmountOfSubstance "
        "AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area Capacitance "
        "Conductance Conductivity Count Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity "
        "ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency "
        "Illuminance Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux "
        "LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration "
        "MassFlowRate MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power "
        "Pressure RadiantFlux RadiantIntensity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume "
        "Speed SurfaceDensity SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction "
        "VolumetricFlux Wavenumber"
    ),
    _GS1,
)
EXCEPTIONS = WordList(_words("ALARM_CONDITION ERROR_CONDITION"), _GS1)
COMPONENTS = WordList(
    _words(
        "x y z axial_distance azimuth height spherical_radius polar_angle elevation_angle easting northing latitude "
        "longitude altitude"
    ),
    f"{_CBV}Comp-",
)

OF_FIELD: Mapping[str, WordList] = MappingProxyType(
    {
        "bizStep": BIZ_STEPS,
        "disposition": DISPOSITIONS,
        "set": DISPOSITIONS,
        "unset": DISPOSITIONS,
        "reason": ERROR_REASONS,
        "exception": EXCEPTIONS,
        "component": COMPONENTS,
    }
)
"""Word lists by the field whose value they are; those of ``type`` depend on where it stands."""

TYPE_OF = MappingProxyType(
    {
        "bizTransactionList": BIZ_TRANSACTIONS,
        "sourceList": PARTIES,
        "destinationList": PARTIES,
        "sensorReport": MEASUREMENTS,
    }
)
"""Word lists of ``type`` by what it is the type of."""

PREFIXES = MappingProxyType({"cbv": _CBV, "gs1": _GS1})


@cache
def old_names() -> tuple[tuple[str, str], ...]:
    """URN beginnings of CBV 1.x and the web URI beginnings that took their place."""
    lists = (BIZ_STEPS, DISPOSITIONS, BIZ_TRANSACTIONS, PARTIES, ERROR_REASONS)
    return tuple((words.urn, words.uri) for words in lists)

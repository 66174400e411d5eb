"""Parameters of traces with what is known of how they came about: a fit with its calibration, or set by hand."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from suyuan.errors import ConfigError, ParameterError
from suyuan.traceback.calibration import LEAST_CASES, Calibration
from suyuan.traceback.parameters import DEFAULT_PARAMETERS, TraceParameters
from suyuan.traceback.uncertainty import Uncertainty

FORMAT: Final = "suyuan-trace-parameters"
VERSION: Final = 1
_HIGHEST: Final = 1e12


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """Parameters, the calibration that belongs to them, and the figures of the fit they come from.

    Parameters
    ----------
    fit : what ``suyuan trace fit`` found out, as it stands in the file; empty where parameters were set by hand.
    uncertainty : how sure the fit is of the parameters; None where they were set by hand, or the file does not tell,
        as those of earlier versions do not.
    """

    parameters: TraceParameters = DEFAULT_PARAMETERS
    calibration: Calibration | None = None
    fit: Mapping[str, Any] = field(default_factory=dict, hash=False)
    uncertainty: Uncertainty | None = None

    @property
    def seed(self) -> int:
        """A number, from 0 to 2^64 - 1, for what is drawn by these parameters: by the name of the fit."""
        name = str(self.fit.get("name", name_of(self.parameters)))
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")

    @classmethod
    def read(cls, file: Path) -> Self:
        """The set of a file: as :meth:`to_json` writes it, or an object of parameters alone.

        Raises
        ------
        ConfigError, ParameterError
        """
        try:
            document = json.loads(file.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, RecursionError) as error:
            raise ConfigError(f"Parameters: {file} cannot be read: {error}") from error
        if not isinstance(document, dict):
            raise ConfigError(f"Parameters: {file} holds no JSON object.")
        return cls.from_json(document)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """The set of a document.

        Raises
        ------
        ParameterError
        """
        if document.get("format") != FORMAT:
            return cls(TraceParameters.from_json(document))
        if document.get("version") != VERSION:
            raise ParameterError("version", document.get("version"), str(VERSION))
        parameters, fit = document.get("parameters"), document.get("fit")
        calibration, uncertainty = document.get("calibration"), document.get("uncertainty")
        if (
            not isinstance(parameters, dict)
            or not isinstance(fit, dict)
            or not isinstance(calibration, dict | None)
            or not isinstance(uncertainty, dict | None)
        ):
            raise ParameterError(
                "parameters", "this file", f"objects parameters and fit, as {FORMAT} has them"
            )
        return cls(
            TraceParameters.from_json(parameters),
            _calibration(calibration),
            fit,
            None if uncertainty is None else Uncertainty.from_json(uncertainty),
        )

    def to_json(self) -> dict[str, Any]:
        """The document that :meth:`read` reads."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "parameters": self.parameters.to_json(),
            "calibration": None if self.calibration is None else _calibration_json(self.calibration),
            "fit": dict(self.fit),
            **({} if self.uncertainty is None else {"uncertainty": self.uncertainty.to_json()}),
        }

    def in_answer(self) -> dict[str, Any]:
        """How an answer names the parameters it rests on."""
        if not self.fit:
            return {"fitted": False, "calibrated": False, **self.parameters.to_json()}
        told = {name: self.fit[name] for name in ("name", "cases", "data_cut_off") if name in self.fit}
        calibrated = self.calibration is not None
        return {
            "fitted": True,
            "fit": told,
            "calibrated": calibrated,
            "calibration": _calibration_json(self.calibration)
            if self.calibration
            else f"too few confirmed origins to calibrate: fewer than {LEAST_CASES}",
            **self.parameters.to_json(),
        }


def usual_parameters(file: Path | None) -> ParameterSet:
    """Those of the file that the settings name, read once; the defaults where they name none.

    Raises
    ------
    ConfigError, ParameterError
    """
    return ParameterSet() if file is None else _read_once(file)


@cache
def _read_once(file: Path) -> ParameterSet:
    return ParameterSet.read(file)


def name_of(parameters: TraceParameters) -> str:
    """A name for fitted parameters that tells equal ones apart from others."""
    text = json.dumps(parameters.to_json(), sort_keys=True)
    return "fit-" + hashlib.sha256(text.encode()).hexdigest()[:12]


def _calibration_json(calibration: Calibration) -> dict[str, Any]:
    return {"method": "temperature", "temperature": calibration.temperature, "cases": calibration.cases}


def _calibration(document: Any) -> Calibration | None:
    if document is None:
        return None
    temperature, cases = document.get("temperature"), document.get("cases")
    for name, value in (("temperature", temperature), ("cases", cases)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _HIGHEST:
            raise ParameterError(f"calibration.{name}", value, "a number")
    return Calibration(float(temperature), int(cases))

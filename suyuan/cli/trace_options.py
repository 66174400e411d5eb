"""Options that the commands built on traces have in common."""

from pathlib import Path
from typing import Annotated

import typer

from suyuan.cli.output import one_of
from suyuan.service.parametersets import ParameterSet, usual_parameters
from suyuan.settings import settings
from suyuan.traceback.parameters import UnknownTimes

MaxHopsOption = Annotated[int, typer.Option(min=1, max=10_000, help="Longest chain looked at.")]
UnknownTimesOption = Annotated[
    str,
    typer.Option(
        callback=one_of(*(mode.value for mode in UnknownTimes)),
        help="Movements without times: infer their bounds, exclude or include them.",
    ),
]
ParametersOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Parameters of traces (JSON), as trace fit --out writes them."),
]


def parameters_from(file: Path | None) -> ParameterSet:
    """The parameters of a file; without one, those that the settings name, else the defaults."""
    return usual_parameters(settings().trace_parameters) if file is None else ParameterSet.read(file)

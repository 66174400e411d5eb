"""``suyuan trace fit``: parameters from confirmed origins."""

import json
from pathlib import Path
from typing import Annotated

import typer

from suyuan.cli.output import JsonOption, note, print_json, progress_bar
from suyuan.service.fitting import fit_stores
from suyuan.service.whole_files import replacing
from suyuan.traceback.fitting import EVALUATIONS

app = typer.Typer()


@app.command()
def fit(
    truth: Annotated[
        Path | None,
        typer.Argument(
            metavar="TRUTH.csv",
            help="Known origins, columns case and factory; the store's confirmed_origins if not given.",
            show_default=False,
        ),
    ] = None,
    stores: Annotated[
        list[str] | None,
        typer.Option("--store", metavar="URL", help="Store to take cases from; may be given several times."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="PARAMS.json", help="File to write, for trace --parameters; without it, they are printed."
        ),
    ] = None,
    evaluations: Annotated[
        int, typer.Option(min=1, help="How often the likelihood is computed at most.")
    ] = EVALUATIONS,
    as_json: JsonOption = False,
) -> None:
    """Fit the parameters to confirmed origins, with cross-validation and calibration. 拟合参数"""
    with progress_bar("Fitting") as update:
        found = fit_stores(stores or [None], truth, evaluations=evaluations, progress=update)
    document = found.to_json()
    if out is not None:
        with replacing(out) as file:
            file.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    if as_json or out is None:
        print_json(document)
    checked = found.fit["cross_validation"]
    note(
        f"{found.fit['name']}: fitted to {found.fit['cases']} confirmed origins. On cases left out of the fit: "
        f"top-1 {checked['top1']:.3f}, top-3 {checked['top3']:.3f}, "
        f"calibration error {checked['calibration_error']:.3f}, "
        f"log-likelihood {checked['log_likelihood']:.3f} (defaults {checked['log_likelihood_of_defaults']:.3f})."
    )

"""Pages of docs/accuracy/ and their plots, written by the benchmarks that measured the figures."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np

from benchmarks.measure import CHECKOUT, commit
from suyuan.traceback.evaluation import calibration_bins

PAGES: Final = CHECKOUT / "docs" / "accuracy"
IMAGES: Final = CHECKOUT / "docs" / "images"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    rule = ["---"] * len(head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *lines))


def page(name: str, title: str, introduction: str, *sections: tuple[str, str]) -> None:
    """Write a page of sections (heading, text), with the day and the commit it was measured on."""
    when = f"Measured {datetime.now(UTC):%Y-%m-%d}, commit {commit()}."
    parts = [f"# {title}", f"{introduction} {when}", *(f"## {head}\n\n{text}" for head, text in sections)]
    PAGES.mkdir(exist_ok=True)
    (PAGES / f"{name}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def calibration_plot(name: str, probability: np.ndarray, correct: np.ndarray) -> None:
    """Probability given against how often it was right, as SVG in docs/images."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = name
    from matplotlib import pyplot as plt

    bins = calibration_bins(probability, correct)
    figure, axes = plt.subplots(figsize=(4.0, 4.0))
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    axes.plot([given for given, _, _ in bins], [right for _, right, _ in bins], marker="o")
    axes.set_xlabel("mean probability of the first origin")
    axes.set_ylabel("how often it was the true one")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    figure.tight_layout()
    IMAGES.mkdir(exist_ok=True)
    figure.savefig(IMAGES / name, metadata={"Date": None})
    plt.close(figure)

"""What findings say of a site or party: the standing without which nobody may be called an infringer."""

from collections.abc import Collection
from typing import Final

import numpy as np

from suyuan.graph.snapshot import GraphSnapshot
from suyuan.traceback.explanation import Standing
from suyuan.traceback.times import known_by

_BY_FINDING: Final = {
    ("infringing", "in_force"): Standing.DECIDED_IN_FORCE,
    ("infringing", "under_review"): Standing.UNDER_REVIEW,
    ("not_infringing", "in_force"): Standing.CLEARED,
    ("infringing", "revoked"): Standing.REVOKED,
}
"""Of several findings the first here counts."""


def standing_of_site(snapshot: GraphSnapshot, site: int, as_of: int | None = None) -> Standing:
    """The standing of a site by the findings that name it; later ones than ``as_of`` are left out.

    Findings against whoever runs the site, or about its goods, say nothing of the site itself.
    """
    edges = snapshot.edge_set("AGAINST", "Finding", "Site")
    if edges is None:
        return Standing.LEAD
    rows = edges.edges_into(site)
    rows = rows[known_by(edges.columns, as_of, rows)]
    columns = snapshot.nodes["Finding"].columns
    said = {
        (columns["outcome"][finding].as_py(), columns["finality"][finding].as_py())
        for finding in np.unique(edges.source[rows]).tolist()
    }
    return standing_by_findings(said)


def standing_by_findings(said: Collection[tuple[str | None, str | None]]) -> Standing:
    """The standing by outcome and finality of each finding; the weightiest counts.

    Examples
    --------
    >>> standing_by_findings([("infringing", "revoked"), ("infringing", "in_force")]).value
    'DECIDED_IN_FORCE'
    """
    return next((standing for finding, standing in _BY_FINDING.items() if finding in said), Standing.LEAD)

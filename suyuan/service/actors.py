"""Who is behind the shops, firms and persons of a store, at a cut-off date."""

from suyuan.analytics.actors import ActorResolution, resolve
from suyuan.service.actor_evidence import actor_evidence
from suyuan.service.workspace import Workspace


def resolve_actors(workspace: Workspace, as_of: int | None = None) -> ActorResolution:
    """Actors from what a store tells up to a cut-off date, microseconds since 1970 UTC (None: everything)."""
    return resolve(actor_evidence(workspace.view(), as_of))

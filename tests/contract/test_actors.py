"""Actors on every store: the same builds, judgements and history."""

from pathlib import Path

import pytest

from suyuan.analytics.actors import actor_id
from suyuan.errors import ConflictError
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.actor_building import actor_history, build_actors
from suyuan.service.actor_runs import actor_runs, keep_run
from suyuan.service.judgements import add_judgement, stored_judgements, undo_judgement
from suyuan.service.workspace import Workspace

A, B = "Seller:shop:1", "Seller:shop:2"


def test_builds_judgements_and_history(store_url: str, tmp_path: Path) -> None:
    (tmp_path / "sellers.csv").write_text("platform,seller_id\nshop,1\nshop,2\n", encoding="utf-8")
    (tmp_path / "identifiers.csv").write_text(
        f"owner,type,value\n{A},phone,13912345671\n{B},phone,13912345671\n", encoding="utf-8"
    )
    with Workspace.open(store_url, create=True) as workspace:
        documents = workspace.store.documents
        ingest(workspace.store, [tmp_path], IngestOptions())
        first = build_actors(workspace).to_json()["actors"]
        assert first == [{"id": actor_id(A), "members": [A, B]}]
        made = add_judgement(workspace.store, B, A, "different", by="李", why="现场不同")
        assert stored_judgements(documents) == [made]
        second = build_actors(workspace).to_json()["actors"]
        assert {actor["id"]: actor["members"] for actor in second} == {actor_id(A): [A], actor_id(B): [B]}
        undone = undo_judgement(documents, made.id, by="王", why="误判")
        assert stored_judgements(documents) == [undone]
        assert build_actors(workspace).to_json()["actors"] == first
        _, entries = actor_history(workspace, A)
        assert [(one.run, one.happened, one.records, one.judgements) for one in entries] == [
            (1, "joined", (A, B), ()),
            (2, "left", (B,), (made.id,)),
            (3, "joined", (B,), (made.id,)),
        ]
        runs = actor_runs(documents)
        with pytest.raises(ConflictError):
            keep_run(documents, runs[-1], [])
        assert actor_runs(documents) == runs

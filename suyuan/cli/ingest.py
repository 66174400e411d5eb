"""``suyuan ingest``: tables into the store."""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, get_args

import typer

from suyuan.cli.output import JsonOption, StoreOption, note, print_json, progress_bar
from suyuan.graph.store.base import RunInfo
from suyuan.ingest.feeds import Format
from suyuan.ingest.run import IngestOptions, ingest_sources, look_through
from suyuan.service.watching import FileOutcome, FolderWatch, WatchOptions
from suyuan.service.workspace import Workspace

app = typer.Typer()

SuggestOption = Annotated[
    bool,
    typer.Option(
        "--suggest-mapping",
        help="Ingest nothing: propose a mapping file from headers and first rows, with confidences.",
    ),
]

_SHOWN_REJECTS = 10


@app.command("ingest")
def ingest_command(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Tables, folders or zips.")],
    store: StoreOption = None,
    format_: Annotated[
        str, typer.Option("--format", help="auto, tables, epcis, foodchainlab or ftm.")
    ] = "auto",
    mapping: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Mapping of foreign columns (TOML); see docs/user/mapping.md."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Any bad row makes the run fail and change nothing.")
    ] = False,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="A full copy of its source (the file by its name, with that of its folder or zip): retire "
            "what it named before and no longer names.",
        ),
    ] = False,
    rejects: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for bad rows, to be mended and read again.")
    ] = None,
    suggest_mapping: SuggestOption = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Watch one folder and read files as they come, each once.")
    ] = False,
    move_to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --watch: where files go that were read.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read tables into the store. The same data twice changes nothing; a cut-off run is taken up again."""
    if suggest_mapping:
        if mapping is not None:
            raise typer.BadParameter("proposes a mapping and takes none", param_hint="--suggest-mapping")
        raise typer.Exit(print_suggestion(paths, as_json=as_json))
    if format_ not in get_args(Format):
        raise typer.BadParameter(f"one of {', '.join(get_args(Format))}", param_hint="--format")
    options = IngestOptions(
        format=format_,  # pyright: ignore[reportArgumentType] - checked above
        mapping=mapping,
        strict=strict,
        full=full,
        rejects=rejects,
    )
    if watch:
        watch_folder(store, paths, WatchOptions(ingest=options, move_to=move_to), as_json=as_json)
        return
    if move_to is not None:
        raise typer.BadParameter("goes with --watch only", param_hint="--move-to")
    document = read_once(store, paths, options, tell_run=not as_json or sys.stderr.isatty())
    if as_json:
        print_json(document)
    else:
        print_run(document)
    raise typer.Exit(1 if document["failed"] else 0)


def read_once(
    store: str | None, paths: list[Path], options: IngestOptions, *, tell_run: bool
) -> dict[str, Any]:
    """One run; gives its report. ``tell_run``: print its id when it begins, for who wants to follow it."""
    # Before the store is opened: a run that cannot begin leaves no empty store behind.
    sources = look_through(paths, options)
    with Workspace.open(store, create=True) as workspace, progress_bar("Ingesting") as update:

        def progress(file: str, rows: int, bytes_done: int, bytes_total: int) -> None:
            if update is not None:
                update(f"{file}, {rows:,} rows", bytes_done / max(bytes_total, 1))

        def begun(run: RunInfo) -> None:
            if tell_run:
                note(f"Run {run.run_id} begins.")

        return ingest_sources(workspace.store, sources, options, progress, begun).to_json()


def watch_folder(store: str | None, paths: list[Path], options: WatchOptions, *, as_json: bool) -> None:
    """Watches until the process is told to stop (SIGINT, SIGTERM)."""
    if len(paths) != 1:
        raise typer.BadParameter("one folder", param_hint="PATH with --watch")
    tell = _print_outcome_json if as_json else _print_outcome
    with Workspace.open(store, create=True) as workspace:
        watched = FolderWatch(workspace.store, paths[0], options, tell)

        def stop(number: int, frame: FrameType | None) -> None:
            watched.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        note(f"Watching {paths[0]}. Stop with Ctrl-C.")
        watched.run()


def _print_outcome_json(outcome: FileOutcome) -> None:
    told = {"problem": outcome.problem, "later": outcome.later} if outcome.report is None else outcome.report
    print_json({"file": outcome.name, **told})


def _print_outcome(outcome: FileOutcome) -> None:
    if outcome.report is None:
        note(f"{outcome.name}: {outcome.problem}{' It will be tried again.' if outcome.later else ''}")
        return
    report = outcome.report
    counts = ", ".join(f"{report[name]:,} {name}" for name in ("written", "unchanged", "rejected"))
    failed = " Failed: nothing was written (--strict)." if report["failed"] else ""
    note(f"{outcome.name}: {report['rows_read']:,} rows read, {counts}. Run {report['run_id']}.{failed}")


def print_suggestion(paths: list[Path], *, as_json: bool) -> int:
    """A proposed mapping on standard output, TOML or JSON; exit status 1 if no table fits any file."""
    from suyuan.ingest.suggestion import suggest
    from suyuan.ingest.suggestion_text import suggestion_json, suggestion_toml

    found = suggest(paths)
    if as_json:
        print_json(suggestion_json(found))
    elif found.found:
        typer.echo(suggestion_toml(found), nl=False)
    for skipped in found.unfit:
        note(f"{skipped.name}: {skipped.why}")
    if not found.found:
        note(
            "No table fits. Write a mapping by hand (docs/user/mapping.md), or correct the names of the columns."
        )
    return 0 if found.found else 1


def print_run(report: dict[str, Any]) -> None:
    """A run report for people, on standard error."""
    note(
        f"{report['rows_read']:,} rows read: {report['written']:,} written, "
        f"{report['unchanged']:,} unchanged, "
        f"{report['rejected']:,} rejected. Run {report['run_id']}."
    )
    for table, counts in report["by_table"].items():
        codes = ", ".join(f"{code} {count:,}" for code, count in counts["codes"].items())
        note(f"  {table:<18}{counts['rows_read']:>12,} rows" + (f"   {codes}" if codes else ""))
    for reject in report["rejects"][:_SHOWN_REJECTS]:
        value = "" if reject["value"] is None else f": {str(reject['value'])[:60]!r}"
        column = f", {reject['column']}" if reject["column"] else ""
        note(f"  {reject['file']}, row {reject['row']}{column}: {reject['code']}{value}")
    if len(report["rejects"]) > _SHOWN_REJECTS:
        note("  ... more with --json, all of them with --rejects DIR")
    for text in report.get("notes", ()):
        note(f"  {text}")

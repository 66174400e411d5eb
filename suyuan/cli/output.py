"""How commands print: one JSON document for programs, sentences for people, progress on a terminal only."""

import json
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from suyuan.errors import ConfigError, ParameterError, UnknownKindError
from suyuan.graph.store.opening import check_url
from suyuan.service.disclaimer import NOT_A_FINDING as NOT_A_FINDING
from suyuan.service.times import microseconds

"""What stands under every answer that people read."""


def one_of(*allowed: str) -> Callable[[str], str]:
    """A check of an option that takes one of a few words."""

    def check(value: str) -> str:
        if value not in allowed:
            raise typer.BadParameter(f"{value!r} is not possible; expected {' or '.join(allowed)}")
        return value

    return check


def _checked_time(value: str | None) -> str | None:
    with usage_errors():
        microseconds("time", value)
    return value


def _checked_store(value: str | None) -> str | None:
    if value is not None:
        try:
            check_url(value)
        except ConfigError as error:
            raise typer.BadParameter(error.message) from error
    return value


@contextmanager
def usage_errors() -> Generator[None]:
    """What is wrong with the options given, as a mistake in calling the command (exit status 2)."""
    try:
        yield
    except (ParameterError, UnknownKindError) as error:
        raise typer.BadParameter(error.message) from error


StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        callback=_checked_store,
        help="Store URL; default $SUYUAN_STORE, else sqlite:///suyuan.db.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
KnownAtOption = Annotated[
    str | None,
    typer.Option(
        "--known-at",
        metavar="T",
        callback=_checked_time,
        help="Only facts the store had by this time (ISO 8601, UTC; a day, month or year is its end).",
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="T",
        callback=_checked_time,
        help="Only events up to this time (ISO 8601, UTC; a day, month or year is its end).",
    ),
]


def print_json(document: object) -> None:
    """One JSON document, one line, UTF-8."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, separators=(", ", ": ")) + "\n")
    sys.stdout.flush()


def numbered_lines(file: str | None, option: str) -> Iterator[tuple[str, str]]:
    """Lines of a file, or of standard input (-), each with the place it stands at, for errors.

    Empty lines and those that begin with # are left out.
    """
    if file is None:
        return
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} cannot be read: {error}", param_hint=option) from error
    named = "standard input" if file == "-" else file
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield f"{named}, line {number}", line.strip()


def note(text: str) -> None:
    """A sentence for people, on standard error."""
    typer.echo(text, err=True)


@contextmanager
def progress_bar(title: str) -> Generator[Callable[[str, float], None] | None]:
    """A bar on standard error if that is a terminal; yields a function (what, share in [0, 1]), else None."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn

    # Names of files stand in the description; the usual column takes brackets in them for markup.
    columns = (
        TextColumn("{task.description}", style="progress.description", markup=False),
        *Progress.get_default_columns()[1:],
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=1.0)

        def update(what: str, share: float) -> None:
            progress.update(task, completed=share, description=f"{title}: {what}" if what else title)

        yield update

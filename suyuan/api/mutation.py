"""The mutation type."""

from collections.abc import Callable
from typing import Annotated

import strawberry

from suyuan.api.actor_types import Actor, Judgement, Verdict, actors_of, judgement_of, state_now
from suyuan.api.context import RequestContext
from suyuan.api.nodes import Info
from suyuan.errors import (
    AccessError,
    AlgorithmError,
    ConflictError,
    GraphError,
    IngestError,
    NotFoundError,
    ParameterError,
    SuyuanError,
)
from suyuan.service.judgements import StoredJudgement, add_judgement, undo_judgement
from suyuan.service.tokens import MAY_JUDGE

_Told = (NotFoundError, ConflictError, AlgorithmError, GraphError, IngestError)
"""What is wrong with what was asked for, or was changed in between: the caller can mend it."""

Record = Annotated[
    strawberry.ID,
    strawberry.argument(description="Id of a seller, firm or person, such as `Seller:shop:s00001`."),
]
Why = Annotated[str, strawberry.argument(description="The reason, for those who come later.")]


@strawberry.type(description="Why something was not done, for the person who asked for it.")
class UserError:
    """An error that the caller can mend."""

    code: str = strawberry.field(description="Stable code, such as `NOT_FOUND`.")
    message: str = strawberry.field(description="What was found, what is expected, what to do.")
    field: str | None = strawberry.field(description="The argument it is about, if it is about one.")


@strawberry.type(description="What became of a judgement; either it or errors.")
class JudgementPayload:
    """Answer of `judge` and `undoJudgement`."""

    judgement: Judgement | None = strawberry.field(description="The judgement; null if nothing was changed.")
    actors: list[Actor] = strawberry.field(
        description="The actors of its two records as they are now, by id."
    )
    errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty if it was.")


@strawberry.type(description="What can be changed. By POST only.")
class Mutation:
    """Changes of what people decide; records are changed by ingest alone."""

    @strawberry.mutation(
        description="Decide whether one party is behind two records. This outranks the machine, carries over to later "
        "builds (A is not B, B is C: A is not C) and can be taken back."
    )
    async def judge(
        self,
        info: Info,
        a: Record,
        b: Record,
        verdict: Annotated[Verdict, strawberry.argument(description="What is decided.")],
        why: Why,
    ) -> JudgementPayload:
        """A new judgement."""
        context = info.context
        store = context.services.workspace.store
        said = str(verdict.value)
        return await _answer(
            context, lambda: add_judgement(store, a, b, said, by=context.subject, why=why), {"a": a, "b": b}
        )

    @strawberry.mutation(
        description="Take a judgement back; the actors are again what they are without it. It stays on record as undone."
    )
    async def undo_judgement(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Id of the judgement.")],
        why: Why,
    ) -> JudgementPayload:
        """A judgement undone."""
        context = info.context
        documents = context.services.workspace.store.documents
        return await _answer(
            context, lambda: undo_judgement(documents, id, by=context.subject, why=why), {"id": id}
        )


async def _answer(
    context: RequestContext, work: Callable[[], StoredJudgement], given: dict[str, strawberry.ID]
) -> JudgementPayload:
    _require_right(context)
    try:
        stored = await context.read(work)
    except _Told as error:
        return JudgementPayload(judgement=None, actors=[], errors=[_user_error(error, given)])
    state = await state_now(context)
    actors = await context.compute(lambda: actors_of(state, stored.judgement.pair))
    return JudgementPayload(judgement=judgement_of(context, stored, state), actors=actors, errors=[])


def _require_right(context: RequestContext) -> None:
    caller = context.caller
    if caller is not None and caller.role not in MAY_JUDGE:
        raise AccessError(f"A token of the role {caller.role!r} may not judge. Ask for one of analyst.")


def _user_error(error: SuyuanError, given: dict[str, strawberry.ID]) -> UserError:
    field = error.name if isinstance(error, ParameterError) else None
    if isinstance(error, NotFoundError):
        field = next((name for name, text in given.items() if text.strip().endswith(error.key)), None)
    return UserError(code=error.code, message=error.message, field=field)

"""Which operation of a document is meant."""

from collections.abc import Iterator

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionContext

from suyuan.api.error_codes import BAD_USER_INPUT


def operation_named(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation of that name, the first one for None; None if there is no such operation."""
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode) and (
            name is None or (node.name is not None and node.name.value == name)
        ):
            return node
    return None


def require_operation_name(execution: ExecutionContext) -> None:
    """Refuses a document of several operations when the request does not name one.

    Without it Strawberry runs the first operation, which may not be the one that was meant.

    Raises
    ------
    GraphQLError
        With the code ``BAD_USER_INPUT``.

    References
    ----------
    GraphQL specification, section "GetOperation".
    """
    document = execution.graphql_document
    # Strawberry fills `operation_name` with the first one's, so only this tells what was asked for.
    if document is None or vars(execution)["_provided_operation_name"] is not None:
        return
    operations = sum(isinstance(node, OperationDefinitionNode) for node in document.definitions)
    if operations > 1:
        raise GraphQLError(
            f"The document has {operations} operations. Say which one to run as 'operationName'.",
            extensions={"code": BAD_USER_INPUT},
        )


class RequireOperationName(SchemaExtension):
    """:func:`require_operation_name` for a schema that Strawberry parses for."""

    def on_parse(self) -> Iterator[None]:
        """Count the operations as soon as the document is read."""
        yield
        require_operation_name(self.execution_context)

"""Which operation of a document is meant."""

from collections.abc import Iterator

from graphql import GraphQLError
from graphql.language import OperationDefinitionNode
from strawberry.extensions import SchemaExtension

from suyuan.api.error_codes import BAD_USER_INPUT


class RequireOperationName(SchemaExtension):
    """Refuses a document of several operations when the request does not name one.

    Without it Strawberry runs the first operation, which may not be the one that was meant.

    References
    ----------
    GraphQL specification, section "GetOperation".
    """

    def on_parse(self) -> Iterator[None]:
        """Count the operations as soon as the document is read."""
        yield
        document = self.execution_context.graphql_document
        # Strawberry fills `operation_name` with the first one's, so only this tells what was asked for.
        if document is None or vars(self.execution_context)["_provided_operation_name"] is not None:
            return
        operations = sum(isinstance(node, OperationDefinitionNode) for node in document.definitions)
        if operations > 1:
            raise GraphQLError(
                f"The document has {operations} operations. Say which one to run as 'operationName'.",
                extensions={"code": BAD_USER_INPUT},
            )

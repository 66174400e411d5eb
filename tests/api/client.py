"""A GraphQL client for tests, over HTTP."""

from typing import Any

import httpx

GRAPHQL = "application/graphql-response+json"


class Client:
    """Asks one server; ``token`` goes into every request."""

    def __init__(self, http: httpx.Client, token: str | None = None) -> None:
        self._http = http
        self._headers = {"accept": GRAPHQL} | ({"authorization": f"Bearer {token}"} if token else {})

    def post(self, query: str, **variables: Any) -> httpx.Response:
        """The response to a query."""
        body = {"query": query, "variables": variables}
        return self._http.post("/graphql", json=body, headers=self._headers)

    def data(self, query: str, **variables: Any) -> Any:
        """The data of a query that must have no error."""
        answer = self.post(query, **variables).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def errors(self, query: str, **variables: Any) -> list[dict[str, Any]]:
        """The errors of a query that must have some."""
        return self.post(query, **variables).json()["errors"]

    def code(self, query: str, **variables: Any) -> str:
        """The code of the one error of a query."""
        errors = self.errors(query, **variables)
        assert len(errors) == 1, errors
        return errors[0]["extensions"]["code"]

    def get(self, path: str) -> httpx.Response:
        """The response to a request of another path."""
        return self._http.get(path)

import re
from html.parser import HTMLParser

import pytest

from suyuan.web.assets import CONTENT_SECURITY_POLICY, graphiql_page, landing_page, static_directory


class _Page(HTMLParser):
    """Collects what the tests ask about a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.inline_code: list[str] = []
        self.languages: list[str] = []
        self._tag = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("href", "src"):
                self.links.append(value or "")
            elif name == "lang":
                self.languages.append(value or "")
            elif name == "style" or name.startswith("on"):
                self.inline_code.append(f"{tag} {name}")

    def handle_data(self, data: str) -> None:
        if self._tag in ("script", "style") and data.strip():
            self.inline_code.append(f"{self._tag}: {data}")


pages = pytest.mark.parametrize("text", [landing_page(), graphiql_page()], ids=["landing", "graphiql"])


@pages
def test_a_page_has_no_inline_script_or_style(text: str) -> None:
    assert _Page(text).inline_code == []


@pages
def test_every_link_of_a_page_is_relative_and_every_file_exists(text: str) -> None:
    links = _Page(text).links
    assert links
    assert [link for link in links if link.startswith("/") or ":" in link] == []
    files = [link.removeprefix("static/") for link in links if link.startswith("static/")]
    assert [file for file in files if not (static_directory() / file).is_file()] == []


@pages
def test_a_page_names_its_languages(text: str) -> None:
    languages = _Page(text).languages
    assert languages[0] == "en"
    assert "zh-Hans" in languages


def test_the_landing_page_needs_no_script_and_has_landmarks() -> None:
    tags = _Page(landing_page()).tags
    assert "script" not in tags
    assert {"header", "main", "nav", "h1"} <= set(tags)
    assert tags.count("h1") == 1


def test_the_landing_page_links_the_explorer_only_where_there_is_one() -> None:
    with_it, without_it = _Page(landing_page()).links, _Page(landing_page(explorer=False)).links
    assert {"graphiql", "schema.graphql", "livez", "readyz", "metrics"} <= set(with_it)
    assert set(with_it) - set(without_it) == {"graphiql", "schema.graphql"}


def test_the_policy_allows_no_foreign_source() -> None:
    assert "'unsafe-eval'" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert re.search(r"script-src 'self';", CONTENT_SECURITY_POLICY)


def test_each_bundled_package_is_listed_with_a_licence() -> None:
    text = (static_directory() / "graphiql" / "LICENSES.txt").read_text(encoding="utf-8")
    licences = re.findall(r"^={80}\n(\S+ \S+)\nLicence: (.+)\n={80}$", text, re.MULTILINE)
    names = {title.rsplit(" ", 1)[0] for title, _ in licences}
    assert {"graphiql", "graphql", "graphql-ws", "monaco-editor", "react", "react-dom"} <= names
    assert {licence for _, licence in licences} <= {"MIT", "Apache-2.0", "BSD-2-Clause", "0BSD", "ISC"}

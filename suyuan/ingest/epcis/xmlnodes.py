"""XML read piece by piece: each event or vocabulary element is handed over as soon as it is complete.

A document that declares entities is refused: nothing is expanded and nothing is fetched.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, NoReturn
from xml.parsers import expat

from suyuan.errors import IngestError

_CHUNK = 1 << 18
_DEEPEST = 200
_MOST_KEPT = 200_000
_EPCIS = "urn:epcglobal:epcis"
_WRAPPERS = ("extension", "baseExtension")


@dataclass(slots=True)
class Node:
    """An element. Names are local for elements of the standard, ``{namespace}local`` for all others.

    ``vocabulary`` is the type of the vocabulary that a vocabulary element stands in.
    """

    name: str
    attributes: dict[str, str]
    line: int
    vocabulary: str = ""
    children: list["Node"] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What stands between its tags, without outer blanks."""
        return "".join(self.texts).strip()

    def child(self, name: str) -> "Node | None":
        """The first child of that name."""
        return next((node for node in self.children if node.name == name), None)


def plain_name(name: str) -> str:
    """A name as expat tells it (namespace, blank, local name) in the spelling of :class:`Node`."""
    namespace, blank, local = name.rpartition(" ")
    if not blank or namespace.startswith(_EPCIS):
        return local
    return f"{{{namespace}}}{local}"


class XmlDocument:
    """An XML document while it is read. ``root`` is known once the first node has been handed over."""

    def __init__(self, stream: IO[bytes], source: str) -> None:
        self._stream = stream
        self._source = source
        self._open: list[Node] = []
        self._ready: deque[Node] = deque()
        self._kept = 0
        self.root: Node | None = None
        self.schema = ""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = self._entity
        parser.SkippedEntityHandler = self._entity
        parser.UseForeignDTD(False)
        self._parser = parser

    def records(self) -> Iterator[Node]:
        """Children of every ``EventList`` and every ``VocabularyElementList``; at the end the root is whole.

        Events are told from vocabulary elements by their names. What was handed over is not kept.

        Raises
        ------
        IngestError
            The text is no well-formed XML, or has a document type declaration.
        """
        ended = False
        while not ended:
            chunk = self._stream.read(_CHUNK)
            ended = not chunk
            self._parse(chunk, final=ended)
            while self._ready:
                yield self._ready.popleft()

    def _parse(self, chunk: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(chunk, final)
        except expat.ExpatError as error:
            self._fail(
                f"is no well-formed XML: line {error.lineno}, column {error.offset + 1}: {_why(error)}."
            )
        except (LookupError, ValueError) as error:
            self._fail(f"has an encoding that is not read ({error}). Save it as UTF-8.")

    def _fail(self, what: str) -> NoReturn:
        raise IngestError(what, source=self._source)

    def _entity(self, *_: object) -> None:
        self._fail(
            f"declares or uses an entity of its own in line {self._parser.CurrentLineNumber}, which could hide "
            "anything: it is refused. Write out what the entity stands for."
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        plain = {plain_name(key): value for key, value in attributes.items()}
        node = Node(plain_name(name), plain, self._parser.CurrentLineNumber)
        if self.root is None:
            self.root = node
            self.schema = name.rpartition(" ")[0]
        self._open.append(node)
        if len(self._open) > _DEEPEST:
            self._fail(f"has elements more than {_DEEPEST} deep in line {node.line}.")

    def _end(self, _: str) -> None:
        node = self._open.pop()
        if not self._open:
            return
        parent = self._open[-1]
        if self._is_list_of_records():
            if node.name not in _WRAPPERS:
                node.vocabulary = self._vocabulary()
                self._ready.append(node)
            return
        parent.children.append(node)
        if not self._in_record():
            self._kept += 1
            if self._kept > _MOST_KEPT:
                self._fail(f"has more than {_MOST_KEPT:,} elements outside of its events.")

    def _vocabulary(self) -> str:
        found = next((node for node in reversed(self._open) if node.name == "Vocabulary"), None)
        return found.attributes.get("type", "") if found else ""

    def _is_list_of_records(self) -> bool:
        """Whether the innermost open element is a list of events or vocabulary elements."""
        for node in reversed(self._open):
            if node.name in ("EventList", "VocabularyElementList"):
                return True
            if node.name not in _WRAPPERS:
                return False
        return False

    def _in_record(self) -> bool:
        return any(node.name in ("EventList", "VocabularyElementList") for node in self._open)

    def _characters(self, text: str) -> None:
        if self._open:
            self._open[-1].texts.append(text)


def _why(error: expat.ExpatError) -> str:
    return expat.ErrorString(error.code) or str(error)

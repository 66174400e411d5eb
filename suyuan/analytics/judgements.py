"""What analysts decided about who is the same, and what follows from it.

Judgements are only ever added. The newest on a pair counts; undoing one is to leave it out, and what held before holds
again, because clusters are worked out from the evidence and the judgements in force and from nothing else.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from suyuan.errors import ParameterError

Verdict = Literal["same", "different", "unsure"]
VERDICTS: Final = get_args(Verdict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One decision about two records.

    Parameters
    ----------
    judgement_id : its own id; what an undo names.
    left, right : canonical ids of two records, in any order.
    verdict : ``same`` or ``different`` outrank the machine; ``unsure`` takes back what was said of the pair before.
    by, why : who decided, and the reason given.
    at : when, microseconds UTC.

    Raises
    ------
    ParameterError
        The two are one record, or there is no such verdict.
    """

    judgement_id: str
    left: str
    right: str
    verdict: Verdict
    by: str
    at: int
    why: str

    def __post_init__(self) -> None:
        if self.left == self.right:
            raise ParameterError("right", self.right, "another record than the left one")
        if self.verdict not in VERDICTS:
            raise ParameterError("verdict", self.verdict, "one of " + ", ".join(VERDICTS))

    @property
    def pair(self) -> tuple[str, str]:
        """Both ids in order."""
        return (self.left, self.right) if self.left < self.right else (self.right, self.left)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What follows from the judgements in force.

    same : each record that a judgement joins to others -> the first id of its group.
    different : pairs of groups (of first ids; a record by itself is its own group) that must stay apart, each in order.
    in_force : judgements that hold, newest first.
    overruled : judgements of which newer ones say the opposite, on the same pair or by what follows from them.
    """

    same: dict[str, str] = field(default_factory=dict[str, str])
    different: frozenset[tuple[str, str]] = frozenset()
    in_force: tuple[Judgement, ...] = ()
    overruled: tuple[Judgement, ...] = ()

    def group(self, record: str) -> str:
        """The first id of a record's group."""
        return self.same.get(record, record)

    def verdict(self, left: str, right: str) -> Verdict | None:
        """What follows for two records; None if nothing does.

        Examples
        --------
        >>> said = [Judgement("1", "A", "B", "different", "li", 1, ""), Judgement("2", "B", "C", "same", "li", 2, "")]
        >>> verdicts_of(said).verdict("C", "A")
        'different'
        """
        first, second = sorted((self.group(left), self.group(right)))
        if first == second:
            return "same"
        return "different" if (first, second) in self.different else None


class ApartGroups:
    """Groups that grow by joining, some pairs of which must stay apart.

    Joining two groups hands all that must stay apart from either to both: A apart from B, B joined with C, so A is
    apart from C.
    """

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._apart: dict[str, set[str]] = {}

    def group(self, member: str) -> str:
        """The name of a member's group: its first member in the order of texts."""
        root = member
        while self._parent.get(root, root) != root:
            root = self._parent[root]
        while self._parent.get(member, member) != root:
            self._parent[member], member = root, self._parent[member]
        return root

    def separate(self, left: str, right: str) -> bool:
        """Keep two groups apart from now on; False if they are one."""
        first, second = self.group(left), self.group(right)
        if first == second:
            return False
        self._apart.setdefault(first, set()).add(second)
        self._apart.setdefault(second, set()).add(first)
        return True

    def join(self, left: str, right: str) -> bool:
        """Make two groups one; False if they must stay apart."""
        kept, given = sorted((self.group(left), self.group(right)))
        if kept == given:
            return True
        if given in self._apart.get(kept, ()):
            return False
        self._parent[given] = kept
        for other in self._apart.pop(given, ()):
            self._apart[other].discard(given)
            self._apart[other].add(kept)
            self._apart.setdefault(kept, set()).add(other)
        return True

    def joined(self) -> dict[str, str]:
        """Every member that was ever joined to another -> its group."""
        names = set(self._parent) | {self.group(name) for name in self._parent}
        return {name: self.group(name) for name in names}

    def apart(self) -> frozenset[tuple[str, str]]:
        """Pairs of groups that must stay apart, each in order."""
        return frozenset(
            (first, second) for first, others in self._apart.items() for second in others if first < second
        )


def verdicts_of(judgements: Iterable[Judgement], undone: Collection[str] = ()) -> Verdicts:
    """What follows from judgements, whatever their order.

    Parameters
    ----------
    judgements : any order; of two at the same moment the greater ``judgement_id`` is the newer.
    undone : ids of judgements that were taken back.

    Notes
    -----
    Newest first, each counts unless it contradicts what newer ones imply. Same is taken through (A=B and B=C gives
    A=C), and so is different through same (A≠B and B=C gives A≠C). Records need not exist: a judgement on one that
    left the data still carries over between those that are in it.
    """
    kept = [judgement for judgement in judgements if judgement.judgement_id not in undone]
    groups = ApartGroups()
    said: set[tuple[str, str]] = set()
    in_force: list[Judgement] = []
    overruled: list[Judgement] = []
    for judgement in sorted(kept, key=lambda one: (one.at, one.judgement_id), reverse=True):
        holds = judgement.pair not in said and _accepted(groups, judgement)
        (in_force if holds else overruled).append(judgement)
        said.add(judgement.pair)
    return Verdicts(groups.joined(), groups.apart(), tuple(in_force), tuple(overruled))


def _accepted(groups: ApartGroups, judgement: Judgement) -> bool:
    if judgement.verdict == "same":
        return groups.join(judgement.left, judgement.right)
    if judgement.verdict == "different":
        return groups.separate(judgement.left, judgement.right)
    return True


def records_named(judgements: Sequence[Judgement]) -> set[str]:
    """Every record that a judgement is about."""
    return {record for judgement in judgements for record in judgement.pair}

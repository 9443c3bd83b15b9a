"""Lineage: versions that are joined are one entity, in whatever order that is learned."""

from hypothesis import given
from hypothesis import strategies as st

from aura.record import lineage
from aura.syntax.types import Side

from .recording import Log, Name, side

F, G = Name("a.py", "f"), Name("a.py", "g")
Link = tuple[Side | None, Side | None]
NAMES = [F, G, Name("b.py", "f")]
VERSIONS = [side(name, text) for name in NAMES for text in (1, 2)]


def id_of(log: Log, version: Side) -> str | None:
    entity = lineage.entity_of(log.db, 1, version)
    return lineage.id_of(log.db, entity) if entity is not None else None


def sets(log: Log, links: list[Link]) -> set[frozenset[int]]:
    """Return which versions, by number, are one entity after commits told of these links."""
    for link in links:
        lineage.settle(log.db, 1, *link)
    found: dict[int | None, set[int]] = {}
    for number, version in enumerate(VERSIONS):
        found.setdefault(lineage.entity_of(log.db, 1, version), set()).add(number)
    return {frozenset(same) for entity, same in found.items() if entity is not None}


links = st.lists(
    st.tuples(st.sampled_from([None, *VERSIONS]), st.sampled_from([None, *VERSIONS])).filter(any), max_size=9
)


@given(links, st.randoms())
def test_the_order_of_reading_changes_nothing(told: list[Link], random: st.DataObject) -> None:
    shuffled = list(told)
    random.shuffle(shuffled)
    assert sets(Log(), told) == sets(Log(), shuffled)


@given(links)
def test_every_id_that_was_ever_given_still_finds_its_entity(told: list[Link]) -> None:
    log, given_out = Log(), dict[str, Side]()
    for link in told:
        lineage.settle(log.db, 1, *link)
        given_out |= {id_: v for v in VERSIONS if (id_ := id_of(log, v)) is not None}
    for id_, version in given_out.items():
        assert lineage.by_id(log.db, id_) == lineage.entity_of(log.db, 1, version)


def test_the_older_id_stays_where_two_turn_out_to_be_one(log: Log) -> None:
    first = id_of(log, side(F, 1))
    lineage.settle(log.db, 1, None, side(G, 2))
    lineage.settle(log.db, 1, side(F, 1), side(G, 2))
    assert id_of(log, side(G, 2)) == first


def test_what_a_work_tree_makes_joins_nothing_that_is_known(log: Log) -> None:
    lineage.settle(log.db, 1, None, side(G, 2))
    lineage.note(log.db, 1, side(F, 1), side(G, 2))
    lineage.note(log.db, 1, side(F, 1), side(F, 7))
    assert id_of(log, side(F, 1)) == id_of(log, side(F, 7)) != id_of(log, side(G, 2))


def test_an_addition_in_place_of_another_is_the_same_entity_by_name(log: Log) -> None:
    old = log.commit("as it was first", (None, G, 2))
    new = log.commit("amended", (None, G, 3))
    lineage.join_additions(log.db, old, new)
    assert log.entity(G, 2) == log.entity(G, 3)


def test_a_shape_that_several_have_joins_nothing(log: Log) -> None:
    def add(name: str, *called: str) -> int:
        seq = log.commit(name)
        for number, one in enumerate(called):
            made = side(Name("a.py", one), number + 10)
            ends = lineage.settle(log.db, 1, None, Side(**{**_fields(made), "shape": "00000000000000aa"}))
            log.db.execute(
                "INSERT INTO nodes VALUES (?,?,'added',NULL,?,'none',x'','bound',?)",
                (seq, number, ends.new, name),
            )
        return seq

    lineage.join_additions(log.db, add("two alike", "one", "two"), add("one of them", "three"))
    assert log.entity(Name("a.py", "three"), 10) != log.entity(Name("a.py", "one"), 10)
    lineage.join_additions(log.db, add("one", "four"), add("the same, renamed", "five"))
    assert log.entity(Name("a.py", "four"), 10) == log.entity(Name("a.py", "five"), 10)


def _fields(made: Side) -> dict[str, object]:
    return {name: getattr(made, name) for name in made.__struct_fields__}

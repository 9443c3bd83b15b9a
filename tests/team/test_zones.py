import pytest
from msgspec.structs import replace

from aura.api import Actor, Caller, Place, now_us
from aura.errors import AuraError
from aura.record.events import after
from aura.store import Connection
from aura.team import messages, zones
from aura.team.areas import Area
from aura.team.zones import ZONES, Mode, NewZone, Release, Renewal, Zone

FILE = Area("path", "shop.py", "shop.py")


@pytest.fixture
def ada(db: Connection, ada: Caller) -> Caller:
    db.execute("INSERT INTO repositories (slug, common_dir, registered_at) VALUES ('shop', '/shop/.git', 0)")
    place = Place(1, "shop", "wkt_1", "/shop", "/shop/.git", "/shop/.git")
    return replace(ada, place=place)


@pytest.fixture
def bo(ada: Caller) -> Caller:
    return replace(ada, actor=Actor("bo@example.org", "human", "Bo"))


def claim(
    db: Connection, caller: Caller, mode: Mode = "exclusive", area: Area = FILE, expires: str = "2h"
) -> Zone:
    return zones.take(db, caller, NewZone(area.target, mode, expires=expires), area)


def listed(db: Connection, caller: Caller) -> list[str]:
    return [zone.id for zone in zones.list_(db, caller, ZONES.query_type()()).data]


def end(db: Connection, zone: Zone) -> None:
    db.execute("UPDATE zones SET expires_at = ? WHERE id = ?", (now_us(), zone.id))


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        ("exclusive", "exclusive", True),
        ("exclusive", "shared", True),
        ("shared", "exclusive", True),
        ("block", "shared", True),
        ("shared", "block", True),
        ("shared", "shared", False),
    ],
)
def test_only_shared_zones_are_shared(
    db: Connection, ada: Caller, bo: Caller, first: Mode, second: Mode, refused: bool
) -> None:
    held = claim(db, ada, first)
    if not refused:
        assert claim(db, bo, second).id != held.id
        return
    with pytest.raises(AuraError, match=r"cannot claim shop\.py: Ada has shop\.py until") as error:
        claim(db, bo, second)
    assert error.value.code == "zone_conflict"
    assert error.value.details == {
        "zone": held.id, "owner": "ada@example.org", "session": None, "expires_at": held.expires_at,
    }  # fmt: skip


def test_claiming_again_prolongs_what_one_has(db: Connection, ada: Caller) -> None:
    first = claim(db, ada, expires="1h")
    again = claim(db, ada, expires="3h")
    assert again.id == first.id
    assert again.expires_at > first.expires_at


def test_two_sessions_of_one_person_are_two_owners(db: Connection, ada: Caller) -> None:
    claim(db, replace(ada, session="ses_1"))
    with pytest.raises(AuraError, match="cannot claim"):
        claim(db, replace(ada, session="ses_2"))
    with pytest.raises(AuraError, match="cannot claim"):
        claim(db, ada)


def test_a_zone_whose_time_is_over_is_nobodys(db: Connection, ada: Caller, bo: Caller) -> None:
    held = claim(db, ada)
    assert zones.expire(db, ada) == 0
    end(db, held)
    assert listed(db, ada) == []
    assert claim(db, bo).owner.name == "Bo"
    assert zones.expire(db, ada) == 1
    assert zones.get(db, held.id).state == "expired"


def test_only_the_owner_renews_and_releases(db: Connection, ada: Caller, bo: Caller) -> None:
    held = claim(db, ada)
    with pytest.raises(AuraError, match="it is Ada's"):
        zones.renew(db, bo, Renewal(held.id))
    with pytest.raises(AuraError, match="it is Ada's"):
        zones.release(db, bo, Release(held.id))
    assert zones.renew(db, ada, Renewal(held.id, "3d")).expires_at > held.expires_at
    assert zones.release(db, ada, Release(held.id)).state == "released"
    with pytest.raises(AuraError, match="it was released"):
        zones.release(db, ada, Release(held.id))
    assert claim(db, bo).state == "active"


def test_what_is_taken_by_force_is_told_to_its_owner(db: Connection, ada: Caller, bo: Caller) -> None:
    held = claim(db, ada)
    assert zones.release(db, bo, Release(held.id, force=True)).state == "released"
    (message,) = messages.take(db, ada).data
    assert message.body == "Bo released the zone shop.py by force"
    assert (message.channel, message.to.id) == ("sentinel", "ada@example.org")


def test_a_refusal_is_recorded_and_told_to_the_owner(db: Connection, ada: Caller, bo: Caller) -> None:
    held = claim(db, replace(ada, session="ses_1"))
    zones.contest(db, bo, held.id, "shop.py")
    assert [event.type for _, event in after(db, 0)] == ["zone.claimed", "zone.contested", "message.posted"]
    (message,) = messages.take(db, replace(ada, session="ses_1")).data
    assert message.body == "Bo wants shop.py, where you have the zone shop.py"


def test_an_owner_is_told_once_by_each_who_asks_again_and_again(
    db: Connection, ada: Caller, bo: Caller
) -> None:
    held = claim(db, ada)
    for caller in (bo, bo, replace(bo, session="ses_2"), bo):
        zones.contest(db, caller, held.id, "shop.py")
    zones.contest(db, bo, held.id, "shop.py:pay")
    assert [event.type for _, event in after(db, 0)].count("zone.contested") == 3
    assert len(messages.take(db, ada).data) == 3


@pytest.mark.parametrize("span", ["0m", "31d", "-1h", "soon"])
def test_a_zone_lasts_a_month_at_most(db: Connection, ada: Caller, span: str) -> None:
    with pytest.raises(AuraError, match="cannot"):
        claim(db, ada, expires=span)


def test_a_change_enters_the_zones_of_others_alone(db: Connection, ada: Caller, bo: Caller) -> None:
    elsewhere = replace(bo, place=replace(bo.here, path="/side"))
    theirs = claim(db, ada, area=Area("entity", "pay", "shop.py", "ent_1"))
    claim(db, elsewhere, area=Area("path", "docs/", "docs/"))
    touched = [("docs/a.md", "a.md", None), ("till.py", "charge", "ent_1"), ("till.py", "charge", "ent_1")]
    assert [(zone.id, path) for zone, path in zones.entered(db, elsewhere, touched)] == [
        (theirs.id, "till.py")
    ]
    assert zones.entered(db, elsewhere, [("shop.py", "refund", "ent_2")]) == []


def test_who_names_no_session_is_not_held_up_in_the_same_work_tree(
    db: Connection, ada: Caller, bo: Caller
) -> None:
    claim(db, replace(ada, session="ses_1"))
    touched = [("shop.py", "pay", None)]
    assert zones.entered(db, bo, touched) == []
    assert len(zones.entered(db, replace(bo, session="ses_2"), touched)) == 1


def test_a_zone_of_ones_own_is_named_as_the_list_shows_it(db: Connection, ada: Caller, bo: Caller) -> None:
    held = zones.take(db, ada, NewZone("src/*.py"), Area("glob", "src/*.py"))
    assert zones.renew(db, ada, Renewal("src/*.py", "3d")).id == held.id
    with pytest.raises(AuraError, match="among your own") as refused:
        zones.release(db, bo, Release("src/*.py"))
    assert refused.value.code == "zone_not_found"
    assert zones.release(db, ada, Release("src/*.py")).state == "released"
    for new in (NewZone("f", "shared"), NewZone("f", "exclusive")):
        zones.take(db, ada, new, Area("entity", "f", "a.py", "ent_1"))
    with pytest.raises(AuraError, match="which zone f is meant"):
        zones.release(db, ada, Release("f"))


def test_times_are_told_as_everywhere_else(db: Connection, ada: Caller, bo: Caller) -> None:
    zones.take(db, ada, NewZone("shop.py"), Area("path", "shop.py", "shop.py"))
    with pytest.raises(AuraError, match=r"until \d{4}-\d\d-\d\d \d\d:\d\d$"):
        zones.take(db, bo, NewZone("shop.py"), Area("path", "shop.py", "shop.py"))

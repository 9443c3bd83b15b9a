"""The life of an entity, of every kind of event, in small repositories with real git."""

from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from ..running import eventually
from .daemons import Aura

BODY = """    total = order.sum()
    total = total * (1 + rate)
    order.close(total)
    return total
"""
OTHER = "def unrelated(path):\n    with open(path) as file:\n        return file.read().split()\n"


def charge(name: str = "charge", *, sign: str = "(order, rate)", body: str = BODY) -> str:
    return f"def {name}{sign}:\n{body}"


def class_of(name: str) -> str:
    return (
        f"class {name}:\n    rate = 1\n\n    def pay(self, order):\n        return order.sum() * self.rate\n"
    )


@pytest.fixture
def known(aura: Aura, repo: GitRepo) -> GitRepo:
    repo.commit({"shop.py": charge(), "io.py": OTHER}, "begin")
    aura.init(repo)
    return repo


@pytest.fixture(params=["with hooks", "without hooks"])
def hooked(request: pytest.FixtureRequest, aura: Aura, known: GitRepo) -> GitRepo:
    if request.param == "with hooks":
        aura.ok("hooks", "install", cwd=known.path)
    return known


def committed(aura: Aura, repo: GitRepo, files: dict[str, str | bytes | None], message: str) -> str:
    sha = repo.commit(files, message)
    aura.recorded(repo, sha)
    return sha


def now_told(aura: Aura, repo: GitRepo, what: str, wanted: list[tuple[str, str]]) -> None:
    """Wait until the daemon has noticed what git did, and tells this life."""
    eventually(lambda: aura.told(repo, what) == wanted or None, 20)


def test_each_kind_of_event_is_told(aura: Aura, known: GitRepo) -> None:
    logged = BODY.replace("    return", "    log(total)\n    return")
    committed(aura, known, {"shop.py": charge(body=logged)}, "log it")
    committed(aura, known, {"shop.py": charge("bill", body=logged)}, "say bill")
    signed = charge("bill", sign="(order, rate, tip)", body=logged)
    committed(aura, known, {"shop.py": signed}, "take a tip")
    committed(aura, known, {"shop.py": signed.replace("(1 + rate)", "(\n        1 + rate\n    )")}, "lay out")
    committed(aura, known, {"io.py": OTHER + "\n\n" + signed, "shop.py": "X = 1\n"}, "move it")
    committed(aura, known, {"io.py": OTHER}, "nobody bills")
    assert aura.told(known, "bill") == [
        ("deleted", "nobody bills"),
        ("moved", "move it"),
        ("formatting_only", "lay out"),
        ("signature_changed", "take a tip"),
        ("renamed", "say bill"),
        ("body_changed", "log it"),
        ("added", "begin"),
    ]


def test_an_extraction_says_where_the_code_came_from(aura: Aura, known: GitRepo) -> None:
    total = BODY.replace("order.close(total)", "total = round(total, 2)").replace(
        "return total", "check(total)"
    )
    committed(aura, known, {"shop.py": charge(body=total + "    return send(total)\n")}, "longer")
    taken = charge("summed", body=total + "    return total\n")
    rest = charge(body="    total = summed(order, rate)\n    return send(total)\n")
    committed(aura, known, {"shop.py": taken + "\n\n" + rest}, "take the sum out")
    (entry,) = aura.json("log", "summed", cwd=known.path)["data"]
    assert entry["changes"] == ["extracted"]
    assert [r["name"] for r in entry["node"]["related"]] == ["charge"]


def test_members_travel_with_their_class_and_its_file(aura: Aura, known: GitRepo) -> None:
    committed(aura, known, {"till.py": class_of("Till")}, "a till")
    first = aura.id_of(known, "Till.pay")
    committed(aura, known, {"till.py": class_of("Desk")}, "a desk")
    known.git("mv", "till.py", "desk.py")
    committed(aura, known, {}, "a file of its own")
    assert aura.told(known, "Desk.pay") == [
        ("carried", "a file of its own"),
        ("carried", "a desk"),
        ("added", "a till"),
    ]
    assert aura.id_of(known, "desk.py:Desk.pay") == first
    found = aura.json("why", "Desk.pay", cwd=known.path)
    assert found["about"]["path"] == "desk.py"
    assert found["about"]["id"] == first


def test_a_reverted_deletion_goes_on_and_a_new_text_is_another(aura: Aura, known: GitRepo) -> None:
    first = aura.id_of(known, "charge")
    committed(aura, known, {"shop.py": "X = 1\n"}, "delete it")
    known.git("revert", "--no-edit", "HEAD")
    aura.recorded(known, known.rev("HEAD"))
    assert [changes for changes, _ in aura.told(known, "charge")] == ["added", "deleted", "added"]
    assert aura.id_of(known, "charge") == first
    committed(aura, known, {"shop.py": "X = 1\n"}, "delete it again")
    committed(aura, known, {"shop.py": "def charge(card):\n    return card.take()\n"}, "another")
    assert aura.told(known, "charge") == [("added", "another")]
    assert aura.id_of(known, "charge") != first


def test_overloads_have_a_life_each(aura: Aura, known: GitRepo) -> None:
    one, two = "int f(int a) {\n  return a + 1;\n}\n", "int f(char *b) {\n  return b[0];\n}\n"
    committed(aura, known, {"a.cpp": two}, "one of them")
    committed(aura, known, {"a.cpp": one + two}, "both")
    committed(aura, known, {"a.cpp": one.replace("1", "2") + two}, "the new one")
    assert aura.told(known, "a.cpp:1") == [("body_changed", "the new one"), ("added", "both")]
    assert aura.told(known, "a.cpp:4") == [("carried", "both"), ("added", "one of them")]


def test_one_entity_has_one_id_by_whatever_it_is_called(aura: Aura, known: GitRepo) -> None:
    committed(aura, known, {"shop.py": charge("bill")}, "say bill")
    (known.path / "sub").mkdir()
    ids = {aura.id_of(known, what) for what in ("bill", "charge", "shop.py:bill", "shop.py:2")}
    assert len(ids) == 1
    assert aura.json("log", "../shop.py:1", cwd=known.path / "sub")["data"][0]["entity"] in ids
    assert aura.told(known, ids.pop()) == [("renamed", "say bill"), ("added", "begin")]


def test_an_entity_is_shown_with_all_its_names_and_namesakes(aura: Aura, known: GitRepo) -> None:
    committed(aura, known, {"shop.py": charge("bill"), "till.py": "def bill(x):\n    return x\n"}, "say bill")
    found = aura.api("GET", f"/v1/entities/{aura.id_of(known, 'charge')}", repo=known.path)
    assert [name["qualified_name"] for name in found["names"]] == ["bill", "charge"]
    assert not found["gone"]
    by_name = aura.api("GET", "/v1/entities/bill", repo=known.path)
    assert len(by_name["others"]) == 1
    assert by_name["id"] != by_name["others"][0]["id"]


def test_the_id_is_that_of_the_nodes_and_of_the_list_of_entities(aura: Aura, known: GitRepo) -> None:
    committed(aura, known, {"shop.py": charge("bill")}, "say bill")
    known.write({"shop.py": charge("invoice")})
    listed = aura.json("entities", "shop.py", cwd=known.path)["data"]
    (node,) = aura.json("intent", "nodes", "HEAD", cwd=known.path)["data"]
    assert [e["id"] for e in listed] == [node["entity"]] == [aura.id_of(known, "shop.py:1")]


def test_what_is_uncommitted_comes_first_and_keeps_its_id_when_committed(aura: Aura, known: GitRepo) -> None:
    known.write({"new.py": charge("fresh")})
    aura.log(known, "about to add")
    assert aura.told(known, "fresh") == [("added", "about to add")]
    first = aura.id_of(known, "fresh")
    committed(aura, known, {"new.py": charge("fresh", sign="(order, rate=1)")}, "add it, changed")
    assert aura.told(known, "fresh") == [("added", "add it, changed"), ("added", "about to add")]
    assert aura.id_of(known, "fresh") == first


def test_an_amended_addition_keeps_its_id(aura: Aura, hooked: GitRepo) -> None:
    committed(aura, hooked, {"new.py": charge("fresh")}, "add it")
    first = aura.id_of(hooked, "fresh")
    hooked.write({"new.py": charge("fresh", sign="(order, rate=1)")})
    hooked.git("commit", "-a", "--amend", "-q", "-m", "amended")
    now_told(aura, hooked, "fresh", [("added", "amended")])
    eventually(lambda: aura.id_of(hooked, "fresh") == first, 20)


def test_a_rebase_keeps_the_life(aura: Aura, hooked: GitRepo) -> None:
    hooked.git("checkout", "-q", "-b", "work")
    committed(aura, hooked, {"shop.py": charge("bill")}, "say bill")
    first = aura.id_of(hooked, "bill")
    hooked.git("checkout", "-q", "main")
    committed(aura, hooked, {"io.py": OTHER + "X = 1\n"}, "main goes on")
    hooked.git("checkout", "-q", "work")
    hooked.git("rebase", "-q", "main")
    now_told(aura, hooked, "bill", [("renamed", "say bill"), ("added", "begin")])
    assert aura.id_of(hooked, "bill") == first


def test_a_squash_keeps_the_life(aura: Aura, hooked: GitRepo) -> None:
    added = committed(aura, hooked, {"new.py": charge("fresh")}, "add it")
    changed = committed(aura, hooked, {"new.py": charge("fresh", sign="(order, rate=1)")}, "change it")
    first = aura.id_of(hooked, "fresh")
    hooked.git("reset", "-q", "--soft", "HEAD~2")
    hooked.clock += 60
    hooked.git("commit", "-q", "-m", "both at once")
    now_told(aura, hooked, "fresh", [("added", "both at once")])
    assert aura.id_of(hooked, "fresh") == first
    whole = hooked.rev("HEAD")
    eventually(lambda: {aura.intent(hooked, sha)["rewritten_to"] for sha in (added, changed)} == {whole}, 20)
    assert aura.summaries(hooked, "source=commit") == ["both at once", "begin"]


def test_a_cherry_pick_is_the_same_entity(aura: Aura, hooked: GitRepo) -> None:
    hooked.git("checkout", "-q", "-b", "side")
    committed(aura, hooked, {"new.py": charge("fresh")}, "add it")
    first = aura.id_of(hooked, "fresh")
    hooked.git("checkout", "-q", "main")
    committed(aura, hooked, {"io.py": OTHER + "X = 1\n"}, "main goes on")
    hooked.git("cherry-pick", "side")
    aura.recorded(hooked, hooked.rev("HEAD"))
    assert aura.told(hooked, "fresh") == [("added", "add it")]
    assert aura.id_of(hooked, "fresh") == first


def test_a_merged_squash_is_the_same_entity(aura: Aura, hooked: GitRepo) -> None:
    hooked.git("checkout", "-q", "-b", "side")
    committed(aura, hooked, {"new.py": charge("fresh")}, "add it")
    committed(aura, hooked, {"new.py": charge("fresh", sign="(order, rate=1)")}, "change it")
    first = aura.id_of(hooked, "fresh")
    hooked.git("checkout", "-q", "main")
    hooked.git("merge", "-q", "--squash", "side")
    committed(aura, hooked, {}, "all of the side")
    assert aura.told(hooked, "fresh") == [("added", "all of the side")]
    assert aura.id_of(hooked, "fresh") == first


def test_history_that_is_read_backwards_and_in_parts_gives_one_life(aura: Aura, repo: GitRepo) -> None:
    repo.commit({"shop.py": charge()}, "begin")
    repo.commit({"shop.py": charge("bill")}, "say bill")
    repo.commit({"shop.py": "X = 1\n", "till.py": charge("bill")}, "move it")
    repo.commit({"till.py": charge("bill", sign="(order, rate=1)")}, "a default")
    tree = aura.api("POST", "/v1/worktrees", {"path": str(repo.path)})
    ids = []
    for depth in (1, 2, 4):
        aura.api("POST", f"/v1/worktrees/{tree['id']}:backfill", {"depth": depth, "rest": False})
        eventually(lambda: aura.api("GET", f"/v1/worktrees/{tree['id']}")["backfill"]["state"] == "complete")
        ids.append(aura.id_of(repo, "bill"))
    assert len(set(ids)) == 1
    assert [changes for changes, _ in aura.told(repo, ids[0])] == [
        "signature_changed",
        "moved",
        "renamed",
        "added",
    ]


def test_pages_filters_and_groups_are_those_of_every_list(aura: Aura, known: GitRepo) -> None:
    for number in range(4):
        text = charge(body=BODY.replace("1 +", f"{number} +"))
        committed(aura, known, {"shop.py": text}, f"step {number}")
    path = "/v1/entities/charge/log"

    def read(query: str) -> list[str]:
        found = aura.api("GET", f"{path}?{query}", repo=known.path)
        return [entry["intent"]["summary"] for entry in found["data"]]

    first = aura.api("GET", f"{path}?limit=2", repo=known.path)
    assert read(f"limit=2&cursor={first['next_cursor']}") == ["step 1", "step 0"]
    assert read("change=added") == ["begin"]
    assert read("order=asc&limit=1") == ["begin"]
    assert read("since=2023-11-14T22:15:00Z&until=2023-11-14T22:17:00Z") == ["step 1", "step 0"]
    groups = aura.api("GET", f"{path}?group_by=changes", repo=known.path)["data"]
    assert [(g["key"]["changes"], g["count"]) for g in groups] == [("added", 1), ("body_changed", 4)]


def test_what_nobody_knows_is_refused_with_a_hint(aura: Aura, known: GitRepo) -> None:
    done = aura.cli("log", "nothing_so_called", cwd=known.path)
    assert done.returncode == 1
    assert "cannot find an entity nothing_so_called" in done.stderr
    assert "hint: " in done.stderr


def test_people_read_one_line_for_each_event(aura: Aura, known: GitRepo, tmp_path: Path) -> None:
    committed(aura, known, {"till.py": charge("bill"), "shop.py": "X = 1\n"}, "elsewhere, by another name")
    shown = aura.ok("log", "bill", cwd=known.path)
    assert shown.startswith(f"function bill  till.py  {aura.id_of(known, 'bill')}\n")
    assert "    renamed, moved; shop.py -> till.py; charge -> bill\n" in shown
    assert "    introduced; in shop.py\n" in shown

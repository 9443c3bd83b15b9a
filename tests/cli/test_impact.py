"""Impacts as the command line shows them, deals with them and follows them."""

import json
import os
import select
import signal
import subprocess
from collections.abc import Iterator
from typing import IO

import pytest

from ..gitrepo import GitRepo
from ..impacted import BRANCH, impacts
from ..lifecycle.daemons import AURA, Aura

BOTH = {"change": "both_changed", "severity": "warning"}


@pytest.fixture
def shop(aura: Aura, repo: GitRepo) -> Iterator[GitRepo]:
    """A registered repository of its own, which is forgotten in the end."""
    repo.commit({"shop.py": "def pay(order):\n    return order\n"}, "begin")
    tree = aura.api("POST", "/v1/worktrees", {"path": str(repo.path)})
    yield repo
    aura.api("DELETE", f"/v1/worktrees/{tree['id']}")


def lines(aura: Aura, repo: GitRepo, *args: str) -> list[list[str]]:
    return [line.split("\t") for line in aura.ok("impact", *args, cwd=repo.path).splitlines()]


def test_a_list_says_what_changed_where_and_for_whom(aura: Aura, shop: GitRepo) -> None:
    assert lines(aura, shop, "list") == []
    (id_,) = impacts(shop, aura.home, {})
    assert lines(aura, shop, "list") == [[id_, "error", "signature_changed", "pay", f"main <- {BRANCH}", "1"]]
    assert aura.json("impact", "list", "--severity", "info", cwd=shop.path)["data"] == []


def test_one_is_shown_with_both_signatures_and_each_caller(aura: Aura, shop: GitRepo) -> None:
    (id_,) = impacts(shop, aura.home, {})
    said = aura.ok("impact", "show", id_, cwd=shop.path).splitlines()
    assert said[0] == "error: pay signature changed"
    assert said[1].startswith(f"{id_}  open  main <- {BRANCH}  since ")
    assert said[2:] == [
        "parameter ctx added",
        "before  pay(order)  shop.py:3",
        "after   pay(order, ctx)  shop.py:3",
        "  till.py:7  open  breaks: it lacks an argument",
    ]
    (removed,) = impacts(shop, aura.home, {**BOTH, "after": None})
    assert "after   removed" in aura.ok("impact", "show", removed, cwd=shop.path).splitlines()


def test_impacts_are_dealt_with_one_by_one_or_together(aura: Aura, shop: GitRepo) -> None:
    one, other = impacts(shop, aura.home, {}, BOTH)
    said = aura.ok("impact", "snooze", one, other, "--until", "2h", cwd=shop.path)
    assert [line.split("  ")[:2] for line in said.splitlines()] == [[one, "pay"], [other, "pay"]]
    assert said.count("snoozed until 20") == 2
    assert lines(aura, shop, "list") == []
    assert aura.ok("impact", "open", one, cwd=shop.path) == f"{one}  pay  open\n"
    done = aura.json("impact", "resolve", one, "--note", "callers updated", cwd=shop.path)
    assert (done["status"], done["note"]) == ("resolved", "callers updated")
    assert aura.ok("impact", "dismiss", other, cwd=shop.path).startswith(f"{other}  pay  dismissed by ")


def test_what_makes_no_sense_is_refused_for_each_alone(aura: Aura, shop: GitRepo) -> None:
    one, other = impacts(shop, aura.home, {}, BOTH)
    aura.ok("impact", "resolve", one, cwd=shop.path)
    refused = aura.cli("impact", "dismiss", one, cwd=shop.path)
    assert refused.returncode == 4
    assert refused.stderr.startswith(f"error: cannot make {one} dismissed: it was resolved at ")
    both = aura.cli("impact", "dismiss", other, one, cwd=shop.path)
    assert (both.returncode, both.stdout.split()[0]) == (4, other)
    assert aura.cli("impact", "snooze", other, "--until", "soon", cwd=shop.path).returncode == 2
    unknown = aura.cli("impact", "resolve", "imp_none", cwd=shop.path)
    assert (unknown.returncode, unknown.stderr.splitlines()[-1]) == (1, "hint: aura impact list")
    assert aura.cli("impact", "resolve", cwd=shop.path).returncode == 2


@pytest.mark.parametrize("options", [(), ("--here", "--severity", "error"), ("--json",)])
def test_impacts_are_followed_until_one_has_enough(
    aura: Aura, shop: GitRepo, options: tuple[str, ...]
) -> None:
    (id_,) = impacts(shop, aura.home, {})
    with subprocess.Popen(
        [*AURA, "impact", "watch", *options], cwd=shop.path, stdout=subprocess.PIPE
    ) as watch:
        assert watch.stdout is not None
        said = b""
        while b"\n" not in said:
            aura.api("PATCH", f"/v1/impacts/{id_}", {"status": "snoozed"})
            said += heard(watch.stdout, 0.3)
        aura.ok("impact", "open", id_, cwd=shop.path)
        while b"opened" not in said.rpartition(b"snoozed")[2] or not said.endswith(b"\n"):
            more = heard(watch.stdout, 20)
            assert more, said
            said += more
        watch.send_signal(signal.SIGINT)
        assert (watch.stdout.read(), watch.wait(10)) == (b"", 0)
    last = said.decode().splitlines()[-1]
    if options == ("--json",):
        assert json.loads(last)["data"]["impact"] == id_
    else:
        assert last.split("  ")[1:] == [
            "opened", "error", "signature_changed", "pay", f"main <- {BRANCH}", "1 caller", id_,
        ]  # fmt: skip


def heard(stream: IO[bytes], seconds: float) -> bytes:
    """Return what a process says within some seconds."""
    return os.read(stream.fileno(), 65536) if select.select([stream], [], [], seconds)[0] else b""

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
from ..impacted import BRANCH, collide, impacts
from ..lifecycle.daemons import AURA, Aura


@pytest.fixture
def shop(aura: Aura, repo: GitRepo) -> Iterator[GitRepo]:
    """A repository of its own with a collision, which is forgotten in the end."""
    collide(repo)
    tree = aura.api("POST", "/v1/worktrees", {"path": str(repo.path)})
    yield repo
    aura.api("DELETE", f"/v1/worktrees/{tree['id']}")


@pytest.fixture
def met(aura: Aura, shop: GitRepo) -> list[str]:
    """Its impacts: of pay, then of refund."""
    return impacts(lambda *given: aura.api(*given, repo=shop.path))


def test_a_list_says_what_changed_where_and_for_whom(aura: Aura, shop: GitRepo, met: list[str]) -> None:
    said = aura.ok("impact", "list", cwd=shop.path).splitlines()
    pay, refund = met
    assert sorted(line.split("\t") for line in said) == [
        [pay, "error", "signature_changed", "pay", f"main <- {BRANCH}", "1"],
        [refund, "error", "removed", "refund", f"main <- {BRANCH}", "2"],
    ]
    assert aura.ok("impact", "list", "--severity", "info", cwd=shop.path) == ""


def test_one_is_shown_with_both_signatures_and_each_caller(aura: Aura, shop: GitRepo, met: list[str]) -> None:
    said = aura.ok("impact", "show", met[0], cwd=shop.path).splitlines()
    assert said[0] == "error: pay signature changed"
    assert said[1].startswith(f"{met[0]}  open  main <- {BRANCH}  since ")
    assert said[3:5] == ["before  pay(order)  desk.py:1", "after   pay(order, ctx)  desk.py:1"]
    assert said[5].startswith("  till.py:5  close  breaks: ")
    assert "after   removed" in aura.ok("impact", "show", met[1], cwd=shop.path).splitlines()


def test_impacts_are_dealt_with_one_by_one_or_together(aura: Aura, shop: GitRepo, met: list[str]) -> None:
    one, other = met
    said = aura.ok("impact", "snooze", one, other, "--until", "2h", cwd=shop.path)
    assert [line.split("  ")[:2] for line in said.splitlines()] == [[one, "pay"], [other, "refund"]]
    assert said.count("snoozed until 20") == 2
    assert aura.ok("impact", "list", cwd=shop.path) == ""
    assert aura.ok("impact", "open", one, cwd=shop.path) == f"{one}  pay  open\n"
    done = aura.json("impact", "resolve", one, "--note", "callers updated", cwd=shop.path)
    assert (done["status"], done["note"]) == ("resolved", "callers updated")
    assert aura.ok("impact", "dismiss", other, cwd=shop.path).startswith(f"{other}  refund  dismissed by ")


def test_what_makes_no_sense_is_refused_for_each_alone(aura: Aura, shop: GitRepo, met: list[str]) -> None:
    one, other = met
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
    aura: Aura, shop: GitRepo, met: list[str], options: tuple[str, ...]
) -> None:
    id_ = met[0]
    started = [*AURA, "impact", "watch", *options]
    with subprocess.Popen(started, cwd=shop.path, stdout=subprocess.PIPE) as watch:
        try:
            said = followed(aura, shop, watch, id_)
        finally:
            watch.kill()
    last = said.decode().splitlines()[-1]
    if options == ("--json",):
        assert json.loads(last)["data"]["impact"] == id_
    else:
        assert last.split("  ")[1:] == [
            "opened", "error", "signature_changed", "pay", f"main <- {BRANCH}", "1 caller", id_,
        ]  # fmt: skip


def followed(aura: Aura, shop: GitRepo, watch: "subprocess.Popen[bytes]", id_: str) -> bytes:
    """Stir an impact until it is heard of, open it, and return what was said until the end."""
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
    assert (watch.wait(10), watch.stdout.read()) == (0, b"")
    return said


def heard(stream: IO[bytes], seconds: float) -> bytes:
    """Return what a process says within some seconds."""
    return os.read(stream.fileno(), 65536) if select.select([stream], [], [], seconds)[0] else b""

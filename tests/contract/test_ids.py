"""Identifiers sort by time, never repeat, and are ULIDs."""

import time

import pytest
from ulid import ULID

from aura import ids


def test_identifiers_rise_and_never_repeat() -> None:
    made = [ids.new_id("evt") for _ in range(5_000)]
    assert made == sorted(set(made))


def test_identifiers_rise_also_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first = ids.new_id("evt")
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000_000_000_000)
    assert ids.new_id("evt") > first


def test_an_identifier_is_a_ulid_of_its_time() -> None:
    made = ids.new_id("itn")
    assert ids.is_id(made, "itn")
    assert abs(ULID.from_str(made[4:]).timestamp - time.time()) < 60
    assert ids.milliseconds(made) == ULID.from_str(made[4:]).milliseconds


def test_what_is_derived_is_the_same_for_the_same_parts_and_lies_in_its_time() -> None:
    at = 1_700_000_000_000_000
    made = ids.derived_id("itn", at, "repository", "commit")
    assert made == ids.derived_id("itn", at, "repository", "commit")
    assert made != ids.derived_id("itn", at, "repository", "other")
    assert ids.lowest_id("itn", at) <= made < ids.lowest_id("itn", at + 1000)

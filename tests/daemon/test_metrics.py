"""What the daemon counts, its probes under every name, and the log as a trail."""

import re
from collections.abc import Iterator

import pytest

from ..gitrepo import GitRepo
from ..running import Daemon, Frames, Reply, python_repo, running

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)*)\})? (-?[\d.e+]+)')


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, GitRepo]]:
    repo = python_repo(tmp_path_factory.mktemp("metrics") / "repo")
    with running() as daemon:
        daemon.register(repo)
        yield daemon, repo


def samples(reply: Reply) -> dict[str, float]:
    """Read the text strictly: every line is a comment or a sample, each sample comes once."""
    assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found: dict[str, float] = {}
    helped = set()
    for line in reply.body.decode().splitlines():
        if line.startswith("# "):
            _, word, name, _ = line.split(" ", 3)
            assert word in ("HELP", "TYPE")
            helped.add(name)
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        assert match[1] in helped
        key = line.rpartition(" ")[0]
        assert key not in found
        found[key] = float(match[3])
    return found


def metrics(daemon: Daemon) -> dict[str, float]:
    return samples(daemon.get("/metrics"))


def test_answers_are_counted_by_route_and_not_by_what_was_asked_for(place: tuple[Daemon, GitRepo]) -> None:
    daemon, _ = place
    before = metrics(daemon)
    for number in range(3):
        daemon.get(f"/v1/intents/itn_nope{number}")
        daemon.get(f"/nowhere{number}")
    daemon.call("PROPFIND", "/nowhere")
    after = metrics(daemon)
    by_route = 'aura_requests_total{method="GET",route="/v1/intents/{id}",status="404"}'
    assert after[by_route] - before.get(by_route, 0) == 3
    assert after['aura_requests_total{method="GET",route="none",status="404"}'] >= 3
    assert 'aura_requests_total{method="other",route="none",status="404"}' in after
    assert not [key for key in after if "nowhere" in key or "nope" in key]


def test_events_streams_and_what_waits_are_counted(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    before = metrics(daemon)
    logged = 'aura_events_total{type="intent.logged"}'
    with Frames(daemon, "/v1/events?subscribe=true") as frames:
        frames.next()
        daemon.log("counted", repo=repo.path)
        frames.event()
        after = metrics(daemon)
        assert after["aura_streams"] == before["aura_streams"] + 1
    assert after[logged] == before.get(logged, 0) + 1
    assert {'aura_queue{part="writer"}', 'aura_workers{pool="requests",state="busy"}'} <= set(after)
    assert after["aura_database_bytes"] > 0
    assert after["aura_uptime_seconds"] > before["aura_uptime_seconds"]


@pytest.mark.parametrize(
    ("alias", "path"), [("/health/live", "/livez"), ("/health/ready", "/readyz"), ("/health/", "/healthz")]
)
def test_probes_answer_under_the_names_that_others_expect(
    place: tuple[Daemon, GitRepo], alias: str, path: str
) -> None:
    daemon, _ = place
    assert daemon.get(alias).json() == daemon.get(path).json()
    assert daemon.get(alias).json()["status"] == "ok"


def test_the_audit_is_the_log_as_a_trail(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    session = daemon.post("/v1/sessions", {"agent": "codex"}, repo=repo.path).json()["id"]
    intent = daemon.log("for the trail", {"Aura-Session": session}, repo=repo.path)
    [entry] = daemon.get("/v1/audit?kind=agent&action=intent.logged", repo=repo.path).data
    assert (entry["action"], entry["about"], entry["reasoning"]) == (
        "intent.logged",
        intent["id"],
        "for the trail",
    )
    assert (entry["actor"]["id"], entry["session"], entry["tool_call"]) == ("codex", session, None)
    events = daemon.get("/v1/events?order=desc&limit=500", repo=repo.path).data
    trail = daemon.get("/v1/audit?limit=500", repo=repo.path).data
    assert [entry["id"] for entry in trail] == [event["event_id"] for event in events]
    counts = daemon.get("/v1/audit?group_by=actor&aggregate=count", repo=repo.path).data
    assert sum(row["count"] for row in counts) == len(trail)

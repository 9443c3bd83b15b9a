"""The kernel document, line by line: its curl lines over the socket, and the shapes of its samples."""

import json
import subprocess
from typing import Any

import pytest

from ..gitrepo import GitRepo
from ..running import Daemon, eventually


def curl(daemon: Daemon, *arguments: str) -> Any:
    done = subprocess.run(
        ["curl", "-sS", "--unix-socket", daemon.path, *arguments], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_status(daemon: Daemon, repo: GitRepo) -> None:
    status = curl(daemon, "http://127.0.0.1:7420/v1/status")
    assert {"version", "repo", "branch", "session", "strict_mode", "team"} <= set(status)
    assert status["team"] == {"connected": False}


def test_list_recent_intents_for_a_branch(daemon: Daemon, repo: GitRepo) -> None:
    repo.git("checkout", "-q", "-B", "feat/login")
    eventually(lambda: daemon.get("/v1/status").json()["branch"] == "feat/login")
    made = [daemon.log(f"Step {n}")["id"] for n in range(12)]
    page = curl(daemon, "-s", "http://127.0.0.1:7420/v1/intents?branch=feat/login&limit=10")
    assert [row["id"] for row in page["data"]] == made[:1:-1]
    assert {"id", "summary", "nodes_changed"} <= set(page["data"][0])
    assert page["has_more"] is True


def test_post_an_intent_from_a_script(daemon: Daemon, repo: GitRepo) -> None:
    body = """{
"summary": "Port auth config loader to new schema",
"tickets": [{"system": "linear", "id": "ENG-1500"}]
}"""
    url = "http://127.0.0.1:7420/v1/intents"
    intent = curl(daemon, "-s", "-X", "POST", url, "-H", "Content-Type: application/json", "-d", body)
    assert intent["summary"] == "Port auth config loader to new schema"
    assert intent["tickets"] == [{"system": "linear", "id": "ENG-1500"}]


def test_log_many_at_once(daemon: Daemon, repo: GitRepo) -> None:
    body = """{
"intents": [
{ "summary": "Fix null check in auth::login [ENG-1]" },
{ "summary": "Update user docs [ENG-2]" }
]
}"""
    url = "http://127.0.0.1:7420/v1/intents:batch"
    answers = curl(daemon, "-X", "POST", url, "-H", "Content-Type: application/json", "-d", body)
    assert [answer["ok"]["tickets"][0]["id"] for answer in answers] == ["ENG-1", "ENG-2"]


def test_intent_velocity_by_author_over_thirty_days(daemon: Daemon, repo: GitRepo) -> None:
    daemon.log("Counted")
    page = curl(daemon, "http://127.0.0.1:7420/v1/intents?since=30d&group_by=author")
    assert set(page) == {"data", "next_cursor", "has_more"}
    assert page["data"][0]["key"] == {"author": "ada@example.org"}
    assert page["data"][0]["count"] >= 1


def test_an_intent_has_the_fields_of_the_sample(daemon: Daemon, repo: GitRepo) -> None:
    logged = daemon.log(
        "Refactor retry_logic to use exponential backoff [ENG-1421]", prove_goals=["It retries"]
    )
    intent = curl(daemon, f"http://127.0.0.1:7420/v1/intents/{logged['id']}")
    assert {
        "id", "repo", "branch", "author", "summary", "created_at", "commit_sha", "nodes_changed",
        "nodes_added", "nodes_deleted", "tickets", "prove_goals",
    } <= set(intent)  # fmt: skip
    assert intent["id"].startswith("itn_")
    assert intent["repo"] == "acme/widgets"
    assert {"id", "name"} <= set(intent["author"])
    assert intent["created_at"].endswith("Z")
    assert intent["tickets"] == [{"system": "linear", "id": "ENG-1421"}]
    assert intent["prove_goals"] == [{"goal": "It retries", "result": "unknown"}]
    nodes = curl(daemon, f"http://127.0.0.1:7420/v1/intents/{logged['id']}/nodes")
    assert isinstance(nodes["data"], list)


def test_strict_mode_refuses_with_the_words_of_the_document(daemon: Daemon, repo: GitRepo) -> None:
    daemon.call("PUT", "/v1/settings/strict_mode", {"value": "on"})
    try:
        reply = daemon.post("/v1/intents", {"summary": "Without one", "wait_ms": 0})
        assert daemon.get("/v1/status").json()["strict_mode"] is True
        assert daemon.post("/v1/intents", {"summary": "With [ENG-9]", "wait_ms": 0}).status == 201
    finally:
        daemon.call("PUT", "/v1/settings/strict_mode", {"value": "off"})
    assert reply.error["code"] == "intent_missing_ticket"
    assert "must reference a ticket (pattern: [A-Z]{2,6}-\\d+)" in reply.error["message"]
    assert reply.error["hint"] == "Add [ENG-123] to the summary."
    assert reply.error["request_id"].startswith("req_")


@pytest.mark.parametrize(
    ("summary", "found"),
    [
        ("Fix [ENG-123]", ["ENG-123"]),
        ("ENG-1 and OPS-22, ENG-1 again", ["ENG-1", "OPS-22"]),
        ("fix(ABCDEF-7): colons", ["ABCDEF-7"]),
        ("A-1 ABCDEFG-1 eng-1 XENG-1x ENG- ENG1", []),
        ("UTF-8 is none", []),
    ],
)
def test_tickets_are_found_in_the_summary(
    daemon: Daemon, repo: GitRepo, summary: str, found: list[str]
) -> None:
    assert [t["id"] for t in daemon.log(summary)["tickets"]] == found


def test_the_system_of_found_tickets_is_a_setting(daemon: Daemon, repo: GitRepo) -> None:
    daemon.call("PUT", "/v1/settings/tickets.system", {"value": "jira"})
    try:
        named = [{"system": "linear", "id": "ENG-2"}]
        logged = daemon.log("Fix [ENG-1] [ENG-2]", tickets=named)
        (batched,) = daemon.post("/v1/intents:batch", {"intents": [{"summary": "Fix [ENG-3]"}]}).json()
    finally:
        daemon.call("PUT", "/v1/settings/tickets.system", {"value": "linear"})
    assert sorted((t["system"], t["id"]) for t in logged["tickets"]) == [
        ("jira", "ENG-1"),
        ("linear", "ENG-2"),
    ]
    assert batched["ok"]["tickets"] == [{"system": "jira", "id": "ENG-3"}]


def test_a_commit_message_names_tickets_too(daemon: Daemon, repo: GitRepo) -> None:
    sha = repo.commit({"note.py": "NOTE = 1\n"}, "Note it\n\nCloses OPS-77.")
    found = eventually(lambda: daemon.get(f"/v1/intents?source=commit&commit={sha}").data)
    assert found[0]["tickets"] == [{"system": "linear", "id": "OPS-77"}]


def test_events_are_followed_with_curl(daemon: Daemon, repo: GitRepo) -> None:
    with subprocess.Popen(
        [
            "curl",
            "-sN",
            "--unix-socket",
            daemon.path,
            "http://127.0.0.1:7420/v1/events?subscribe=true&type=intent.logged",
        ],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == ": aura\n"
        intent = daemon.log("Streamed")
        lines = [process.stdout.readline() for _ in range(4)]
        process.kill()
    assert lines[2] == "event: intent.logged\n"
    data = json.loads(lines[3].removeprefix("data: "))
    assert data["event_id"].startswith("evt_")
    assert data["data"]["intent_id"] == intent["id"]

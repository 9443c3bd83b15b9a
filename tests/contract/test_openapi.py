"""The description of the API: valid, current, and true of the daemon that serves it."""

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import hypothesis
import pytest
import schemathesis
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from aura import API_VERSION, openapi
from aura.errors import CODES
from aura.operations import OPERATIONS

from ..gitrepo import GitRepo
from ..impacted import collide, impacts
from ..running import Daemon, eventually, free_port, python_repo, running

SPEC: dict[str, Any] = json.loads(json.dumps(openapi.document()))


UNKEYED = ("hooks.drain", "status.token", "history.backfill")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon on TCP that asks for no token, with one repository."""
    with running("--http", f"127.0.0.1:{free_port()}", "--http-auth", "none") as daemon:
        daemon.register(python_repo(tmp_path_factory.mktemp("bare") / "repo"))
        yield daemon


def test_the_description_is_valid_openapi_3_1(empty_daemon: Daemon) -> None:
    served = empty_daemon.get("/openapi.json")
    OpenAPIV31SpecValidator(served.json()).validate()
    assert served.json() == SPEC
    assert served.json()["openapi"].startswith("3.1")
    assert served.json()["info"]["version"] == API_VERSION


def test_the_released_copy_is_the_same() -> None:
    kept = json.loads((resources.files("aura") / "openapi.json").read_text())
    assert {**kept, "info": None} == {**SPEC, "info": None}


def test_it_holds_every_operation_with_its_scope_and_errors() -> None:
    told = {
        (m.upper(), path): entry for path, methods in SPEC["paths"].items() for m, entry in methods.items()
    }
    assert set(told) == {(o.method, p) for o in OPERATIONS.values() for p in (o.path, *o.aliases)}
    ids = [entry["operationId"] for entry in told.values()]
    assert len(set(ids)) == len(ids)
    for o in OPERATIONS.values():
        entry = told[o.method, o.path]
        assert (entry["operationId"], entry.get("x-aura-scope")) == (o.name, o.scope)
        assert entry["responses"]["default"]["content"]["application/json"]["schema"]["$ref"].endswith(
            "/Error"
        )
        names = {p["name"] for p in entry["parameters"]}
        assert ("Idempotency-Key" in names) == (o.writes and o.name not in UNKEYED)
        assert ({"repo", "Aura-Repo"} <= names) == (o.needs != "none")
        assert ("Aura-Session" in names) == (o.scope is not None)
        assert "Aura-API-Version" in names
        assert set(o.path_fields) == {p["name"] for p in entry["parameters"] if p["in"] == "path"}
    codes = SPEC["components"]["schemas"]["ErrorDetail"]["properties"]["code"]["enum"]
    assert codes == sorted(CODES)


def test_it_is_shown_as_a_page_that_loads_nothing_else(empty_daemon: Daemon) -> None:
    page = empty_daemon.get("/docs")
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    text = page.body.decode()
    assert "http://" not in text
    assert "https://" not in text
    assert all(o.path in text for o in OPERATIONS.values())


def answers(value: Any, schema: dict[str, Any]) -> None:
    OAS31Validator({**schema, "components": SPEC["components"]}).validate(value)


def commit_more(daemon: Daemon, repo: GitRepo) -> None:
    """See to it that a commit with the function `more` is in the record."""
    if daemon.get("/v1/intents?source=commit").data == []:
        repo.commit({"more.py": "def more():\n    return 1\n"}, "More")
        eventually(lambda: daemon.get("/v1/intents?source=commit").data)


@pytest.mark.parametrize(
    "operation", [o for o in OPERATIONS.values() if o.method == "GET"], ids=lambda o: o.name
)
def test_answers_have_the_shape_that_is_told(daemon: Daemon, repo: GitRepo, operation: Any) -> None:
    if operation.media != "application/json":
        return
    newest = daemon.log("To be shown [ENG-1]")["id"]
    worktree = daemon.get("/v1/worktrees").data[0]["id"]
    commit_more(daemon, repo)
    proof = daemon.post("/v1/prove", {"goal": "exists one"}).json()["proofs"][0]["id"]
    snapshot = daemon.post("/v1/snapshots", {"paths": ["app.py"]}).json()["id"]
    ids = {"worktrees": worktree, "entities": "more", "prove": proof, "snapshots": snapshot}
    if operation.name == "impacts.show":
        collide(repo)
        ids["impacts"] = impacts(lambda *given: daemon.call(*given).json())[0]
    id_ = ids.get(operation.path.split("/")[2] if "/v1/" in operation.path else "", newest)
    queries = {
        "why.ask": "?file=app.py&line=1",
        "blame.show": "?file=app.py",
        "check.show": "?target=app.py&callers=true",
    }
    query = queries.get(operation.name, "")
    path = operation.path.replace("{id}", id_).replace("{name}", "strict_mode") + query
    reply = daemon.get(path)
    assert reply.status == operation.status, reply
    entry = SPEC["paths"][operation.path]["get"]
    answers(reply.json(), entry["responses"][str(operation.status)]["content"]["application/json"]["schema"])


LISTS = [o for o in OPERATIONS.values() if o.listing is not None]


@pytest.mark.parametrize("operation", LISTS, ids=lambda o: o.name)
def test_groups_have_the_shape_that_is_told(daemon: Daemon, repo: GitRepo, operation: Any) -> None:
    commit_more(daemon, repo)
    id_ = "more" if operation.path.startswith("/v1/entities/") else daemon.log("To be counted")["id"]
    schema = SPEC["paths"][operation.path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    listing = operation.listing
    file = "&file=app.py" if operation.name == "blame.show" else ""
    asked = [f"group_by={name}" for name in listing.groups] + [
        f"aggregate={m}" for m in listing._aggregates()
    ]
    asked.append(f"group_by={next(iter(listing.groups))}&aggregate={listing._aggregates()[-1]}")
    for query in asked:
        reply = daemon.get(f"{operation.path.replace('{id}', id_)}?{query}{file}")
        assert reply.status == 200, reply
        answers(reply.json(), schema)
        answers(reply.json(), {"$ref": "#/components/schemas/Groups"})
    assert daemon.get("/v1/intents?group_by=author").data


def test_every_media_type_that_is_answered_is_told(daemon: Daemon, repo: GitRepo) -> None:
    snapshot = daemon.post("/v1/snapshots", {"paths": ["app.py"]}).json()["id"]
    path = "/v1/snapshots/{id}/content"
    told = SPEC["paths"][path]["get"]["responses"]["200"]["content"]
    assert set(told) == {"application/octet-stream", "text/plain", "application/json"}
    for media, entry in told.items():
        reply = daemon.get(path.replace("{id}", snapshot), {"Accept": media})
        assert reply.headers.get_content_type() == media
        if media == "application/json":
            answers(reply.json(), entry["schema"])
    streams = {
        (p, m): entry["responses"].get("200", {}).get("content", ())
        for p, methods in SPEC["paths"].items()
        for m, entry in methods.items()
    }
    told_so = {place for place, content in streams.items() if "text/event-stream" in content}
    assert told_so == {("/v1/events", "get"), ("/v1/prove", "post")}
    stream = daemon.post("/v1/prove", {"goal": "exists one"}, {"Accept": "text/event-stream"})
    assert stream.headers.get_content_type() == "text/event-stream"


def test_a_body_is_required_where_a_field_is(daemon: Daemon, repo: GitRepo) -> None:
    for path, methods in SPEC["paths"].items():
        for entry in methods.values():
            if "requestBody" not in entry:
                continue
            schema = entry["requestBody"]["content"]["application/json"]["schema"]
            if "$ref" in schema:
                schema = SPEC["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            assert entry["requestBody"]["required"] == bool(schema.get("required")), path
    assert daemon.post("/v1/snapshots:gc").status == 200


def test_the_other_paths_of_the_probes_are_told(daemon: Daemon) -> None:
    for path in ("/health/live", "/health/ready", "/health/"):
        entry = SPEC["paths"][path]["get"]
        schema = entry["responses"]["200"]["content"]["application/json"]["schema"]
        answers(daemon.get(path).json(), schema)


def test_errors_have_the_shape_that_is_told(daemon: Daemon, repo: GitRepo) -> None:
    answers(daemon.get("/v1/intents?limit=0").json(), SPEC["components"]["schemas"]["Error"])


generated = schemathesis.openapi.from_dict(SPEC)


@generated.exclude(path_regex="tokens|database").parametrize()
@hypothesis.settings(
    max_examples=8,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
def test_generated_requests_are_answered_as_told(case: Any, bare: Daemon) -> None:
    (case.query or {}).pop("subscribe", None)
    (case.headers or {}).pop("Aura-API-Version", None)
    response = case.call(base_url=f"http://{bare.http}")
    case.validate_response(
        response, checks=[not_a_server_error, status_code_conformance, response_schema_conformance]
    )

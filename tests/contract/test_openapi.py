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
    assert set(told) == {(o.method, o.path) for o in OPERATIONS.values()}
    for o in OPERATIONS.values():
        entry = told[o.method, o.path]
        assert (entry["operationId"], entry.get("x-aura-scope")) == (o.name, o.scope)
        assert entry["responses"]["default"]["content"]["application/json"]["schema"]["$ref"].endswith(
            "/Error"
        )
        names = {p["name"] for p in entry["parameters"]}
        assert ("Idempotency-Key" in names) == o.writes
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


@pytest.mark.parametrize(
    "operation", [o for o in OPERATIONS.values() if o.method == "GET"], ids=lambda o: o.name
)
def test_answers_have_the_shape_that_is_told(daemon: Daemon, repo: GitRepo, operation: Any) -> None:
    if operation.media != "application/json":
        return
    newest = daemon.log("To be shown [ENG-1]")["id"]
    worktree = daemon.get("/v1/worktrees").data[0]["id"]
    if daemon.get("/v1/intents?source=commit").data == []:
        repo.commit({"more.py": "def more():\n    return 1\n"}, "More")
        eventually(lambda: daemon.get("/v1/intents?source=commit").data)
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
    response = case.call(base_url=f"http://{bare.http}")
    case.validate_response(
        response, checks=[not_a_server_error, status_code_conformance, response_schema_conformance]
    )

"""The SDK: what was declared, called from Python, on the socket and over TCP."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from aura.client import Client
from aura.errors import AuraError
from aura.record.intents import Intent

from ..gitrepo import GitRepo
from ..running import Daemon, free_port, running


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with running("--http", f"127.0.0.1:{free_port()}") as daemon:
        yield daemon


@pytest.fixture(params=["socket", "tcp"])
def client(
    request: pytest.FixtureRequest, daemon: Daemon, repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> Client:
    if request.param == "tcp":
        token = daemon.bearer()["Authorization"].removeprefix("Bearer ")
        return Client(str(repo.path), url=f"http://{daemon.http}", token=token)
    monkeypatch.setenv("AURA_HOME", str(daemon.home / "aura"))
    return Client(str(repo.path))


def test_an_intent_makes_the_round_trip_as_its_type(client: Client) -> None:
    logged = client.intents.log(summary="By the SDK é [ENG-5]", wait_ms=0)
    assert isinstance(logged, Intent)
    assert client.intents.show(id=logged.id).summary == logged.summary
    assert client.intents.list(ticket="ENG-5", limit=1).data[0].id == logged.id


def test_every_row_of_a_list_is_walked(client: Client) -> None:
    made = {client.intents.log(summary=f"Walked {n}", wait_ms=0).id for n in range(5)}
    assert made <= {row.id for row in client.every("intents.list", limit=2)}


def test_groups_keys_and_settings(client: Client) -> None:
    assert client.intents.list(group_by="author")["data"][0]["key"] == {"author": "ada@example.org"}
    assert client.settings.set(name="tickets.system", value="linear").value == "linear"
    assert client.settings.get(name="tickets.system").value == "linear"


def test_a_key_makes_a_retry_safe(client: Client) -> None:
    key = uuid4().hex
    one, two = (client.intents.log(summary="Once", wait_ms=0, idempotency_key=key) for _ in range(2))
    assert one == two


def test_names_that_python_keeps_for_itself_take_an_underscore(client: Client, repo: GitRepo) -> None:
    assert client.diff.show(from_="HEAD", to="HEAD").data == []


def test_a_refusal_is_raised_with_its_code_and_hint(client: Client) -> None:
    with pytest.raises(AuraError) as met:
        client.intents.show(id="itn_none")
    assert (met.value.code, met.value.status) == ("intent_not_found", 404)
    assert met.value.hint
    with pytest.raises(AuraError) as met:
        client.intents.log(summary="")
    assert met.value.details == {"path": "$.summary"}


def test_a_body_that_is_refused_unread_is_a_refusal_and_no_broken_pipe(client: Client) -> None:
    with pytest.raises(AuraError) as met:
        client.intents.log(summary="x" * (8 << 20))
    assert met.value.code == "body_too_large"


def test_what_is_not_declared_is_no_attribute(client: Client) -> None:
    with pytest.raises(AttributeError):
        client.dreams.list()
    with pytest.raises(AttributeError):
        client.intents.forge()

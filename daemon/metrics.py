"""What the daemon counts, in the text format of Prometheus (https://prometheus.io/docs/instrumenting/)."""

import os
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from aiohttp import web

from aura import API_VERSION, __version__
from aura.api import Caller
from aura.record import metrics

from .context import Context

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
NOWHERE = "none"
Labels = Mapping[str, str]


class Metric(NamedTuple):
    """A name, its type, what it is, and its samples."""

    name: str
    kind: str
    help: str
    samples: Iterable[tuple[Labels, float]]


def count(context: Context, request: web.Request, status: int) -> None:
    """Count an answer by its route; what has none, and odd methods, are counted together."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else NOWHERE
    method = request.method if request.method in METHODS else "other"
    context.answers[method, route, status] += 1


async def show(context: Context, caller: Caller, given: Any, request: web.Request) -> web.StreamResponse:
    """Answer what is counted."""
    events = await context.read(metrics.events)
    size = await context.in_thread(_size, str(context.store.path))
    response = web.Response(text=written(_metrics(context, events, size)))
    response.headers["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
    return response


def written(metrics: Iterable[Metric]) -> str:
    """Write metrics as text."""
    lines: list[str] = []
    for metric in metrics:
        lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
        lines += [f"{metric.name}{_labels(labels)} {value:.15g}" for labels, value in metric.samples]
    return "\n".join([*lines, ""])


def _labels(labels: Labels) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _metrics(context: Context, events: Mapping[str, int], size: int) -> list[Metric]:
    answers = sorted(context.answers.items())
    pools = {"requests": context.pool, "background": context.background, "calls": context.graphs}
    queue = {
        "writer": context.store.waiting,
        "analysis": context.analyst.waiting,
        "backfills": context.backfills.running,
    }
    return [
        Metric(
            "aura_info", "gauge", "The version.", [({"version": __version__, "api": API_VERSION}, 1)]
        ),
        Metric(
            "aura_uptime_seconds", "gauge", "Since the start.", [({}, time.monotonic() - context.started)]
        ),
        Metric(
            "aura_requests_total", "counter", "Requests that were answered.",
            [({"method": m, "route": r, "status": str(s)}, n) for (m, r, s), n in answers],
        ),
        Metric(
            "aura_events_total", "counter", "Events in the log.",
            [({"type": type_}, number) for type_, number in events.items()],
        ),
        Metric("aura_streams", "gauge", "Clients that follow events.", [({}, len(context.tail.followers))]),
        Metric("aura_queue", "gauge", "What waits.", [({"part": p}, n) for p, n in queue.items()]),
        Metric(
            "aura_workers", "gauge", "Processes that analyse code.",
            [
                ({"pool": name, "state": state}, number)
                for name, pool in pools.items()
                for state, number in zip(("busy", "idle"), pool.load, strict=True)
            ],
        ),
        Metric("aura_database_bytes", "gauge", "The size of the database.", [({}, size)]),
    ]  # fmt: skip


def _size(path: str) -> int:
    return os.stat(path).st_size

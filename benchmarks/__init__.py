"""Ratios measured in one run against what is named beside them: `python -m benchmarks [NAME]`."""

from . import (
    calls,
    commands,
    diff,
    listing,
    others,
    post,
    rename,
    rest,
    saves,
    snapshot,
    stdlib,
    stream,
    trees,
)
from .figures import Benchmark

BENCHMARKS: dict[str, Benchmark] = {
    "diff-cold": diff.cold,
    "diff-cached": diff.cached,
    "rename": rename.run,
    "stdlib": stdlib.run,
    "post-intents": post.run,
    "cli-start": commands.start,
    "hooks": commands.hooks,
    "agent-hooks": commands.agent_hooks,
    "list-million": listing.run,
    "sse": stream.run,
    "rest": rest.run,
    "callers": calls.run,
    "trees": trees.run,
    "saves": saves.run,
    "snapshot": snapshot.run,
    "others": others.run,
}

"""`python -m aura.cli.agent_hook EDITOR EVENT`: what the hook script does where there is no curl.

It imports next to nothing, for an editor waits for it.
"""

import json
import sys

from aura import wire


def main() -> None:
    """Hand the editor's payload to the daemon and print the answer; never starts the daemon."""
    editor, event = sys.argv[1:3]
    try:
        payload = json.loads(sys.stdin.buffer.read())
        path = f"/v1/agent-hooks/{editor}/{event}"
        reply = wire.request("POST", path, {"payload": payload}, timeout=1)
    except (wire.NoDaemon, OSError, ValueError):
        sys.exit(1)
    if reply.status != 200:
        sys.exit(1)
    sys.stdout.write(reply.body.decode())


if __name__ == "__main__":
    main()

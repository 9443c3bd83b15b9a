"""`python -m aura.daemon`: serve until a signal; `aura daemon start` runs it in the background."""

import argparse
import asyncio
import gc
import json
import os
import sys

from aura import home
from aura.errors import AuraError

from . import process


def main() -> None:
    """Take the lock, bind the socket, and serve. What stops it is printed as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m aura.daemon")
    parser.add_argument("--background", action="store_true")
    parser.add_argument("--http")
    parser.add_argument("--http-auth", choices=["token", "none"], default="token")
    parser.add_argument("--cors", action="append", default=[])
    parser.add_argument("--host-name", action="append", default=[])
    parser.add_argument("--heartbeat", type=float, default=30.0, metavar="SECONDS")
    options = parser.parse_args()
    os.umask(0o077)
    try:
        home.prepare()
        lock = process.Lock()
        lock.take([argument for argument in sys.argv[1:] if argument != "--background"])
        sock = process.bind_socket()
        process.log_to_file(not options.background)
        from .serve import serve

        gc.freeze()
        # What a request makes is freed with its answer: the many objects of requests that wait for the same
        # commit need not be searched for cycles again and again.
        gc.set_threshold(10_000)
        # The event loop and the writer hand the interpreter to each other many times in a request.
        sys.setswitchinterval(0.0005)
        asyncio.run(
            serve(
                sock,
                options.http,
                options.http_auth,
                tuple(options.cors),
                tuple(options.host_name),
                options.heartbeat,
            )
        )
        lock.release()
    except (AuraError, PermissionError, OSError) as error:
        if not isinstance(error, AuraError):
            hint = "Look at the folder's owner and rights, or set another AURA_HOME."
            error = AuraError("permission_denied", f"cannot start: {error}", hint)
        print(json.dumps(error.body("")), file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()

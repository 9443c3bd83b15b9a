"""`python -m benchmarks [NAME...]`: measure, print the ratios, and exit with 1 where a bar is missed."""

import argparse
import json
import sys
from pathlib import Path

from . import BENCHMARKS
from .figures import Settings, plain, table


def main(args: list[str] | None = None) -> int:
    """Run the named benchmarks, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--repo", type=Path, help="the git repository to measure on (default: this folder's)")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full counts and durations")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(args)
    if unknown := [name for name in options.names if name not in BENCHMARKS]:
        parser.error(f"cannot run {unknown[0]!r}; choose from {', '.join(BENCHMARKS)}")
    settings = Settings(options.repo, options.scale)
    results = []
    for name in options.names or BENCHMARKS:
        print(f"{name} ...", file=sys.stderr, flush=True)
        results.append((name, BENCHMARKS[name](settings)))
    print(json.dumps(plain(results), indent=2) if options.json else table(results))
    return int(any(figure.met is False for _, figures in results for figure in figures))


if __name__ == "__main__":
    sys.exit(main())

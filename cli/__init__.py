"""The command line: click, rendering and local conveniences; it speaks to the daemon over the socket."""

if __name__ != "aura.cli":
    raise ImportError("cannot import the folder `cli` by itself: it is installed as aura.cli")

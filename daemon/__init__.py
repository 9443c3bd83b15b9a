"""The daemon: binds operations to routes, streams events, and looks after its process and socket."""

if __name__ != "aura.daemon":
    raise ImportError("cannot import the folder `daemon` by itself: it is installed as aura.daemon")

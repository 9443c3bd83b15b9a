"""Git: objects, work trees, hooks. The only room that touches git."""

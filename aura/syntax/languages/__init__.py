"""One module per language: which nodes are entities, and how they are named."""

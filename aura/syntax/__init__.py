"""Source text -> entities -> edits. Pure: bytes in, structs out; tree-sitter lives only here."""

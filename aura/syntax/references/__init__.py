"""Who calls what: the facts of each file, and their join over the files of a work tree."""

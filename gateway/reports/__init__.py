"""Read-only queries for people, one a module; `REPORTS` is the one list of them."""

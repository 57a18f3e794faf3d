"""What we know, at rest: the server, the session, the tables and how they came to be."""

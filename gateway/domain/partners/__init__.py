"""Partners: where they belong, the versions of their settings, the names that their feeds learned."""

"""From columns of text to columns of values: cleaners, types, checks, rules. Pure: no network, no database."""

"""The rules of our business. Nothing here calls anyone outside: a fact that must leave is a row first."""

"""Pulls what a partner's HRIS knows through its API: who changed, person by person, and the whole past once."""

"""What tests of carriers share."""

from helpers.bucket import bucket  # noqa: F401 - a fixture

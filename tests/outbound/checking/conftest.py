"""A firm whose checks are seen to their end, and a model that says what a test has it say."""

from __future__ import annotations

import pytest
from helpers.checked import Checked
from helpers.model_double import modelling


@pytest.fixture
def northgate(office, tenants):
    one = Checked(office, tenants)
    one.has_keys()
    return one


@pytest.fixture
def double():
    with modelling() as one:
        yield one

"""A draft for a new partner, empty and proposed."""

import pytest
from helpers.studio import Studio


@pytest.fixture
def studio(office, tenants):
    return Studio(office, tenants.northgate)


@pytest.fixture
def proposed(studio):
    studio.begin("Cyberdyne Ltd")
    studio.send()
    studio.propose()
    return studio

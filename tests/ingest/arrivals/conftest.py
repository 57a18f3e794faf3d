"""The endpoint, and acme's way in."""

import pytest
from helpers.endpoint import serving


@pytest.fixture
def endpoint(office, tmp_path):
    folder = tmp_path / "client"
    folder.mkdir()
    with serving(office, folder) as one:
        yield one


@pytest.fixture
def acme(endpoint, tenants):
    """The private key of acme."""
    return endpoint.key_for(tenants.northgate, tenants.acme)

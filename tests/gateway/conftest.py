"""The command, run inside the test's process."""

import base64

import pytest
from click.testing import CliRunner

from gateway.cli import cli


@pytest.fixture
def gateway(settings, monkeypatch):
    """Runs the command on this test's installation; `typed` is what stands on standard input."""
    told = {
        "GATEWAY_DATA_DIR": str(settings.data_dir),
        "GATEWAY_CONFIG_DIR": str(settings.config_dir),
        "GATEWAY_SECRETS_DIR": str(settings.secrets_dir),
        "GATEWAY_DATABASE_URL": settings.database_url,
        "GATEWAY_SYSTEM_DATABASE_URL": settings.system_database_url,
        "GATEWAY_OWNER_DATABASE_URL": settings.owner_database_url,
        "GATEWAY_MASTER_KEY": base64.b64encode(settings.master_key).decode(),
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return lambda *words, typed=None: CliRunner().invoke(cli, [str(word) for word in words], input=typed)

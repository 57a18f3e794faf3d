"""Secrets are found by name, and never shown."""

import pytest

from gateway.config import secret
from gateway.errors import Permanent
from gateway.settings import Settings, load


@pytest.fixture
def settings(tmp_path) -> Settings:
    (tmp_path / "secrets").mkdir()
    return load({"GATEWAY_DATA_DIR": str(tmp_path)})


def test_a_file_of_the_name_comes_before_the_environment(settings, monkeypatch):
    monkeypatch.setenv("ACME_KEY", "from the environment")
    assert secret("ACME_KEY", settings) == "from the environment"
    (settings.secrets_dir / "ACME_KEY").write_text("line 1\nline 2\n", encoding="utf-8")
    assert secret("ACME_KEY", settings) == "line 1\nline 2"


def test_a_missing_secret_names_both_places(settings, monkeypatch):
    monkeypatch.setenv("ACME_KEY", "")
    (settings.secrets_dir / "ACME_KEY").write_text("\n", encoding="utf-8")
    with pytest.raises(Permanent) as caught:
        secret("ACME_KEY", settings)
    assert caught.value.code == "secret_missing"
    assert str(settings.secrets_dir / "ACME_KEY") in caught.value.sentence
    assert "environment variable ACME_KEY" in caught.value.sentence


@pytest.mark.parametrize("name", ["hunter2", "../ACME_KEY", "ACME-KEY", "", "1KEY", "ACME_KEY\n", "GATEWAY_MASTER_KEY"])
def test_a_name_that_is_none_is_refused_without_being_repeated(name, settings, monkeypatch):
    monkeypatch.setenv("GATEWAY_MASTER_KEY", "ours")
    with pytest.raises(Permanent) as caught:
        secret(name, settings)
    assert caught.value.code == "secret_name_invalid"
    assert not name or name not in caught.value.sentence


def test_a_secret_that_cannot_be_read_does_not_show_its_bytes(settings):
    (settings.secrets_dir / "ACME_KEY").write_bytes(b"hunter\xff")
    with pytest.raises(Permanent, match="cannot be read") as caught:
        secret("ACME_KEY", settings)
    assert (caught.value.code, caught.value.__cause__) == ("secret_unreadable", None)
    assert caught.value.__suppress_context__

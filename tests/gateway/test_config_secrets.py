"""Secrets are found by name among those of the firm that names them, and never shown."""

import pytest

from gateway.config import secret
from gateway.errors import Permanent
from gateway.settings import Settings, load


@pytest.fixture
def settings(tmp_path) -> Settings:
    (tmp_path / "secrets" / "northgate").mkdir(parents=True)
    return load({"GATEWAY_DATA_DIR": str(tmp_path)})


def test_a_file_of_the_name_comes_before_the_environment(settings, monkeypatch):
    monkeypatch.setenv("NORTHGATE__ACME_KEY", "from the environment")
    assert secret("ACME_KEY", settings, firm="northgate") == "from the environment"
    (settings.secrets_dir / "northgate" / "ACME_KEY").write_text("line 1\nline 2\n", encoding="utf-8")
    assert secret("ACME_KEY", settings, firm="northgate") == "line 1\nline 2"


def test_no_firm_can_name_the_secret_of_another_or_one_of_the_gateways_own(settings, monkeypatch):
    monkeypatch.setenv("GATEWAY_MASTER_KEY", "ours")
    monkeypatch.setenv("ACME_KEY", "nobody's")
    monkeypatch.setenv("SOUTH_GATE__ACME_KEY", "another's")
    (settings.secrets_dir / "south-gate").mkdir()
    (settings.secrets_dir / "south-gate" / "ACME_KEY").write_text("another's", encoding="utf-8")
    for firm, name in (("northgate", "ACME_KEY"), ("gateway", "MASTER_KEY"), ("south", "GATE__ACME_KEY")):
        with pytest.raises(Permanent) as caught:
            secret(name, settings, firm=firm)
        assert caught.value.code in {"secret_missing", "secret_name_invalid"}
    assert secret("ACME_KEY", settings, firm="south-gate") == "another's"


def test_a_missing_secret_names_both_places(settings, monkeypatch):
    monkeypatch.setenv("NORTHGATE__ACME_KEY", "")
    (settings.secrets_dir / "northgate" / "ACME_KEY").write_text("\n", encoding="utf-8")
    with pytest.raises(Permanent) as caught:
        secret("ACME_KEY", settings, firm="northgate")
    assert caught.value.code == "secret_missing"
    assert str(settings.secrets_dir / "northgate" / "ACME_KEY") in caught.value.sentence
    assert "environment variable NORTHGATE__ACME_KEY" in caught.value.sentence


@pytest.mark.parametrize("name", ["hunter2", "../ACME_KEY", "ACME-KEY", "", "1KEY", "ACME_KEY\n", "ACME__KEY", "KEY_"])
def test_a_name_that_is_none_is_refused_without_being_repeated(name, settings):
    with pytest.raises(Permanent) as caught:
        secret(name, settings, firm="northgate")
    assert caught.value.code == "secret_name_invalid"
    assert not name or name not in caught.value.sentence


def test_a_secret_that_cannot_be_read_does_not_show_its_bytes(settings):
    (settings.secrets_dir / "northgate" / "ACME_KEY").write_bytes(b"hunter\xff")
    with pytest.raises(Permanent, match="cannot be read") as caught:
        secret("ACME_KEY", settings, firm="northgate")
    assert (caught.value.code, caught.value.__cause__) == ("secret_unreadable", None)
    assert caught.value.__suppress_context__

"""The environment becomes one struct, or one sentence that names the variable."""

import base64
from pathlib import Path

import pytest
from rich.pretty import pretty_repr

from gateway.errors import Permanent
from gateway.settings import load

URL = "postgresql://app:hunter2@db.example/gateway"
KEY = base64.b64encode(b"k" * 32).decode()


def test_an_empty_environment_gives_the_embedded_defaults():
    settings = load({"GATEWAY_DATABASE_URL": "", "GATEWAY_LOG_LEVEL": ""})
    here = Path.cwd()
    assert (settings.data_dir, settings.config_dir) == (here / "data", here / "partner_configs")
    assert settings.secrets_dir == here / "data" / "secrets"
    assert (settings.database_url, settings.system_database_url, settings.owner_database_url) == (None, None, None)
    assert (settings.master_key, settings.log_format, settings.log_level) == (None, "text", "info")
    assert (settings.cookies, settings.allow_private) == ("secure", ())


def test_every_variable_is_read(tmp_path):
    settings = load(
        {
            "GATEWAY_DATA_DIR": str(tmp_path),
            "GATEWAY_CONFIG_DIR": str(tmp_path / "configs"),
            "GATEWAY_SECRETS_DIR": "/run/secrets",
            "GATEWAY_DATABASE_URL": URL,
            "GATEWAY_OWNER_DATABASE_URL": URL.replace("app", "owner"),
            "GATEWAY_MASTER_KEY": KEY,
            "GATEWAY_LOG_FORMAT": "JSON",
            "GATEWAY_LOG_LEVEL": "Warning",
            "GATEWAY_COOKIES": "plain",
            "GATEWAY_ALLOW_PRIVATE": "10.1.0.0/16, ::1",
            "GATEWAY_SMTP_URL": "smtp://us:hunter2@mail.example",
            "GATEWAY_MAIL_FROM": "gateway@firm.example",
        }
    )
    assert settings.allow_private == ("10.1.0.0/16", "::1")
    assert (settings.smtp_url, settings.mail_from) == ("smtp://us:hunter2@mail.example", "gateway@firm.example")
    assert "hunter2" not in repr(settings)
    assert (settings.data_dir, settings.config_dir) == (tmp_path, tmp_path / "configs")
    assert settings.secrets_dir == Path("/run/secrets")
    assert (settings.database_url, settings.system_database_url) == (URL, URL)
    assert settings.owner_database_url == URL.replace("app", "owner")
    assert (settings.master_key, settings.log_format, settings.log_level) == (b"k" * 32, "json", "warning")
    assert settings.cookies == "plain"


def test_what_workers_need_is_read_and_has_defaults():
    assert (load({}).broker_url, load({}).normal_workers, load({}).job_sweep_seconds) == (None, 4, 2)
    settings = load({"GATEWAY_BROKER_URL": "redis://:hunter2@cache/0", "GATEWAY_NORMAL_WORKERS": "8"})
    assert (settings.broker_url, settings.normal_workers) == ("redis://:hunter2@cache/0", 8)
    assert "hunter2" not in repr(settings)


def test_links_begin_with_where_people_reach_the_api_or_where_it_listens():
    assert load({}).reached_at == "http://127.0.0.1:8000"
    assert load({"GATEWAY_HTTP_HOST": "::1", "GATEWAY_HTTP_PORT": "81"}).reached_at == "http://[::1]:81"
    for url in ("https://gateway.firm.example/", "https://firm.example/gateway"):
        assert load({"GATEWAY_PUBLIC_URL": url}).reached_at == url.rstrip("/")


def test_a_secret_may_stand_in_a_file(tmp_path):
    (tmp_path / "url").write_text(f"{URL}\n", encoding="utf-8")
    (tmp_path / "key").write_text(f"{KEY}\n", encoding="utf-8")
    settings = load(
        {"GATEWAY_DATABASE_URL_FILE": str(tmp_path / "url"), "GATEWAY_MASTER_KEY_FILE": str(tmp_path / "key")}
    )
    assert (settings.database_url, settings.master_key) == (URL, b"k" * 32)


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({"GATEWAY_DATABASE_URL": "mysql://app:hunter2@db/gateway"}, "GATEWAY_DATABASE_URL"),
        ({"GATEWAY_DATABASE_URL": "postgresql://app:hunter2@[::1/gateway"}, "GATEWAY_DATABASE_URL"),
        ({"GATEWAY_SYSTEM_DATABASE_URL": URL}, "GATEWAY_SYSTEM_DATABASE_URL"),
        ({"GATEWAY_DATABASE_URL": URL, "GATEWAY_OWNER_DATABASE_URL": "hunter2"}, "GATEWAY_OWNER_DATABASE_URL"),
        ({"GATEWAY_DATABASE_URL": URL, "GATEWAY_DATABASE_URL_FILE": "/x"}, "GATEWAY_DATABASE_URL"),
        ({"GATEWAY_DATABASE_URL_FILE": "/no/such/file"}, "GATEWAY_DATABASE_URL_FILE"),
        ({"GATEWAY_MASTER_KEY_FILE": "/dev/null"}, "GATEWAY_MASTER_KEY_FILE"),
        ({"GATEWAY_MASTER_KEY": "hunter2"}, "GATEWAY_MASTER_KEY"),
        ({"GATEWAY_MASTER_KEY": base64.b64encode(b"hunter2").decode()}, "GATEWAY_MASTER_KEY"),
        ({"GATEWAY_MASTER_KEY": "hünter2"}, "GATEWAY_MASTER_KEY"),
        ({"GATEWAY_LOG_FORMAT": "xml"}, "GATEWAY_LOG_FORMAT"),
        ({"GATEWAY_LOG_LEVEL": "loud"}, "GATEWAY_LOG_LEVEL"),
        ({"GATEWAY_SMTP_URL": "http://us:hunter2@mail.example"}, "GATEWAY_SMTP_URL"),
        ({"GATEWAY_SMTP_URL": "smtp://us:hunter2@[::1"}, "GATEWAY_SMTP_URL"),
        ({"GATEWAY_MAIL_FROM": "gateway@firm.example\r\nBcc: x@y.example"}, "GATEWAY_MAIL_FROM"),
        ({"GATEWAY_ALLOW_PRIVATE": "10.1.0.0/16 http"}, "GATEWAY_ALLOW_PRIVATE"),
        ({"GATEWAY_PUBLIC_URL": "gateway.firm.example"}, "GATEWAY_PUBLIC_URL"),
        ({"GATEWAY_PUBLIC_URL": "https://us:hunter2@firm.example"}, "GATEWAY_PUBLIC_URL"),
        ({"GATEWAY_PUBLIC_URL": "https://firm.example/?to=x"}, "GATEWAY_PUBLIC_URL"),
        ({"GATEWAY_PUBLIC_URL": "https://[::1"}, "GATEWAY_PUBLIC_URL"),
        ({"GATEWAY_DATA_DIR": __file__}, "GATEWAY_DATA_DIR"),
        ({"GATEWAY_BROKER_URL": "kafka://:hunter2@broker"}, "GATEWAY_BROKER_URL"),
        ({"GATEWAY_BROKER_URL": "hunter2"}, "GATEWAY_BROKER_URL"),
        ({"GATEWAY_NORMAL_WORKERS": "0"}, "GATEWAY_NORMAL_WORKERS"),
        ({"GATEWAY_NORMAL_WORKERS": "many"}, "GATEWAY_NORMAL_WORKERS"),
        ({"GATEWAY_JOB_LEASE_SECONDS": "-5"}, "GATEWAY_JOB_LEASE_SECONDS"),
        ({"GATEWAY_TRUSTED_PROXIES": "127.0.0.1, proxy.example"}, "GATEWAY_TRUSTED_PROXIES"),
    ],
)
def test_a_bad_variable_is_named_and_a_secret_is_not_shown(environ, variable):
    with pytest.raises(Permanent) as caught:
        load(environ)
    assert caught.value.code == "settings_invalid"
    assert caught.value.sentence.startswith(f"{variable} ")
    assert "unter2" not in caught.value.sentence


def test_no_representation_shows_a_secret():
    settings = load({"GATEWAY_DATABASE_URL": URL, "GATEWAY_MASTER_KEY": KEY})
    for text in (repr(settings), str(settings), f"{settings}", pretty_repr(settings)):
        assert "hunter2" not in text
        assert "kkkk" not in text
        assert "database_url='(hidden)'" in text
    assert "database_url=None" in repr(load({}))

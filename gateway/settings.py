"""What the environment says about this installation, read once into one frozen struct."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, cast, get_args
from urllib.parse import urlsplit

from msgspec import Struct

from gateway.errors import Permanent

LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]
Cookies = Literal["secure", "plain"]

MASTER_KEY_BYTES = 32  # AES-256
PUSH_KEY_BYTES = 32  # P-256
_SECRET = frozenset(
    {
        "database_url",
        "system_database_url",
        "owner_database_url",
        "master_key",
        "metrics_token",
        "limits_url",
        "broker_url",
        "otlp_endpoint",
        "smtp_url",
        "sms_token",
        "push_key",
    }
)
_SCHEMES = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_RELAYS = frozenset({"smtps", "smtp", "smtp+plain"})
_BROKERS = frozenset({"redis", "rediss", "amqp", "amqps"})
_NUMBERS = {  # default, least, most
    "http_port": (8000, 0, 65_535),
    "sftp_port": (2222, 0, 65_535),
    "urgent_workers": (2, 1, 64),
    "normal_workers": (4, 1, 64),
    "bulk_workers": (1, 1, 64),
    "ingest_workers": (1, 1, 64),
    "arrivals_workers": (12, 1, 64),
    "deliveries_workers": (8, 1, 64),
    "notices_workers": (4, 1, 64),
    "models_workers": (8, 1, 64),
    "email_a_second": (0, 0, 10_000),
    "email_a_day": (0, 0, 100_000_000),
    "email_lines": (4, 1, 64),
    "job_lease_seconds": (30, 2, 3_600),
    "job_sweep_seconds": (2, 1, 300),
    "drain_seconds": (25, 0, 3_600),
    "hang_seconds": (60, 5, 3_600),
    "sms_segments": (3, 1, 10),
    "sms_a_second": (10, 0, 10_000),
    "sms_a_day": (0, 0, 10_000_000),
    "push_a_second": (50, 0, 10_000),
    "chat_a_second": (1, 0, 10_000),
}
_SENDER = re.compile(r"\+[1-9][0-9]{6,14}|MG[0-9A-Za-z]{32}")
_PUSH_HOSTS = ("fcm.googleapis.com", "*.push.services.mozilla.com", "*.push.apple.com", "*.notify.windows.com")
_HOST = re.compile(r"(\*\.)?[a-z0-9.-]+(:[0-9]{1,5})?")


class Settings(Struct, frozen=True, kw_only=True):
    """One installation.

    Attributes:
        database_url: PostgreSQL for the application's role; None means the embedded server in `data_dir`.
        system_database_url: for the scheduler's role, which sees all firms.
        owner_database_url: for the role that owns the tables, which migrates.
        limits_url: a Redis that counts requests for all processes; None means each process counts for itself.
        metrics_token: whoever knows it may read /metrics; None means whoever asks from this machine.
        master_key: wraps the firms' data keys; None means a key file in `data_dir`.
        http_host, http_port: where the API listens.
        public_url: under which the API is reached from outside; None means where it listens.
        allow_private: networks that may be called though they are private, over plain http too.
        sftp_host, sftp_port: where partners reach our own SFTP endpoint.
        sftp_host_key_file: by which that one proves itself; None means a key in `data_dir`.
        trusted_proxies: addresses and networks that may say for whom they ask (X-Forwarded-For, X-Forwarded-Proto).
        broker_url: what wakes workers, redis:// or amqp://; None means the database itself.
        urgent_workers, normal_workers, bulk_workers, ingest_workers, arrivals_workers, deliveries_workers,
            notices_workers, models_workers: jobs of that queue that a process runs at once.
        email_a_second, email_a_day: notices that the relay takes; 0 is no limit.
        email_lines: connections to the relay on which notices of one firm leave side by side.
        drop_root: below it, in a folder for each firm, are the drop folders that partner.yaml names; None allows none.
        otlp_endpoint: where a collector of OpenTelemetry takes spans, without the path; None means that none are made.
        smtp_url: the relay that takes our mail, with its login; None means that mail is put into `data_dir`.
        mail_from: whose mail it is.
        sms_url: of a Twilio-compatible API, without the path; None means that texts are put into `data_dir`.
        sms_account, sms_token, sms_from: our account there, and from where: a number in E.164, or a messaging service.
        sms_segments: the most that a text may take; a longer one is cut to its link.
        sms_a_second, sms_a_day, push_a_second, chat_a_second: what the providers bear; 0 is no limit.
        push_key: with which pushes are signed: the 32 bytes of a key on P-256; None means one from the master key.
        push_contact: whom push services write to when something is wrong with what we send.
        push_hosts: those of the push services that browsers may name; `*.` stands for names below.
        job_lease_seconds: how long a worker may be silent before others take over its jobs.
        job_sweep_seconds: how often a worker looks for jobs that no message told it about.
        drain_seconds: how long a process that must end lets its jobs go on.
        hang_seconds: how long a child of `gateway serve` may show no sign of life before it is started again.
        cookies: `plain` ones are sent over http as well, for development on this machine.
    """

    data_dir: Path
    config_dir: Path
    secrets_dir: Path
    drop_root: Path | None = None
    database_url: str | None = None
    system_database_url: str | None = None
    owner_database_url: str | None = None
    master_key: bytes | None = None
    limits_url: str | None = None
    metrics_token: str | None = None
    broker_url: str | None = None
    otlp_endpoint: str | None = None
    smtp_url: str | None = None
    mail_from: str = "gateway@localhost"
    public_url: str | None = None
    sms_url: str | None = None
    sms_account: str = ""
    sms_token: str = ""
    sms_from: str = ""
    sms_segments: int = 3
    sms_a_second: int = 10
    sms_a_day: int = 0
    push_key: bytes | None = None
    push_contact: str = "mailto:gateway@localhost"
    push_hosts: tuple[str, ...] = _PUSH_HOSTS
    push_a_second: int = 50
    chat_a_second: int = 1
    http_host: str = "127.0.0.1"
    http_port: int = 8000
    sftp_host: str = "127.0.0.1"
    sftp_port: int = 2222
    sftp_host_key_file: Path | None = None
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    allow_private: tuple[str, ...] = ()
    urgent_workers: int = 2
    normal_workers: int = 4
    bulk_workers: int = 1
    ingest_workers: int = 1
    arrivals_workers: int = 12
    deliveries_workers: int = 8
    notices_workers: int = 4
    models_workers: int = 8
    email_a_second: int = 0
    email_a_day: int = 0
    email_lines: int = 4
    job_lease_seconds: int = 30
    job_sweep_seconds: int = 2
    drain_seconds: int = 25
    hang_seconds: int = 60
    log_format: LogFormat = "text"
    log_level: LogLevel = "info"
    cookies: Cookies = "secure"

    @property
    def reached_at(self) -> str:
        """Where people reach the API: how addresses that are written into messages begin; it ends without a slash."""
        host = f"[{self.http_host}]" if ":" in self.http_host else self.http_host
        return self.public_url or f"http://{host}:{self.http_port}"

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"Settings({shown})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return [(name, "(hidden)" if name in _SECRET and value else value) for name, value in values]


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read `GATEWAY_*`. An empty variable counts as unset; a secret may stand in the file that `NAME_FILE` names.

    Raises:
        Permanent: `settings_invalid`, naming the variable and what it must be, never its value where that is secret.
    """
    env = os.environ if environ is None else environ
    data_dir = _folder(env, "GATEWAY_DATA_DIR", Path("data"))
    database_url = _database_url(env, "GATEWAY_DATABASE_URL")
    return Settings(
        data_dir=data_dir,
        config_dir=_folder(env, "GATEWAY_CONFIG_DIR", Path("partner_configs")),
        secrets_dir=_folder(env, "GATEWAY_SECRETS_DIR", data_dir / "secrets"),
        drop_root=_folder(env, "GATEWAY_DROP_ROOT", data_dir) if env.get("GATEWAY_DROP_ROOT") else None,
        database_url=database_url,
        system_database_url=_role_url(env, "GATEWAY_SYSTEM_DATABASE_URL", database_url),
        owner_database_url=_role_url(env, "GATEWAY_OWNER_DATABASE_URL", database_url),
        master_key=_master_key(env, "GATEWAY_MASTER_KEY"),
        limits_url=_redis_url(env, "GATEWAY_LIMITS_URL"),
        metrics_token=_secret(env, "GATEWAY_METRICS_TOKEN"),
        http_host=env.get("GATEWAY_HTTP_HOST") or "127.0.0.1",
        public_url=_bare_url(env, "GATEWAY_PUBLIC_URL"),
        sftp_host=env.get("GATEWAY_SFTP_HOST") or "127.0.0.1",
        sftp_host_key_file=_file(env, "GATEWAY_SFTP_HOST_KEY_FILE"),
        trusted_proxies=_networks(env, "GATEWAY_TRUSTED_PROXIES", ("127.0.0.1", "::1")),
        allow_private=_networks(env, "GATEWAY_ALLOW_PRIVATE", ()),
        broker_url=_broker_url(env, "GATEWAY_BROKER_URL"),
        otlp_endpoint=_http_url(env, "GATEWAY_OTLP_ENDPOINT") or _http_url(env, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        smtp_url=_smtp_url(env, "GATEWAY_SMTP_URL"),
        mail_from=_mail_from(env, "GATEWAY_MAIL_FROM", "gateway@localhost"),
        **_sms(env),
        push_key=_push_key(env, "GATEWAY_PUSH_KEY"),
        push_contact=_push_contact(env, "GATEWAY_PUSH_CONTACT", "mailto:gateway@localhost"),
        push_hosts=_hosts(env, "GATEWAY_PUSH_HOSTS", _PUSH_HOSTS),
        **_numbers(env),
        log_format=cast("LogFormat", _word(env, "GATEWAY_LOG_FORMAT", get_args(LogFormat), "text")),
        log_level=cast("LogLevel", _word(env, "GATEWAY_LOG_LEVEL", get_args(LogLevel), "info")),
        cookies=cast("Cookies", _word(env, "GATEWAY_COOKIES", get_args(Cookies), "secure")),
    )


def _folder(env: Mapping[str, str], name: str, default: Path) -> Path:
    folder = Path(env.get(name) or default).expanduser().absolute()  # a child process may stand elsewhere
    if folder.exists() and not folder.is_dir():
        raise _invalid(name, f"must be a folder, but {folder} is a file")
    return folder


def _file(env: Mapping[str, str], name: str) -> Path | None:
    file = env.get(name)
    return Path(file).expanduser().absolute() if file else None


def _word(env: Mapping[str, str], name: str, words: tuple[str, ...], default: str) -> str:
    word = (env.get(name) or default).lower()
    if word not in words:
        raise _invalid(name, f"must be one of {', '.join(words)}, not {word!r}")
    return word


def _database_url(env: Mapping[str, str], name: str) -> str | None:
    url = _secret(env, name)
    if url is None:
        return None
    try:
        valid = urlsplit(url).scheme in _SCHEMES
    except ValueError:  # such as an unclosed [ of an IPv6 address
        valid = False
    if not valid:
        raise _invalid(name, "must be a PostgreSQL address such as postgresql://user:password@host:5432/gateway")
    return url


def _redis_url(env: Mapping[str, str], name: str) -> str | None:
    url = _secret(env, name)
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise _invalid(name, "must be a Redis address such as redis://host:6379/0")
    return url


def _broker_url(env: Mapping[str, str], name: str) -> str | None:
    url = _secret(env, name)
    if url and url.partition("://")[0] not in _BROKERS:
        raise _invalid(name, "must start with redis://, rediss://, amqp:// or amqps://, or be unset")
    return url


def _http_url(env: Mapping[str, str], name: str) -> str | None:
    url = _secret(env, name)
    if url and not url.startswith(("http://", "https://")):
        raise _invalid(name, "must be an address such as http://collector:4318")
    return url


def _bare_url(env: Mapping[str, str], name: str) -> str | None:
    url = (env.get(name) or "").rstrip("/")
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    bare = f"{parts.scheme}://{parts.netloc}{parts.path}" if valid else None
    if url and (bare != url or "@" in url or not url.isascii() or not url.isprintable() or " " in url):
        raise _invalid(name, "must be an address such as https://gateway.firm.example, without a login")
    return url or None


def _smtp_url(env: Mapping[str, str], name: str) -> str | None:
    url = _secret(env, name)
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        valid = parts.scheme in _RELAYS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise _invalid(name, "must be a mail relay such as smtp://user:password@mail.example:587, or smtps:// for TLS")
    return url


def _mail_from(env: Mapping[str, str], name: str, default: str) -> str:
    address = env.get(name) or default
    local, _, domain = address.rpartition("@")
    if not (local and domain and address.isascii() and address.isprintable() and " " not in address):
        raise _invalid(name, f"must be an e-mail address alone, such as gateway@firm.example, not {address!r}")
    return address


def _sms(env: Mapping[str, str]) -> dict[str, Any]:
    """A provider needs all of it; half of it would leave texts in a folder, unnoticed."""
    url = _bare_url(env, "GATEWAY_SMS_URL")
    account, token = env.get("GATEWAY_SMS_ACCOUNT") or "", _secret(env, "GATEWAY_SMS_TOKEN") or ""
    given = {"sms_account": account, "sms_token": token, "sms_from": env.get("GATEWAY_SMS_FROM") or ""}
    missing = [f"GATEWAY_{name.upper()}" for name, value in given.items() if not value]
    if url and missing:
        raise _invalid("GATEWAY_SMS_URL", f"is of no use without {' and '.join(missing)}")
    if given["sms_from"] and not _SENDER.fullmatch(given["sms_from"]):
        raise _invalid("GATEWAY_SMS_FROM", "must be a number such as +13125550100, or a messaging service (MG...)")
    return {"sms_url": url, **given}


def _push_key(env: Mapping[str, str], name: str) -> bytes | None:
    text = _secret(env, name)
    if text is None:
        return None
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != PUSH_KEY_BYTES:
        raise _invalid(name, f"must be the {PUSH_KEY_BYTES} bytes of a private VAPID key in base64url")
    return key


def _push_contact(env: Mapping[str, str], name: str, default: str) -> str:
    contact = env.get(name) or default
    if not contact.startswith(("mailto:", "https://")) or not contact.isascii() or " " in contact:
        raise _invalid(name, f"must be mailto: and an address, or a page with https://, not {contact!r}")
    return contact


def _hosts(env: Mapping[str, str], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    words = tuple(env.get(name, "").lower().replace(",", " ").split())
    if not all(map(_HOST.fullmatch, words)):
        raise _invalid(name, f"must be hosts such as fcm.googleapis.com or *.push.apple.com, not {' '.join(words)!r}")
    return words or default


def _networks(env: Mapping[str, str], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    words = tuple(env.get(name, "").replace(",", " ").split())
    for word in words:
        try:
            ip_network(word)
        except ValueError:
            raise _invalid(name, f"must be addresses or networks such as 10.0.0.0/8, not {word!r}") from None
    return words or default


def _numbers(env: Mapping[str, str]) -> dict[str, Any]:
    return {name: _number(env, f"GATEWAY_{name.upper()}", *bounds) for name, bounds in _NUMBERS.items()}


def _number(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = env.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise _invalid(name, f"must be a whole number from {least} to {most}, not {text!r}")
    return int(text)


def _role_url(env: Mapping[str, str], name: str, database_url: str | None) -> str | None:
    url = _database_url(env, name)
    if url and not database_url:
        raise _invalid(name, "is of no use without GATEWAY_DATABASE_URL: the embedded server has its own addresses")
    return url or database_url


def _master_key(env: Mapping[str, str], name: str) -> bytes | None:
    text = _secret(env, name)
    if text is None:
        return None
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise _invalid(name, f"must be {MASTER_KEY_BYTES} random bytes in base64: `openssl rand -base64 32`")
    return key


def _secret(env: Mapping[str, str], name: str) -> str | None:
    value, file = env.get(name), env.get(f"{name}_FILE")
    if value and file:
        raise _invalid(name, f"and {name}_FILE are both set; which of them counts is not for us to guess")
    if not file:
        return value.strip() or None if value else None
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):  # the cause might show what the file holds
        raise _invalid(f"{name}_FILE", f"must name a text file that can be read; {file} cannot") from None
    if not text:
        raise _invalid(f"{name}_FILE", f"must name a file that holds the value; {file} is empty")
    return text


def _invalid(name: str, sentence: str) -> Permanent:
    return Permanent("settings_invalid", f"{name} {sentence}.")

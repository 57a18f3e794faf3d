"""Partners whose files we fetch ourselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.domain.partners.homes import find_home
from gateway.settings import Settings
from helpers.inbox import ROSTER, Inbox, as_csv, people
from helpers.sshd import Sshd
from ingest.arrivals import polling
from ingest.arrivals.polling import Polled

CSV = as_csv(people(3))


def with_arrivals(arrivals: str, roster: str = ROSTER, partner: str = "acme", firm: str = "northgate") -> str:
    """The roster's settings, and where its files are fetched."""
    return roster.format(partner=partner, firm=firm).replace(
        "    contents: full", f"    arrivals: [{arrivals}]\n    contents: full"
    )


def keep_secrets(settings: Settings, **secrets: str) -> None:
    """Secrets of northgate's that settings can name."""
    folder = settings.secrets_dir / "northgate"
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in secrets.items():
        (folder / name).write_text(value)


def on_sshd(sshd: Sshd, more: str = "", **words: object) -> str:
    """An entry of `arrivals:` that fetches from the server with the secret ACME_KEY."""
    said = {"host": sshd.host, "port": sshd.port, "user": sshd.user, "key": "ACME_KEY", "folder": str(sshd.home)}
    return _entry("sftp", said | {"host_keys": sshd.host_keys} | words, more)


def in_bucket(bucket: str, endpoint: str, **words: object) -> str:
    """An entry of `arrivals:` that fetches what is below `out` with the secrets ACME_ID and ACME_SECRET."""
    said = {
        "bucket": bucket,
        "prefix": "out",
        "endpoint": endpoint,
        "access_key": "ACME_ID",
        "secret_key": "ACME_SECRET",
    }
    return _entry("s3", said | words)


def _entry(via: str, said: dict[str, object], more: str = "") -> str:
    told = ", ".join(f"{name}: {value!r}" for name, value in said.items() if value is not None)
    return f"{{via: {via}, {told}{more}}}"


class Places:
    """What is fetched for one partner."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox, self.office = inbox, inbox.office

    @property
    def landing(self) -> Path:
        folder = self.office.settings.data_dir / "landing" / self.inbox.slug
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def poll(self) -> Polled:
        """Look at the only place."""
        [polled] = polling.poll(self.office, find_home(self.office, self.inbox.slug))
        return polled

    def taken(self) -> list[str]:
        """The names of the files that a look takes."""
        polled = self.poll()
        assert polled.looked, polled.problem
        return [one.name for one in polled.looked.taken]

    def waiting(self) -> dict[str, str]:
        """Why files wait after a look that takes none."""
        polled = self.poll()
        assert polled.looked, polled.problem
        assert not polled.looked.taken
        return {one.name: one.why for one in polled.looked.waiting}

    def arrived(self) -> list[tuple[Any, ...]]:
        """The names and digests of all files on record, in the order in which they came."""
        return self.inbox.sql("SELECT f.name, f.sha256 FROM imports i JOIN files f ON f.id = i.file_id ORDER BY i.id")

    def names(self) -> list[str]:
        return [name for name, _ in self.arrived()]


def below(folder: Path) -> Iterator[str]:
    """What lies in a folder that is no folder itself."""
    return (str(one.relative_to(folder)) for one in sorted(folder.rglob("*")) if not one.is_dir())

"""A mail server on loopback (aiosmtpd) that keeps what it takes, and says no when a test tells it to."""

from __future__ import annotations

import ssl
import warnings
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from helpers.servers import free_port


class PostOffice:
    """One mailbox for all, which takes commands together (RFC 2920) unless it is told not to.

    Attributes:
        answers: by command (`MAIL`, `RCPT`, `DATA`) or recipient, what is said instead of taking it; `drop` hangs up.
        taken: the messages, in order.
        takes_together: whether it offers that.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        login=None,
        pipelining: bool = True,
    ) -> None:
        self.takes_together = pipelining
        self.answers: dict[str, str] = {}
        self.taken: list[EmailMessage] = []
        self.logins: list[bytes] = []

        def authenticate(server, session, envelope, mechanism, data):
            self.logins.append(data.password)
            return AuthResult(success=login == (data.login.decode(), data.password.decode()), handled=False)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._controller = Controller(
                self,
                hostname="127.0.0.1",
                port=free_port(),
                ssl_context=tls,
                tls_context=starttls,
                authenticator=authenticate if login else None,
                auth_required=bool(login),
                auth_require_tls=bool(login and starttls),
            )
            self._controller.start()
        self.port = self._controller.port

    def messages(self) -> dict[str, EmailMessage]:
        """What a mailbox shows: each message once, by its Message-ID."""
        return {one["Message-ID"]: one for one in self.taken}

    def close(self) -> None:
        self._controller.stop(no_assert=True)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802 - aiosmtpd's name
        session.host_name = hostname
        more = ["250-PIPELINING"] if self.takes_together else []
        return [*responses[:-1], *more, responses[-1]]

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        said = self.answers.get(address) or self.answers.get("RCPT", "250 OK")
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        said = self.answers.get("DATA", "250 taken")
        if said == "drop":
            self.taken.append(message_from_bytes(envelope.content, policy=policy.SMTP))
            server.transport.abort()
        elif said.startswith("250"):
            self.taken.append(message_from_bytes(envelope.content, policy=policy.SMTP))
        return said

"""A mail relay that takes whatever it is given and keeps nothing: the same for the gateway and for a bare client.

It offers what relays offer, pipelining (RFC 2920) among it.
"""

from __future__ import annotations

import asyncio
import sys

from aiosmtpd.smtp import SMTP, Envelope, Session


class Taking:
    """Says that a message was taken."""

    async def handle_EHLO(  # noqa: N802 - its name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """As aiosmtpd answers, and pipelining, which it bears."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802 - its name
        """Nothing is kept."""
        return "250 taken"


async def main(port: int) -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Taking(), hostname="sink", loop=loop), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))

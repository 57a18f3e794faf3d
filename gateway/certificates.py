"""TLS on a connection that stands, and what is told of a certificate that is refused: whose it is, and until when."""

from __future__ import annotations

import functools
import socket
import ssl
from pathlib import Path
from typing import Any

from cryptography import x509

from gateway.dialing import Failed, Place, Timeout


def system_trust() -> ssl.SSLContext:
    """What believes whom the system trusts, or `SSL_CERT_FILE` and `SSL_CERT_DIR` name; threads share it, unchanged.

    It takes 25 ms to read some 140 certificates, longer than most calls; so they are read again once their file is
    another one. A folder of them is looked into by every handshake anyway.
    """
    paths = ssl.get_default_verify_paths()
    file = Path(paths.cafile) if paths.cafile else None
    return _trusting(paths.cafile, paths.capath, file.stat().st_mtime_ns if file and file.exists() else 0)


def secure(connection: socket.socket, place: Place, trust: ssl.SSLContext, seconds: float) -> ssl.SSLSocket:
    """The connection in TLS, with a certificate that holds for the place's host, wherever the connection leads.

    Raises:
        Failed: `certificate_refused`, `tls_failed`; the connection is closed.
        Timeout: `connection_timed_out`; the connection is closed.
    """
    peer = connection.getpeername()
    try:
        connection.settimeout(seconds)
        return trust.wrap_socket(connection, server_hostname=place.host)
    except ssl.SSLCertVerificationError as failure:
        connection.close()
        raise refused(place, failure, _shown(connection.family, peer, seconds)) from failure
    except OSError as failure:
        connection.close()
        raise _no_tls(place, failure) from failure


@functools.lru_cache(maxsize=4)
def _trusting(_file: str | None, _folder: str | None, _changed: int) -> ssl.SSLContext:
    trust = ssl.create_default_context()
    trust.set_alpn_protocols(["http/1.1"])
    return trust


def refused(place: Place, failure: ssl.SSLCertVerificationError, shown: str) -> Failed:
    """What is told of it; `shown` says whose it is, as far as that is known."""
    why = failure.verify_message.rstrip(".")
    return Failed("certificate_refused", f"The certificate of {place} is refused: {why}. {shown}".rstrip())


def _shown(family: int, peer: tuple[Any, ...], seconds: float) -> str:
    """It is asked for once more, from the same address: a handshake that failed shows none. Nothing is said there."""
    look = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    look.check_hostname, look.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.socket(family, socket.SOCK_STREAM) as plain:
            plain.settimeout(seconds)
            plain.connect(peer)
            with look.wrap_socket(plain) as looked:
                return _described(x509.load_der_x509_certificate(looked.getpeercert(binary_form=True) or b""))
    except (OSError, ValueError):
        return "It was not shown a second time."


def _described(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        shown = ", ".join(str(name.value) for name in list(names)[:5])
    except x509.ExtensionNotFound:
        shown = certificate.subject.rfc4514_string()
    return (
        f"It is for {shown}, issued by {certificate.issuer.rfc4514_string()}, valid from"
        f" {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} to {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC."
    )


def _no_tls(place: Place, failure: OSError) -> Failed:
    if isinstance(failure, TimeoutError):
        return Timeout(
            "connection_timed_out", f"{place} was reached, and did not answer to TLS in time; is the port right?"
        )
    why = getattr(failure, "reason", None) or failure.strerror or "the connection was closed"
    return Failed(
        "tls_failed", f"{place} speaks no TLS that we accept ({why}); is the port right, and does it know TLS 1.2?"
    )

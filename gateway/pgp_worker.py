"""The process that opens or writes one OpenPGP message: an order and bytes come in, bytes or a refusal go out."""

from __future__ import annotations

import contextlib
import os
import sys
from datetime import UTC, datetime

import msgspec
import pysequoia

from gateway.pgp import Order, Refusal

_IN, _OUT = "/dev/fd/0", "/dev/fd/1"  # the library takes paths


class _RefusedError(Exception):
    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.refusal = Refusal(code=code, sentence=sentence)


def main() -> int:
    """Do what stands on standard input, unbuffered, so that the rest of it is the library's."""
    size = int.from_bytes(_exactly(4), "big")
    order = msgspec.json.decode(_exactly(size), type=Order)
    try:
        if order.key is None:
            _encrypt(order)
        else:
            _open(order)
    except _RefusedError as refused:
        sys.stderr.buffer.write(b"\n" + msgspec.json.encode(refused.refusal))
        return 1
    return 0


def _exactly(size: int) -> bytes:
    got = b""
    while len(got) < size and (piece := os.read(0, size - len(got))):
        got += piece
    return got


def _encrypt(order: Order) -> None:
    recipient = _certificate(order.certificate or "")
    if fault := _fault(recipient):
        code, since = fault
        raise _RefusedError(code, f"The key {_named(recipient)} {since}; ask its owner for a new one.")
    try:
        pysequoia.encrypt_file(_IN, _OUT, [recipient], armor=order.armor)
    except RuntimeError as failure:
        raise _RefusedError(
            "pgp_key_invalid", f"Nothing can be encrypted for the key {_named(recipient)}: {_first_line(failure)}."
        ) from failure


def _open(order: Order) -> None:
    secret, signer = _secret(order.key or ""), _certificate(order.certificate) if order.certificate else None
    asked: list[str] = []

    def known(ids: list[str]) -> list[pysequoia.Cert]:
        asked.extend(ids)
        return [signer] if signer else []

    try:
        pysequoia.decrypt_file(_IN, _OUT, secret.decryptor(), store=known if signer else None)
    except (RuntimeError, OSError) as failure:  # OSError: damage beyond the first 25 MB, after bytes were given
        raise _unopened(_first_line(failure), secret, signer, asked) from failure


def _unopened(said: str, secret: pysequoia.Tsk, signer: pysequoia.Cert | None, asked: list[str]) -> _RefusedError:
    """What the library says, as far as that is known, for people."""
    if "No key to decrypt" in said:
        ours = _named(secret.extract_certificate())
        return _RefusedError("pgp_wrong_key", f"It is encrypted for another key than ours, {ours}.")
    if signer and "ignature verification failed" in said:
        if not asked:
            return _RefusedError("pgp_unsigned", f"It is not signed; it must be, by {_named(signer)}.")
        told = f"It is signed with the key {' and '.join(asked)}, and must be validly signed by {_named(signer)}"
        if fault := _fault(signer):
            told += f", which {fault[1]}: sign with a key that is valid, and send us its public one first"
        return _RefusedError("pgp_wrong_signer", f"{told}.")
    if signer and said == "Unexpected message structure":  # the library looks at no signature within compression
        return _RefusedError(
            "pgp_compressed",
            "Its signature cannot be looked at, because it is compressed within the encryption. Sign and encrypt it"
            " without compression: `gpg --compress-algo none --sign --encrypt`, or what says so elsewhere.",
        )
    return _RefusedError("pgp_damaged", f"It is no whole PGP message, or was changed on the way ({said}).")


def _secret(text: str) -> pysequoia.Tsk:
    secret = None
    with contextlib.suppress(RuntimeError):  # which might show the key
        secret = pysequoia.Tsk.from_bytes(text.encode())
    if secret and (fault := _fault(ours := secret.extract_certificate())):
        code, since = fault
        told = (
            f"Our private PGP key {_named(ours)} {since} and opens nothing: put one that is valid into its secret, and"
        )
        raise _RefusedError(code, f"{told} give its public key to the partner.")
    if secret and not _opens(secret):
        secret = None
    if secret is None or "PRIVATE KEY BLOCK" not in text:  # the library takes a public one too, and fails later
        raise _RefusedError(
            "pgp_key_invalid",
            "The secret that holds our private PGP key holds none that opens messages: it must be in armour, without a"
            " passphrase, as `gpg --armor --export-secret-keys` writes it.",
        )
    return secret


def _opens(secret: pysequoia.Tsk) -> bool:
    try:
        secret.decryptor()
    except RuntimeError:
        return False
    return True


def _fault(certificate: pysequoia.Cert) -> tuple[str, str] | None:
    """Why a key may not be used any more: a code, and the end of a sentence."""
    if certificate.is_revoked:
        return "pgp_key_revoked", "was revoked by its owner"
    if certificate.expiration and certificate.expiration < _now():
        return "pgp_key_expired", f"expired on {certificate.expiration:%Y-%m-%d}"
    return None


def _certificate(text: str) -> pysequoia.Cert:
    try:
        return pysequoia.Cert.from_bytes(text.encode())
    except RuntimeError as failure:
        raise _RefusedError(
            "pgp_key_invalid",
            "The public PGP key of the settings is none; it must be in armour, as `gpg --armor --export` writes it.",
        ) from failure


def _named(certificate: pysequoia.Cert) -> str:
    users = ", ".join(str(user) for user in certificate.user_ids[:2])
    return f"{certificate.fingerprint.upper()} ({users})" if users else certificate.fingerprint.upper()


def _first_line(failure: Exception) -> str:
    return str(failure).splitlines()[0][:200].rstrip(".")


def _now() -> datetime:
    """The library looks at the real clock too."""
    return datetime.now(UTC)  # noqa: TID251


if __name__ == "__main__":
    sys.exit(main())

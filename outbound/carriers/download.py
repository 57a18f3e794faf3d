"""Lays parcels into the partner's outbox, from which it fetches them over the API or our SFTP endpoint."""

from __future__ import annotations

from outbound.carriers.base import Carrier, CarrierSpec, Parcel, Sender


class DownloadCarrier(CarrierSpec, frozen=True, kw_only=True, tag="download"):
    """Nothing is to be said: whoever has a key or a login of the partner may fetch."""


def _send(_spec: DownloadCarrier, parcel: Parcel, sender: Sender) -> str:
    return f"It waits in the outbox as {sender.lay_out(parcel)}."


def _ping(_spec: DownloadCarrier, sender: Sender) -> list[str]:
    return [f"Files wait in the outbox of {sender.partner} until somebody fetches them; nothing can be in the way."]


DOWNLOAD = Carrier(_send, _ping)

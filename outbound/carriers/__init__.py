"""The ways in which a parcel leaves: one module each, one line in `CARRIERS` each."""

from __future__ import annotations

from outbound.carriers import sftp
from outbound.carriers.base import Carrier, CarrierSpec

# the struct of `carrier:` -> what carries
CARRIERS: dict[type[CarrierSpec], Carrier] = {sftp.SftpSpec: sftp.SFTP}

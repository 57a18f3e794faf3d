"""The ways in which a parcel leaves: one module each, one line in `CARRIERS` each."""

from __future__ import annotations

from outbound.carriers import s3, sftp
from outbound.carriers.base import Carrier, CarrierSpec

# the struct of `carrier:` -> what carries
CARRIERS: dict[type[CarrierSpec], Carrier] = {s3.S3Spec: s3.S3, sftp.SftpSpec: sftp.SFTP}

"""Other UIDs and patient ids for those of a film: the same for the same, and no way back.

A UID is hashed under a secret (HMAC-SHA256) into a UUID below the root 2.25, which anybody may use.
Without the secret the original cannot be confirmed by trying.
"""

import hmac
import secrets
from dataclasses import dataclass, field
from uuid import UUID

from plainfilm.errors import DeidentifyError

MIN_SECRET_BYTES = 16


@dataclass(frozen=True)
class NewUids:
    """New UIDs under a secret; by default one that is drawn, and forgotten with this object.

    Raises
    ------
    DeidentifyError
        The secret is shorter than `MIN_SECRET_BYTES`.
    """

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < MIN_SECRET_BYTES:
            raise DeidentifyError(
                f"the secret has {len(self.secret)} bytes; expected {MIN_SECRET_BYTES} or more. "
                "Make one: head -c 32 /dev/urandom"
            )

    def of(self, uid: str) -> str:
        """The UID that stands for `uid`; an empty one stays empty.

        References
        ----------
        DICOM PS3.5, B.2: UIDs from a UUID. RFC 9562, 5.8: UUIDs of one's own making (version 8).
        """
        uid = uid.strip(" \0")
        if not uid:
            return ""
        digest = bytearray(self._digest("uid", uid)[:16])
        digest[6] = 0x80 | digest[6] & 0x0F
        digest[8] = 0x80 | digest[8] & 0x3F
        return f"2.25.{UUID(bytes=bytes(digest)).int}"

    def of_patient(self, patient: str) -> str:
        """The patient id that stands for `patient`: 16 hexadecimal digits; an empty one too."""
        return self._digest("patient", patient.strip(" \0"))[:8].hex().upper()

    def _digest(self, kind: str, text: str) -> bytes:
        return hmac.digest(self.secret, f"{kind} {text}".encode(), "sha256")

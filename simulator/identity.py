"""The app that logs in: its id, secret and key pair, and the two people of the org.

They are made once and kept in the org's folder.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator.database import Database

INTEGRATION_SET = "License_Sync_Integration"
ADMIN_SET = "License_Sync_Admin"


@dataclass(frozen=True)
class App:
    """What an external client app has: consumer key and secret, and a certificate for JWT."""

    client_id: str
    client_secret: str
    private_key_file: Path
    public_key: str


def load_app(database: Database, folder: Path) -> App:
    if not database.setting("client_id"):
        database.set_setting("client_id", "3MVG9" + secrets.token_urlsafe(60).replace("-", "."))
        database.set_setting("client_secret", secrets.token_hex(32).upper())
    private, public = folder / "jwt-private-key.pem", folder / "jwt-public-key.pem"
    if not public.exists():
        _make_keys(private, public)
    return App(
        database.setting("client_id"),
        database.setting("client_secret"),
        private,
        public.read_text("ascii"),
    )


def _make_keys(private: Path, public: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )

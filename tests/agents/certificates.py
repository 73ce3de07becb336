"""Certificates made for one test, as PEM files."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from agents.http.tls import TlsFiles, server_context

HERE = "127.0.0.1"


class Authority:
    """A certificate authority with a folder for what it issues."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._authority = trustme.CA()
        self.ca = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca))

    def issued(self, name: str = HERE, *, days: int = 30) -> TlsFiles:
        """Files that trust this authority, with a certificate of it for `name`."""
        now = datetime.now(UTC)
        made = self._authority.issue_cert(
            name, not_before=now - timedelta(days=60), not_after=now + timedelta(days=days)
        )
        cert, key = self._folder / f"{name}{days}.pem", self._folder / f"{name}{days}.key"
        made.cert_chain_pems[0].write_to_path(str(cert))
        made.private_key_pem.write_to_path(str(key))
        return TlsFiles(ca=self.ca, cert=cert, key=key)

    def server(self, name: str = HERE, *, days: int = 30, asks: bool = False) -> ssl.SSLContext:
        """What a server answers with; `asks` makes it want a certificate of its callers."""
        files = self.issued(name, days=days)
        return server_context(files if asks else files.model_copy(update={"ca": None}))

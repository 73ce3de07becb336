"""TLS with certificates of one's own: whom a caller trusts, and who it says it is."""

import ssl
from pathlib import Path

from workflows.messages.base import Frozen


class TlsUnusable(ValueError):  # noqa: N818 - the name says what it is
    """The files are missing, unreadable, or do not belong together; the sentence names them."""


class TlsFiles(Frozen):
    """PEM files. `ca`: whose certificates are trusted; `cert` and `key`: our own certificate.

    Without `ca` a client trusts what the system trusts, and a server asks nobody for a certificate.
    """

    ca: Path | None = None
    """Whose certificates are trusted."""
    cert: Path | None = None
    """The certificate to show."""
    key: Path | None = None
    """That certificate's key."""

    def __bool__(self) -> bool:
        return any((self.ca, self.cert, self.key))


def client_context(files: TlsFiles) -> ssl.SSLContext:
    """What a caller connects with; raises TlsUnusable."""
    try:
        context = ssl.create_default_context(cafile=files.ca)
        if files.cert is not None:
            context.load_cert_chain(files.cert, files.key)
    except (OSError, ssl.SSLError) as error:
        raise TlsUnusable(_sentence(files, error)) from None
    return context


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """What a server answers with; with `ca`, callers must show a certificate of it.

    Raises TlsUnusable.
    """
    if files.cert is None:
        raise TlsUnusable("A server that speaks TLS needs a certificate: set cert and key.")
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=files.ca)
        context.load_cert_chain(files.cert, files.key)
    except (OSError, ssl.SSLError) as error:
        raise TlsUnusable(_sentence(files, error)) from None
    if files.ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _sentence(files: TlsFiles, error: Exception) -> str:
    named = ", ".join(str(path) for path in (files.ca, files.cert, files.key) if path)
    why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return f"The TLS files {named} cannot be used ({why}). Check that each is there and is PEM."

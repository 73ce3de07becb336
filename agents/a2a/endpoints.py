"""Where an agent answers, and what calls of it need."""

from pydantic import Field, SecretStr

from agents.http.tls import TlsFiles
from workflows.messages.base import Frozen


class Endpoint(Frozen):
    """An A2A agent. `url` is the folder its card lies in; `token` goes out as a bearer token.

    `seal` is the key its messages are encrypted with (32 bytes, base64), empty for none.
    `card_keys` is the key set (JWKS, as JSON) one of which must have signed its card; empty takes
    any card.
    """

    name: str
    url: str
    token: SecretStr = SecretStr("")
    seconds: float = Field(default=600, gt=0, description="deadline of one call")
    tls: TlsFiles = TlsFiles()
    seal: SecretStr = SecretStr("")
    card_keys: str = ""

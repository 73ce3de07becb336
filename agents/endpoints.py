"""Where an agent answers."""

from pydantic import Field, SecretStr

from workflows.frozen import Frozen


class Endpoint(Frozen):
    """An A2A agent. `url` is the folder its card lies in; `token` goes out as a bearer token."""

    name: str
    url: str
    token: SecretStr = SecretStr("")
    seconds: float = Field(default=600, gt=0, description="deadline of one call")

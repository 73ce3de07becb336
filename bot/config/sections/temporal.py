"""`[temporal]`: how Temporal is reached."""

from pydantic import Field

from bot.config.sections.base import Section


class TemporalSettings(Section):
    """How Temporal is reached."""

    address: str = "127.0.0.1:7233"
    """Where the server answers."""
    namespace: str = "default"
    """The namespace everything runs in."""
    task_queue: str = Field(default="signoff", pattern=r"^[\w.@+-]+$")
    """The queue the workers serve."""
    deployment: str = Field(default="", pattern=r"^[\w@+-]*$")
    """The name of a worker deployment: each release's workers then wait until theirs is made the
    current one."""
    embedded: bool = True
    """Whether `signoff up` starts a server of its own."""
    ui_port: int = 0
    """The embedded server's web page, for example 8233; 0 for none. Whoever reaches it, web pages
    in a browser on this machine included, can read and end everything."""

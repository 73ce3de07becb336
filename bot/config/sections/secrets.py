"""What is read from the environment, from `.env` or from `<NAME>_FILE`, and from nowhere else."""

from collections.abc import Iterable

from pydantic import SecretStr

from bot.config.sections.base import Section

NOT_FOR_AGENTS = (
    "slack_bot_token",
    "slack_app_token",
    "slack_signing_secret",
    "agent_tokens",
    "agent_keys",
    "mail_password",
    "audit_key",
    "database_password",
    "program_tokens",
)
"""What our agents' server, with other people's code and texts in it, is not told."""


def variables(fields: Iterable[str]) -> tuple[str, ...]:
    """The environment's names of these secrets."""
    return tuple(field.upper() for field in fields)


class Secrets(Section):
    """What must never be printed."""

    slack_bot_token: SecretStr = SecretStr("")
    """`xoxb-...`, from "Install App"."""
    slack_app_token: SecretStr = SecretStr("")
    """`xapp-...` with `connections:write`."""
    slack_signing_secret: SecretStr = SecretStr("")
    """Only for Slack over HTTP in place of sockets."""
    google_api_key: SecretStr = SecretStr("")
    """Lets the agents run on Gemini."""
    gemini_api_key: SecretStr = SecretStr("")
    """The same, where the first one is not set."""
    openai_api_key: SecretStr = SecretStr("")
    """For models named `openai/...`; like the following six it needs the extra `litellm`."""
    anthropic_api_key: SecretStr = SecretStr("")
    """For models named `anthropic/...`."""
    mistral_api_key: SecretStr = SecretStr("")
    """For models named `mistral/...`."""
    groq_api_key: SecretStr = SecretStr("")
    """For models named `groq/...`."""
    deepseek_api_key: SecretStr = SecretStr("")
    """For models named `deepseek/...`."""
    xai_api_key: SecretStr = SecretStr("")
    """For models named `xai/...`."""
    openrouter_api_key: SecretStr = SecretStr("")
    """For models named `openrouter/...`."""
    agents_token: SecretStr = SecretStr("")
    """What our agents' A2A server asks for and the worker sends it; empty is for loopback only, and
    means a token of the storage folder, `agents.token`, made at the first start."""
    agents_key: SecretStr = SecretStr("")
    """Encrypts the messages between worker and our agents' server, which then takes no others: 32
    bytes in base64, as `openssl rand -base64 32` makes them."""
    agent_tokens: SecretStr = SecretStr("")
    """`name=token name=token`: what the worker sends to agents that are not ours."""
    agent_keys: SecretStr = SecretStr("")
    """`name=key name=key`: keys agreed with such agents for encrypted messages."""
    mail_password: SecretStr = SecretStr("")
    """For the mail server."""
    audit_key: SecretStr = SecretStr("")
    """Signs the audit log's rows (HMAC), so that nobody without it can forge the chain."""
    payload_keys: SecretStr = SecretStr("")
    """`name=key name=key`: keys that encrypt what Temporal keeps, 32 bytes each in base64."""
    database_password: SecretStr = SecretStr("")
    """For the PostgreSQL of `storage.database`, so that no password stands in `signoff.toml`."""
    program_tokens: SecretStr = SecretStr("")
    """`name=token name=token`: how programs of `[programs.<name>]` identify themselves; 16
    characters or more each."""

"""The errors a person sees, each one sentence that names the thing and the way out.

SignoffError
├── ConfigurationError   signoff.toml, tokens, folders: found at start-up
├── UnavailableError     a service we need does not answer
└── BadRequest           what somebody asked for cannot be done as asked
"""


class SignoffError(Exception):
    """The text is for the person; the command line prints it and exits with `exit_code`."""

    exit_code = 1


class ConfigurationError(SignoffError):
    """Mend the configuration, then start again."""

    exit_code = 2


class UnavailableError(SignoffError):
    """Try again when the service is back."""

    exit_code = 3


class BadRequest(SignoffError):  # noqa: N818 - the request is bad, the program is fine
    """Ask differently."""

    exit_code = 4

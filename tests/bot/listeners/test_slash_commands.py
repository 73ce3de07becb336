"""What people type after `/task`."""

import pytest

from bot.listeners.slash_commands import Verb, help_text, parse
from workflows.messages.tasks import SourceKind


@pytest.mark.parametrize(
    ("text", "verb", "argument"),
    [
        ("", Verb.FORM, ""),
        ("   ", Verb.FORM, ""),
        ("help", Verb.HELP, ""),
        ("LIST", Verb.LIST, ""),
        ("health", Verb.HEALTH, ""),
        ("status t-abc", Verb.STATUS, "t-abc"),
        ("status", Verb.STATUS, ""),
        ("cancel t-abc", Verb.CANCEL, "t-abc"),
        ("review sales.csv", Verb.START, "review"),
    ],
)
def test_verbs(text: str, verb: Verb, argument: str) -> None:
    """The first word decides; what is no verb is a pipeline."""
    command = parse(text)
    assert (command.verb, command.argument) == (verb, argument)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("review data/a.csv", SourceKind.FILE, "data/a.csv"),
        ("review https://example.com/a.csv", SourceKind.URL, "https://example.com/a.csv"),
        ("review <https://example.com/a|example.com/a>", SourceKind.URL, "https://example.com/a"),
        ("review F0123ABCD", SourceKind.SLACK, "F0123ABCD"),
        ('review "some text of mine"', SourceKind.TEXT, "some text of mine"),
        ("review “some text of mine”", SourceKind.TEXT, "some text of mine"),
        ("review it's.csv", SourceKind.FILE, "it's.csv"),
        (r"review a\b.csv", SourceKind.FILE, r"a\b.csv"),
        ('review "unclosed', SourceKind.FILE, "unclosed"),
    ],
)
def test_inputs(text: str, kind: SourceKind, value: str) -> None:
    """Files, web addresses, Slack files and quoted text are told apart."""
    (source,) = parse(text).sources
    assert (source.kind, source.value) == (kind, value)


def test_help_names_what_somebody_may_start() -> None:
    """With what each pipeline is for, and every form of /approvals."""
    said = help_text({"review": "Review *data*", "bare": ""})
    assert "• `review`: Review " in said
    assert "• `bare`" in said.splitlines()
    for typed in ("/approvals mine", "/approvals all", "/approvals <id>"):
        assert f"`{typed}`" in said
    assert "Pipelines" not in help_text({})

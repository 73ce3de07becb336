"""The form for one's own settings: a deputy while away, quiet hours, the digest."""

from datetime import date, time
from typing import Any

from notifications.cards.buttons import ActionId
from notifications.forms.inputs import checkboxes, clock, day, entered, modal, person_select, ticked
from notifications.views.blocks import Block, context, option
from workflows.messages.base import Frozen

DEPUTY = "deputy"
AWAY_FROM = "away_from"
AWAY_UNTIL = "away_until"
QUIET_FROM = "quiet_from"
QUIET_UNTIL = "quiet_until"
DIGEST = "digest"


class Wanted(Frozen):
    """One person's settings, as the form shows and returns them."""

    deputy: str = ""
    away_from: date | None = None
    away_until: date | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None
    digest: bool = True

    def errors(self, user: str) -> dict[str, str]:
        """A sentence beside each field that does not fit."""
        found = {}
        if self.deputy == user:
            found[DEPUTY] = "You cannot be your own deputy."
        if self.away_from and self.away_until and self.away_until < self.away_from:
            found[AWAY_UNTIL] = "The last day is before the first."
        if (self.quiet_from is None) != (self.quiet_until is None):
            found[QUIET_UNTIL] = "Quiet hours need a beginning and an end, or neither."
        return found


def settings_form(now: Wanted) -> Block:
    """Filled in with what is set."""
    digest = option("A digest of what waits, once a day", DIGEST)
    blocks = [
        person_select(DEPUTY, "Out of office: who decides?", optional=True, chosen=now.deputy),
        day(AWAY_FROM, "First day away", now.away_from),
        day(AWAY_UNTIL, "Last day away", now.away_until),
        context("While you are away your seat goes to your deputy, with what already waits."),
        clock(QUIET_FROM, "Quiet from", now.quiet_from),
        clock(QUIET_UNTIL, "Quiet until", now.quiet_until),
        checkboxes(DIGEST, "Digest", [digest], [DIGEST] if now.digest else []),
    ]
    return modal(ActionId.SETTINGS_MODAL, "Settings", blocks, submit="Keep")


def wanted(view: dict[str, Any]) -> Wanted:
    """What was filled in."""
    return Wanted.model_validate(
        {
            "deputy": entered(view, DEPUTY),
            "digest": DIGEST in ticked(view, DIGEST),
            **{
                name: entered(view, name) or None
                for name in (AWAY_FROM, AWAY_UNTIL, QUIET_FROM, QUIET_UNTIL)
            },
        }
    )

"""`make demo MODEL=stand-in`: the demo on the stand-in for Gemini, which fails as it is told to.

Whoever asks for changes with a comment such as "stand-in: quota" sees what becomes of that.
"""

import asyncio
import json
import re
import signal
import sys
from collections import Counter
from dataclasses import dataclass, field

from agents.environment import child_environment
from tests.models.gemini import KEY, GeminiStandIn
from tests.models.gemini_replies import (
    ANSWER,
    Body,
    Fault,
    ModelAnswer,
    calls,
    internal,
    invalid,
    overloaded,
    page,
    quota,
    says,
    usual,
)

WHOLE = json.dumps(ANSWER)
TRIES = 3
"""So often it fails, as many as a turn has attempts: a person's Retry then goes on."""
WISHES: dict[str, ModelAnswer | Fault] = {
    "cut": says(WHOLE[:60], "MAX_TOKENS"),
    "blocked": says("Take two", "SAFETY"),
    "recited": says("Shall I compare", "RECITATION"),
    "empty": ModelAnswer(),
    "half": says(WHOLE[:70]),
    "quota": quota(5),
    "quota today": quota(per="Day"),
    "overloaded": overloaded(),
    "broken": internal(),
    "bad request": invalid(),
    "reset": Fault("reset"),
    "page": page(502),
    "claim": says(json.dumps({**ANSWER, "full_text": "I have ordered three laptops."})),
    "loop": calls(("profile_table", {"file": "penguins.csv"})),
}
_ENDLESS = frozenset({"claim", "loop"})
_WISH = re.compile(r"stand-in: (" + "|".join(sorted(WISHES, key=len, reverse=True)) + r")\b")


@dataclass
class Wishes:
    """What is answered to a request: the latest draft in it, as often as that makes sense."""

    given: Counter[str] = field(default_factory=Counter)

    def answer(self, body: Body) -> ModelAnswer | Fault:
        """A good answer where nothing else is wished."""
        said = body["contents"][0]["parts"][0].get("text", "")
        found = _WISH.findall(said)
        draft = found[-1] if found else ""
        self.given[said] += 1
        if not draft or (draft not in _ENDLESS and self.given[said] > TRIES):
            return usual(body)
        return WISHES[draft]


async def main() -> int:
    """Serve the stand-in, and run `signoff demo` on it until that ends."""
    async with GeminiStandIn(usual=Wishes().answer).serving() as gemini:
        print(
            f"The stand-in for Gemini answers at {gemini.address}. Request changes with a comment:"
        )
        print("  " + ", ".join(f"'stand-in: {name}'" for name in WISHES), flush=True)
        changes = {
            "GOOGLE_API_KEY": KEY,
            "SIGNOFF_MODELS__ADDRESS": gemini.address,
            "SIGNOFF_MODELS__USE": "live",
            "SIGNOFF_MODELS__VERTEX": "false",
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "demo", *sys.argv[1:]),
            env=child_environment(changes),
        )
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, lambda: None)  # the terminal tells the demo, too
        loop.add_signal_handler(signal.SIGTERM, process.terminate)
        return await process.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

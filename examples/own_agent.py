"""An agent of one's own whose payments wait for people: ADK's runner, with Signoff's plugin.

SHOP_TOKEN=<the program's token> python examples/own_agent.py [http://127.0.0.1:8333]

Its model is made up, so that it needs no key: put the name of a real one in its place.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from google.adk.agents import LlmAgent
from google.adk.apps.app import App
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.runners import InMemoryRunner
from google.genai import types

from agents.tool_policy.plugin import SecurityPlugin

POLICY = Path(__file__).with_suffix(".toml")
ADDRESS = "http://127.0.0.1:8333"


class MadeUpModel(BaseLlm):
    """Asks for one payment, then repeats what came of it."""

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """ADK's hook."""
        last = (llm_request.contents[-1].parts or [types.Part()])[-1]
        if answer := last.function_response:
            part = types.Part(text=f"What came of it: {answer.response}")
        else:
            part = types.Part.from_function_call(
                name="pay_supplier", args={"to": "Acme", "amount": 250, "currency": "EUR"}
            )
        yield LlmResponse(content=types.Content(role="model", parts=[part]))


def pay_supplier(to: str, amount: float, currency: str) -> dict[str, Any]:
    """Pay a supplier."""
    print(f"Paid {amount} {currency} to {to}.", flush=True)
    return {"paid": amount, "currency": currency, "to": to}


async def main(token: str, address: str) -> None:
    """One run; it waits for as long as people take."""
    agent = LlmAgent(name="shop", model=MadeUpModel(model="made-up"), tools=[pay_supplier])
    plugin = SecurityPlugin.asking(address, token, POLICY)
    app = App(name="shop", root_agent=agent, plugins=[plugin])
    async with InMemoryRunner(app=app) as runner:
        for event in await runner.run_debug("Pay Acme.", quiet=True):
            for part in event.content.parts or [] if event.content else []:
                if part.text:
                    print(part.text)


if __name__ == "__main__":
    asyncio.run(main(os.environ["SHOP_TOKEN"], *(sys.argv[1:2] or [ADDRESS])))

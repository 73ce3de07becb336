"""An OpenAI-compatible server over HTTP: chat completions, with and without streaming.

Public sources:
* request, response: https://platform.openai.com/docs/api-reference/chat
* chunks, and the one that holds the usage: https://platform.openai.com/docs/api-reference/chat-streaming
* tool calls and their answers: https://platform.openai.com/docs/guides/function-calling
* errors: https://platform.openai.com/docs/guides/error-codes, and the body's fields as in
  openai/openai-python, src/openai/_exceptions.py
"""

import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.models.gemini_replies import ANSWER

Body = dict[str, Any]
KEY = "sk-stand-in-key-of-the-tests-0000000000"
VERSION = "gpt-5-mini-2025-08-07"
_ROLES = {"system", "developer", "user", "assistant", "tool"}


@dataclass(frozen=True)
class Message:
    """What the assistant says, and why it stopped."""

    content: str | None = None
    calls: tuple[tuple[str, str], ...] = ()
    finish: str = "stop"


@dataclass(frozen=True)
class Failure:
    """An error body; `after` is the Retry-After header, in seconds."""

    status: int
    code: str
    message: str = "Something was wrong."
    after: str = ""


def says(text: str, finish: str = "stop") -> Message:
    """A text."""
    return Message(text, finish=finish)


def calls(*wanted: tuple[str, Body]) -> Message:
    """Tool calls side by side."""
    made = tuple((name, json.dumps(arguments)) for name, arguments in wanted)
    return Message(calls=made, finish="tool_calls")


class RefusedError(Exception):
    """The request is a 400; the text is the message."""


@dataclass
class OpenAIStandIn:
    """`script` is what is answered, in order; when it is used up, a plain good answer is given."""

    script: deque[Message | Failure] = field(default_factory=deque)
    seen: list[Body] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)
    address: str = ""

    def says(self, *replies: Message | Failure) -> None:
        """Put answers at the end of the script."""
        self.script.extend(replies)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["OpenAIStandIn"]:
        """On a port of loopback, until the block ends."""
        app = web.Application(client_max_size=100 * 2**20)
        app.router.add_post("/v1/chat/completions", self._completions)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.address = f"{site.name}/v1"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.bearers.append(bearer)
        if bearer != KEY:
            return _error(Failure(401, "invalid_api_key", "Incorrect API key provided."))
        body = await request.json()
        self.seen.append(body)
        try:
            check(body)
        except RefusedError as refusal:
            self.refused.append(str(refusal))
            return _error(Failure(400, "invalid_request_error", str(refusal)))
        if not str(body["model"]).startswith("gpt-"):
            return _error(Failure(404, "model_not_found", "The model does not exist."))
        reply = self.script.popleft() if self.script else usual(body)
        if isinstance(reply, Failure):
            return _error(reply)
        whole = completion(reply, body)
        if not body.get("stream"):
            return web.json_response(whole)
        usage = (body.get("stream_options") or {}).get("include_usage", False)
        return await _streamed(chunks(whole, usage=usage), request)


def check(body: Body) -> None:
    """Raises RefusedError for what the real one refuses."""
    messages = body.get("messages")
    if not messages or not body.get("model"):
        raise RefusedError("Missing required parameter: 'messages' or 'model'.")
    open_calls: list[str] = []
    for number, message in enumerate(messages):
        role = message.get("role")
        if role not in _ROLES:
            raise RefusedError(f"Invalid value: '{role}' at messages[{number}].role.")
        if role == "tool":
            if message.get("tool_call_id") not in open_calls:
                raise RefusedError(
                    "Invalid parameter: messages with role 'tool' must be a response to a "
                    "preceeding message with 'tool_calls'."
                )
            open_calls.remove(message["tool_call_id"])
            continue
        if open_calls:
            raise RefusedError(
                "An assistant message with 'tool_calls' must be followed by tool messages "
                f"responding to each 'tool_call_id'. Missing: {', '.join(open_calls)}"
            )
        wanted = message.get("tool_calls") or []
        if role == "assistant" and not wanted and message.get("content") is None:
            raise RefusedError(f"Invalid value for 'content' at messages[{number}]: got null.")
        open_calls = [call["id"] for call in wanted]
    if open_calls:
        raise RefusedError("tool_calls without an answer at the end.")
    _check_options(body)


def _check_options(body: Body) -> None:
    if body.get("stream_options") is not None and not body.get("stream"):
        raise RefusedError(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        )
    names = [tool["function"]["name"] for tool in body.get("tools") or ()]
    if len(names) != len(set(names)):
        raise RefusedError("Duplicate function name in 'tools'.")


def usual(body: Body) -> Message:
    """A good answer in the way the request asks for: by ADK's tool, as JSON, or as text."""
    names = {tool["function"]["name"] for tool in body.get("tools") or ()}
    if "set_model_response" in names:
        return calls(("set_model_response", ANSWER))
    return says(json.dumps(ANSWER) if body.get("response_format") else "ready")


def completion(reply: Message, asked: Body) -> Body:
    """A chat completion; tokens are counted as four characters each."""
    prompt = len(json.dumps(asked)) // 4
    gave = (len(reply.content or "") + len(str(reply.calls))) // 4
    message: Body = {"role": "assistant", "content": reply.content, "refusal": None}
    if reply.calls:
        message["tool_calls"] = [
            {
                "id": f"call_{len(asked['messages'])}_{number}",
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
            for number, (name, arguments) in enumerate(reply.calls)
        ]
    return {
        "id": "chatcmpl-stand-in",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": VERSION,
        "choices": [
            {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish}
        ],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": gave,
            "total_tokens": prompt + gave,
        },
    }


def chunks(whole: Body, *, usage: bool) -> list[Body]:
    """The same as a stream: text and arguments in halves; usage, if asked for, in a last chunk."""
    (choice,) = whole["choices"]
    message = choice["message"]
    content, wanted = message["content"], message.get("tool_calls", [])
    deltas: list[Body] = [{"role": "assistant", "content": "" if content else None}]
    deltas += [{"content": half} for half in _halves(content or "")]
    for number, call in enumerate(wanted):
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        opens = {"name": name, "arguments": ""}
        deltas.append({"tool_calls": [{**call, "index": number, "function": opens}]})
        deltas += [
            {"tool_calls": [{"index": number, "function": {"arguments": half}}]}
            for half in _halves(arguments)
        ]
    bare = {k: v for k, v in whole.items() if k not in {"choices", "usage"}}
    bare |= {"object": "chat.completion.chunk"} | ({"usage": None} if usage else {})

    def chunk(delta: Body, finish: str | None = None) -> Body:
        return bare | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    made = [*map(chunk, deltas), chunk({}, choice["finish_reason"])]
    return [*made, bare | {"choices": [], "usage": whole["usage"]}] if usage else made


def _halves(text: str) -> list[str]:
    middle = len(text) // 2
    return [half for half in (text[:middle], text[middle:]) if half]


async def _streamed(parts: list[Body], request: web.Request) -> web.StreamResponse:
    """Server-sent events, and the line that ends them."""
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await stream.prepare(request)
    for part in parts:
        await stream.write(b"data: " + json.dumps(part).encode() + b"\n\n")
    await stream.write(b"data: [DONE]\n\n")
    await stream.write_eof()
    return stream


def _error(failure: Failure) -> web.Response:
    inner = {
        "message": failure.message,
        "type": failure.code,
        "param": None,
        "code": failure.code,
    }
    headers = {"Retry-After": failure.after} if failure.after else {}
    return web.json_response({"error": inner}, status=failure.status, headers=headers)

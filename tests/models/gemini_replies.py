"""What the stand-in for Gemini answers: contents, finish reasons, usage, errors, faults.

Shapes: https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse and
https://ai.google.dev/gemini-api/docs/generate-content/api-errors; a used-up quota as quoted in
google-gemini/gemini-cli, issue 8437, and a bad key as in continuedev/continue, issue 8516.
"""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]
_RPC = "type.googleapis.com/google.rpc."
ANSWER = {
    "summary": "The stand-in for Gemini read it.",
    "findings": ["It has rows."],
    "metrics": [{"name": "rows", "value": 10}],
    "full_text": "# Read",
}


@dataclass(frozen=True)
class ModelAnswer:
    """A candidate; without `parts` there is none, as when a prompt is blocked."""

    parts: tuple[Body, ...] = ()
    finish: str = "STOP"
    blocked: str = ""


@dataclass(frozen=True)
class Fault:
    """`error` is an error of the API; `page`, `reset`, `half` and `hang` happen below it.

    `ends`, `breaks` and `stumbles` happen to a stream behind its first piece, `text`: it is over,
    its connection is gone, or `body` follows.
    """

    kind: str = "error"
    status: int = 500
    body: Body | list[Any] = field(default_factory=dict)
    text: str = ""


def says(text: str, finish: str = "STOP") -> ModelAnswer:
    """A text."""
    return ModelAnswer(({"text": text},), finish)


def calls(*wanted: tuple[str, Body]) -> ModelAnswer:
    """Function calls side by side; the first carries the signature, as documented."""
    parts: list[Body] = [
        {"functionCall": {"id": f"call-{n}", "name": name, "args": arguments}}
        for n, (name, arguments) in enumerate(wanted)
    ]
    parts[0]["thoughtSignature"] = signature(parts[0]["functionCall"]["name"])
    return ModelAnswer(tuple(parts))


def signature(word: str) -> str:
    """An opaque signature; the rules look for it in the next request."""
    return base64.b64encode(f"signature of {word}".encode()).decode()


def usual(body: Body) -> ModelAnswer:
    """A good answer in the way the request asks for: by ADK's tool, as JSON, or as text."""
    declared = {
        one["name"]
        for tool in body.get("tools", [])
        for one in tool.get("functionDeclarations", ())
    }
    if "set_model_response" in declared:
        return calls(("set_model_response", ANSWER))
    wants = body.get("generationConfig", {}).get("responseMimeType")
    return says(json.dumps(ANSWER) if wants == "application/json" else "ready")


def response(reply: ModelAnswer, asked: Body, version: str) -> Body:
    """A GenerateContentResponse; tokens are counted as four characters each."""
    said, prompt = len(json.dumps(reply.parts)) // 4, len(json.dumps(asked)) // 4
    made: Body = {
        "usageMetadata": {
            "promptTokenCount": prompt,
            "candidatesTokenCount": said,
            "totalTokenCount": prompt + said,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}],
        },
        "modelVersion": version,
        "responseId": "stand-in",
    }
    if reply.blocked:
        return made | {"promptFeedback": {"blockReason": reply.blocked}}
    if not reply.parts and reply.finish == "STOP":
        return made
    candidate: Body = {"finishReason": reply.finish, "index": 0}
    if reply.parts:
        candidate["content"] = {"role": "model", "parts": list(reply.parts)}
    return made | {"candidates": [candidate]}


def chunks(body: Body) -> list[Body]:
    """The same as a stream: texts in pieces, the finish reason and the usage in the last one."""
    candidate = next(iter(body.get("candidates", [])), None)
    parts = candidate.get("content", {}).get("parts", []) if candidate else []
    pieces = [piece for part in parts for piece in _pieces(part)]
    if candidate is None or not pieces:
        return [body]
    bare = {k: v for k, v in body.items() if k not in {"candidates", "usageMetadata"}}
    made = [
        bare | {"candidates": [{"index": 0, "content": {"role": "model", "parts": [piece]}}]}
        for piece in pieces
    ]
    made[-1]["candidates"][0]["finishReason"] = candidate["finishReason"]
    made[-1]["usageMetadata"] = body["usageMetadata"]
    return made


def _pieces(part: Body) -> list[Body]:
    text = part.get("text")
    if not text:
        return [part]
    middle = len(text) // 2
    return [part | {"text": piece} for piece in (text[:middle], text[middle:]) if piece]


def error(code: int, status: str, message: str, *details: Body) -> Body:
    """An error body."""
    inner: Body = {"code": code, "message": message, "status": status}
    return {"error": inner | ({"details": list(details)} if details else {})}


def key_invalid() -> Body:
    """A key that nobody knows is a 400."""
    said = "API key not valid. Please pass a valid API key."
    info = {
        "@type": f"{_RPC}ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }
    localized = {"@type": f"{_RPC}LocalizedMessage", "locale": "en-US", "message": said}
    return error(400, "INVALID_ARGUMENT", said, info, localized)


def quota(seconds: float = 0, per: str = "Minute") -> Fault:
    """A 429, with a RetryInfo when `seconds` are given."""
    said = (
        "You exceeded your current quota, please check your plan and billing details. For more "
        "information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits."
    )
    named = f"GenerateRequestsPer{per}PerProjectPerModel-FreeTier"
    metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
    failure = {
        "@type": f"{_RPC}QuotaFailure",
        "violations": [{"quotaMetric": metric, "quotaId": named}],
    }
    retry = {"@type": f"{_RPC}RetryInfo", "retryDelay": f"{seconds}s"}
    details = [failure, retry] if seconds else [failure]
    return Fault(status=429, body=error(429, "RESOURCE_EXHAUSTED", said, *details))


def overloaded() -> Fault:
    """A 503."""
    said = "The model is overloaded. Please try again later."
    return Fault(status=503, body=error(503, "UNAVAILABLE", said))


def internal() -> Fault:
    """A 500."""
    return Fault(status=500, body=error(500, "INTERNAL", "An internal error has occurred."))


def forbidden() -> Fault:
    """A 403: a key that may not use this."""
    said = "Generative Language API has not been used in project 1 before or it is disabled."
    return Fault(status=403, body=error(403, "PERMISSION_DENIED", said))


def invalid() -> Fault:
    """A 400 that is not about the key."""
    said = "Request contains an invalid argument."
    return Fault(status=400, body=error(400, "INVALID_ARGUMENT", said))


def page(status: int = 200) -> Fault:
    """A proxy's page."""
    return Fault("page", status, text="<html><body>Please log in to the network.</body></html>")

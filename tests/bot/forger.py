"""A seeded source of requests Slack never sends."""

import gzip
import json
import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any
from urllib.parse import urlencode

from tests.bot.raw_http import post
from tests.bot.slack_requests import (
    CLICK,
    COMMAND,
    EVENT,
    FORM,
    JSON,
    PATH,
    SECRET,
    SUBMISSION,
    Headers,
    gesture,
    now,
    request,
    sign,
)


class Forger:
    """Makes requests of which none may be accepted; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._makers: list[Callable[[], bytes]] = [
            *(self._bad_timestamp, self._bad_signature, self._tampered, self._stranger),
            *(self._bad_type, self._bad_encoding, self._bad_json, self._bad_form),
            *(self._bad_shape, self._bad_http, self._no_headers),
        ]

    def next(self) -> bytes:
        """One more."""
        if self._random.random() < 0.002:
            return self._too_large()
        return self._random.choice(self._makers)()

    def _body(self) -> bytes:
        payloads = (CLICK, SUBMISSION, CLICK | {"nonce": self._random.random()})
        if self._random.random() < 0.3:
            return urlencode(COMMAND | {"text": self._text()}).encode()
        return gesture(self._random.choice(payloads))

    def _text(self) -> str:
        alphabet = "ab \n\0%&=+{}[]\"'\\<>éß漢😀\u202e"
        return "".join(self._random.choices(alphabet, k=self._random.randrange(60)))

    def _junk(self, most: int = 200) -> bytes:
        """Bytes a header may hold without breaking the header."""
        return bytes(self._random.choices([9, *range(32, 127), *range(128, 256)], k=most)).strip()

    def _bad_timestamp(self) -> bytes:
        digits = now()
        wrong = self._random.choice(
            [
                b"abc",
                b"-" + digits,
                b"+" + digits,
                digits + b".5",
                b"1e9",
                b"0x5f",
                b"9" * 5000,
                "١٧٦٣".encode(),
                digits + b"\xa0",
                b"nan",
                b"",
                self._junk(20),
                now(self._random.choice([-1, 1]) * self._random.uniform(302, 1000000.0)),
            ]
        )
        body = self._body()
        headers = [(b"Content-Type", FORM), (b"X-Slack-Signature", sign(body, wrong))]
        return post(PATH, [*headers, (b"X-Slack-Request-Timestamp", wrong)], body)

    def _bad_signature(self) -> bytes:
        body, timestamp = self._body(), now()
        right = sign(body, timestamp)
        place = self._random.randrange(3, len(right))
        flipped = right[:place] + (b"0" if right[place : place + 1] != b"0" else b"1")
        wrong = self._random.choice(
            [
                b"v0=",
                b"v1" + right[2:],
                right.upper(),
                right[:-1],
                right + b"0",
                right + b" x",
                flipped + right[place + 1 :],
                b"v0=" + b"0" * 64,
                b"v0=" + b"a" * 7000,
                self._junk(),
                "v0=ä".encode(),
                b"v0=" + self._junk(64),
            ]
        )
        return request(body, FORM, timestamp, wrong)

    def _tampered(self) -> bytes:
        body, timestamp = bytearray(self._body()), now()
        signature = sign(bytes(body), timestamp)
        body[self._random.randrange(len(body))] ^= 1 << self._random.randrange(8)
        return request(bytes(body), FORM, timestamp, signature)

    def _stranger(self) -> bytes:
        body, timestamp = self._body(), now()
        secret = self._random.choice(["", "x", SECRET[:-1], SECRET + "x", SECRET.upper()])
        return request(body, FORM, timestamp, sign(body, timestamp, secret))

    def _no_headers(self) -> bytes:
        body, timestamp = self._body(), now()
        headers: Headers = [
            (b"X-Slack-Request-Timestamp", timestamp),
            (b"X-Slack-Signature", sign(body, timestamp)),
            (b"Content-Type", FORM),
        ]
        kept = self._random.choice([headers[:1], headers[1:2], headers[2:], [], headers[:2]])
        doubled = [*headers, self._random.choice(headers[:2])]
        return post(PATH, self._random.choice([kept, doubled]), body)

    def _bad_type(self) -> bytes:
        wrong = self._random.choice(
            [
                b"text/plain",
                b"multipart/form-data; boundary=x",
                b"application/jsonp",
                b"",
                b"/",
                b"application/json; charset=utf-16",
                FORM + b"; charset=" + self._junk(20),
                JSON + b"; charset=utf-8; charset=latin-1",
                self._junk(50),
            ]
        )
        return request(self._body(), wrong)

    def _bad_encoding(self) -> bytes:
        body, more = self._body(), None
        choice = self._random.randrange(5)
        if choice == 0:
            body = body[:20] + bytes([self._random.randrange(0x80, 0x100)]) + body[20:]
        elif choice == 1:
            body = body.replace(b"=", b"=%ff", 1)
        elif choice == 2:
            body += self._random.choice([b"%", b"%z1", b"%1", b"%%"])
        elif choice == 3:
            more = [(b"Content-Encoding", self._random.choice([b"gzip", b"br", b"deflate", b"x"]))]
            body = gzip.compress(body) if self._random.random() < 0.5 else body
        else:
            body = gesture(CLICK).replace(b"button", b"%5Cud83d")
        return request(body, FORM, more=more)

    def _bad_json(self) -> bytes:
        whole = json.dumps(self._random.choice([CLICK, EVENT, SUBMISSION]))
        deep = self._random.choice([70, 900, 2_000, 50_000])
        wrong = self._random.choice(
            [
                whole[: self._random.randrange(len(whole))],
                whole + "}",
                "[]",
                "null",
                "5",
                '"x"',
                "",
                "[" * deep,
                "[" * deep + "]" * deep,
                '{"a":' * deep + "1" + "}" * deep,
                '{"a":NaN}',
                '{"a":-Infinity}',
                '{"a":' + "9" * 5000 + "}",
                "\ufeff" + whole,
                whole.replace(":", "=", 1),
                whole.replace('"', "'"),
                '{"a":"\\ud800"}',
                "{}",
                '{"a":"\n"}',
                '{"a":01}',
                "{'a':1}",
                '{"a":1,}',
            ]
        )
        if self._random.random() < 0.5:
            return request(wrong.encode(), JSON)
        return request(urlencode({"payload": wrong}).encode())

    def _bad_form(self) -> bytes:
        body = self._body()
        name = body.partition(b"=")[0]
        wrong = self._random.choice(
            [
                b"",
                b"&",
                b"payload",
                body + b"&" + name + b"=again",
                body + b"&x",
                b"&".join(b"f%d=1" % n for n in range(200)),
                b"=&=",
                b"command",
                b"x" * 10000,
            ]
        )
        return request(wrong)

    def _bad_shape(self) -> bytes:
        payload = deepcopy(self._random.choice([CLICK, SUBMISSION, EVENT]))
        paths = {
            "block_actions": ["user", "user.id", "actions", "actions.0", "actions.0.action_id"],
            "view_submission": [
                "user",
                "view",
                "view.id",
                "view.type",
                "view.state",
                "view.state.values",
            ],
            "event_callback": ["event", "event.type", "authorizations", "authorizations.0"],
        }[payload["type"]]
        *way, last = self._random.choice(paths).split(".")
        inner: Any = payload
        for name in way:
            inner = inner[int(name)] if name.isdigit() else inner[name]
        wrong = self._random.choice([5, True, 1.5, [5], [[]]])
        inner[int(last) if last.isdigit() else last] = wrong
        if self._random.random() < 0.3 and payload["type"] != "event_callback":
            payload["team"] = 5
        return request(gesture(payload))

    def _bad_http(self) -> bytes:
        body = self._body()
        whole = request(body)
        signed = [(b"X-Slack-Request-Timestamp", now()), (b"X-Slack-Signature", sign(body, now()))]
        return self._random.choice(
            [
                *(whole.replace(b"HTTP/1.1", b"HTTP/9.9", 1), b"\x16\x03\x01" + self._junk()),
                *(whole.replace(b"POST", b"P\x00ST", 1), self._junk() + b"\r\n\r\n"),
                whole.replace(b"Host: localhost", b"Host: localhost\r\nX: a\x00b", 1),
                whole.replace(b"Host: localhost", b"Host: localhost\r\n: empty", 1),
                whole.replace(b"Host: localhost", b"X-Long: " + b"x" * 20_000, 1),
                post(PATH, [*signed, (b"Content-Length", b"-5")], body),
                post(PATH, [*signed, (b"Content-Length", b"abc")], body),
                post(PATH, [*signed, (b"Transfer-Encoding", b"chunked")], b"zz\r\n" + body),
                post(PATH, [*signed, (b"Transfer-Encoding", b"gzip, nonsense")], body),
            ]
        )

    def _too_large(self) -> bytes:
        body = b"payload=" + b"x" * self._random.randrange(2_000_000, 3_000_000)
        return request(body)

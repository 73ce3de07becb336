"""The signatures of the audit log. Standard library only: `verify.py` needs this file beside it.

`mac` of a row is `ed25519:<key>:<signature>`, in hex, over `signoff audit 1:` and the hash's hex
digits; a key is named by the first 16 digits of its sha256. The row `signing_started` names the
first public key and is signed with it; `signing_key_changed` names the next one and is signed with
the one before. Nothing unsigned follows. Older rows may have no `mac`, or an HMAC-SHA256 of the
hash's hex digits under the audit key.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

STARTED = "signing_started"
CHANGED = "signing_key_changed"
ED25519 = "ed25519:"
HMAC = "hmac"
MOST_STRETCHES = 100


def row_mac(key: bytes, digest: str) -> str:
    """The HMAC-SHA256, in hex, of a row's hash."""
    return hmac.digest(key, digest.encode(), "sha256").hex()


def message(digest: str) -> bytes:
    """What is signed of a row: its hash, and what for."""
    return f"signoff audit 1:{digest}".encode()


def key_id(public: bytes) -> str:
    """The name of an Ed25519 key."""
    return hashlib.sha256(public).hexdigest()[:16]


def introduced(detail: str) -> bytes:
    """The public key in the detail of a row that introduces one; ValueError where there is none."""
    try:
        return bytes.fromhex(json.loads(detail)["public"])
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("no public key") from error


def named_in(mac: str) -> str:
    """The name of the key in an Ed25519 `mac`."""
    return mac.removeprefix(ED25519).partition(":")[0]


def is_signed(public: bytes, signature: bytes, text: bytes) -> bool:
    """Whether this Ed25519 signature is right; with `cryptography` where it is installed."""
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - may be missing
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415
    except ImportError:
        return _is_signed(public, signature, text)
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True)
class PublicKey:
    """A key somebody vouches for; `began` is the row that introduced it, its sequence and hash."""

    public: bytes
    began: tuple[int, str] | None = None


@dataclass
class Stretch:
    """Rows signed in the same way: by `hmac`, by the Ed25519 key of that name, or by nobody ("").

    `known` says that the signatures were checked with a key which the log did not bring itself.
    """

    first: int
    last: int
    by: str
    known: bool

    @property
    def sentence(self) -> str:
        """What was checked of them, and what was not."""
        one = self.first == self.last
        rows = f"Row {self.first} carries" if one else f"Rows {self.first}-{self.last} carry"
        if not self.by:
            return f"{rows} no signature: who wrote {'it' if one else 'them'} is not proven."
        signature = "signature" if one else "signatures"
        if self.by == HMAC:
            checked = "checked with the audit key" if self.known else "not checked: no audit key"
            return f"{rows} {'an ' * one}HMAC {signature}, {checked}."
        vouched = (
            "a key known here" if self.known else "a key for which only the log itself vouches"
        )
        return f"{rows} {'an ' * one}Ed25519 {signature}, checked with {self.by}, {vouched}."


@dataclass
class Signatures:
    """Takes the rows in order, and tells (`tell(seq, sentence)`) which signatures are wrong.

    `key` is that of HMAC signatures; `trusted` as in `Verifier`.
    """

    tell: Callable[[int, str], None]
    key: bytes | None = None
    trusted: Mapping[str, PublicKey] | None = None
    signer: str = ""
    last: int = 0
    unsigned: int = 0
    stretches: list[Stretch] = field(default_factory=list)
    _public: dict[str, bytes] = field(default_factory=dict)
    _met: set[tuple[int, str]] = field(default_factory=set)

    @property
    def checked(self) -> bool:
        """Whether any signature was."""
        return any(stretch.known or stretch.by not in ("", HMAC) for stretch in self.stretches)

    def add(self, row: Mapping[str, Any]) -> None:
        """The next row. Raises KeyError, TypeError or ValueError for what is no row."""
        seq, digest, mac = row["seq"], row["hash"], row["mac"]
        self.last = seq
        if type(mac) is not str:
            raise TypeError("mac")
        by = named_in(mac) if mac.startswith(ED25519) else HMAC if mac else ""
        if by in ("", HMAC):
            self._check_old(seq, digest, mac, by)
            known = self.key is not None
        else:
            self._check_ed25519(seq, digest, by, row)
            known = self.trusted is not None
        if self.stretches and self.stretches[-1].by == by:
            self.stretches[-1].last = seq
        elif len(self.stretches) < MOST_STRETCHES:
            self.stretches.append(Stretch(seq, seq, by, known and by != ""))

    def trust(self, public: bytes) -> None:
        """Take this key for one that the log introduced."""
        self._public[key_id(public)] = public

    def finish(self) -> None:
        """Compare what is known of the keys with what was met."""
        ways = {stretch.by for stretch in self.stretches}
        if self.key is not None and "" in ways and HMAC not in ways:
            self.tell(self.last, "no row is signed with the audit key")
        if self.trusted and self.last and not self.signer:
            self.tell(self.last, "no row is signed with the keys that are known")
        for name, known in (self.trusted or {}).items():
            if known.began and known.began not in self._met:
                at = known.began[0]
                self.tell(at, f"is not the row with which key {name} began: it was replaced")

    def _check_old(self, seq: int, digest: str, mac: str, by: str) -> None:
        self.unsigned += by == ""
        if self.signer:
            self.tell(seq, f"is not signed with key {self.signer}, as the row before it is")
        elif by == "" and self.stretches and self.stretches[-1].by == HMAC:
            self.tell(seq, "carries no signature, although the row before it does")
        elif by and self.key and not hmac.compare_digest(row_mac(self.key, digest), mac):
            self.tell(seq, "signature does not match: not written with this key")

    def _check_ed25519(self, seq: int, digest: str, by: str, row: Mapping[str, Any]) -> None:
        kind = row["kind"]
        if kind == STARTED:
            self._start(seq, digest, by, row)
        signature = bytes.fromhex(row["mac"].rpartition(":")[2])
        if by != self.signer:
            self.tell(seq, f"is signed with key {by}, where {self.signer or 'no key'} signs")
        elif row["mac"] != f"{ED25519}{by}:{signature.hex()}" or not is_signed(
            self._public[by], signature, message(digest)
        ):
            self.tell(seq, f"signature does not match: not written with key {by}")
        elif kind == CHANGED:
            self.signer = self._named(row)
        if kind in (STARTED, CHANGED):
            self._met.add((seq, digest))

    def _start(self, seq: int, digest: str, by: str, row: Mapping[str, Any]) -> None:
        known = (self.trusted or {}).get(by)
        if self.trusted is not None and known is None:
            self.tell(seq, f"signing starts with key {by}, which is none of those you trust")
        if self.signer and (known is None or known.began != (seq, digest)):
            self.tell(seq, f"signing starts again, without key {self.signer} of the row before")
        self.signer = self._named(row)

    def _named(self, row: Mapping[str, Any]) -> str:
        """The key that a row introduces."""
        public = introduced(row["detail"])
        self.trust(public)
        return key_id(public)


def read_public_keys(text: str) -> dict[str, PublicKey]:
    """By name, from what `signoff audit key` wrote. Raises `ValueError` for anything else."""
    try:
        keys = {}
        for one in json.loads(text)["keys"]:
            public, began = bytes.fromhex(one["public"]), one["began"]
            keys[key_id(public)] = PublicKey(
                public, (began["seq"], began["hash"]) if began else None
            )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("the file of public keys is unreadable") from error
    return keys


_P = 2**255 - 19
_Q = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_Point = tuple[int, int, int, int]


def _is_signed(public: bytes, signature: bytes, text: bytes) -> bool:
    """RFC 8032, 5.1.7; some milliseconds."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    base = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    if key is None or commitment is None or base is None or scalar >= _Q:
        return False
    asked = hashlib.sha512(signature[:32] + public + text).digest()
    product = _times(int.from_bytes(asked, "little") % _Q, key)
    (x, y, z, _), (u, v, w, _) = _times(scalar, base), _plus(commitment, product)
    return (x * w - u * z) % _P == 0 and (y * w - v * z) % _P == 0


def _plus(one: _Point, other: _Point) -> _Point:
    a, b = (one[1] - one[0]) * (other[1] - other[0]), (one[1] + one[0]) * (other[1] + other[0])
    c, d = 2 * one[3] * other[3] * _D, 2 * one[2] * other[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: _Point) -> _Point:
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _plus(total, point)
        point, scalar = _plus(point, point), scalar >> 1
    return total


def _point(text: bytes) -> _Point | None:
    y = int.from_bytes(text, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if y >= _P or (x * x - square) % _P or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else _P - x
    return x, y, 1, x * y % _P

"""The faults in force: see them, add one, replace all, end them."""

from aiohttp import web
from pydantic import ValidationError

from playground.errors import ControlError
from playground.http.wire import Json
from playground.testing.control.desk import Desk, answer, body_of
from playground.testing.faults import Fault

_IMMEDIATE = ("disconnect", "refresh")


async def get(desk: Desk, _request: web.Request) -> web.Response:
    return _all(desk)


async def post(desk: Desk, request: web.Request) -> web.Response:
    await _put_in_force(desk, _fault(await body_of(request)))
    return _all(desk)


async def put(desk: Desk, request: web.Request) -> web.Response:
    given = (await body_of(request)).get("faults")
    if not isinstance(given, list):
        raise ControlError("no_faults", "'faults' must be a list.")
    faults = [_fault(item) for item in given]
    desk.faults.clear()
    for fault in faults:
        await _put_in_force(desk, fault)
    return _all(desk)


async def delete(desk: Desk, request: web.Request) -> web.Response:
    fault_id = request.query.get("id", "")
    if fault_id:
        desk.faults.remove(fault_id)
    else:
        desk.faults.clear()
    return _all(desk)


async def _put_in_force(desk: Desk, fault: Fault) -> None:
    """Disconnect and refresh happen at once, to `count` sockets; an outage drops them all."""
    if fault.kind == "refresh":
        await desk.sockets.refresh(fault.count, fault.seconds)
    if fault.kind in ("disconnect", "outage"):
        await desk.sockets.disconnect(fault.count if fault.kind == "disconnect" else None)
    if fault.kind not in _IMMEDIATE:
        desk.faults.add(fault)


def _fault(item: object) -> Fault:
    try:
        return Fault.model_validate(item)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ControlError("invalid_fault", f"{place}: {first['msg']}") from error


def _all(desk: Desk) -> web.Response:
    faults: list[Json] = [fault.model_dump() for fault in desk.faults.all()]
    return answer(faults=faults)

"""The bytes of files, up and down."""

import contextlib

from aiohttp import web

from playground.http.forms import BrokenFormError, read_form
from playground.store.files import RESERVED
from playground.testing.control.reading import file_response
from playground.testing.faults import Fault, Faults
from playground.workspace import Workspace

LARGEST_UPLOAD = 512 * 1024 * 1024


class Downloads:
    """`/upload/v1/…` takes a file announced before; `/files-pri/…` gives one to a token bearer."""

    def __init__(self, workspace: Workspace, local_token: str, faults: Faults) -> None:
        self._workspace = workspace
        self._local_token = local_token
        self._faults = faults

    def register(self, app: web.Application) -> None:
        app.router.add_post("/upload/v1/{ticket}", self.upload)
        app.router.add_get("/files-pri/{key}/{name:.+}", self.download)

    async def upload(self, request: web.Request) -> web.Response:
        file_id = request.match_info["ticket"].partition("-")[0]
        if self._workspace.files.state(file_id) != RESERVED:
            return web.Response(status=404, text="no upload is expected here")
        try:
            data = await _data(request)
        except BrokenFormError:
            return web.Response(status=400, text="the form is broken")
        self._workspace.files.fill(file_id, data)
        return web.Response(text=f"OK - {len(data)}")

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Without a good token real Slack shows its sign-in page; so does this, in a sentence."""
        fault = self._faults.strike("download", "redirect", "sign_in_page", "endless")
        if fault is not None:
            return await _misbehaved(request, fault)
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        app = self._workspace.config.app
        scopes = self._workspace.manifest.scopes
        if token not in (self._local_token, app.bot_token):
            return _sign_in_page()
        if token == app.bot_token and scopes is not None and "files:read" not in scopes:
            return web.Response(status=403, text="missing_scope: files:read")
        file_id = request.match_info["key"].partition("-")[2]
        document = self._workspace.files.get(file_id)
        data = self._workspace.files.data(file_id)
        if document is None or data is None:
            return web.Response(status=404, text="file_not_found")
        return file_response(document, data)


def _sign_in_page() -> web.Response:
    return web.Response(text="<html>Sign in to read this file.</html>", content_type="text/html")


async def _misbehaved(request: web.Request, fault: Fault) -> web.StreamResponse:
    """Leads away, asks to sign in, or sends until nobody reads any more."""
    if fault.kind == "redirect":
        raise web.HTTPFound(fault.location)
    if fault.kind == "sign_in_page":
        return _sign_in_page()
    response = web.StreamResponse(headers={"Content-Type": "text/csv"})
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        while True:
            await response.write(b"a,b\n1,2\n" * 8_192)
    return response


async def _data(request: web.Request) -> bytes:
    """The body, or the first file of a form."""
    if request.content_type != "multipart/form-data":
        return await request.read()
    parts = await read_form(request, LARGEST_UPLOAD)
    return parts[0].data if parts else b""

"""Around every answer: security headers, and a refusal of forms posted from elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgi_cross_origin_protection import CrossOriginProtection
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""No inline script or style, nothing from elsewhere (SEC-43). data: for the small pictures inside the vendored style sheet only."""

FOREVER = "public, max-age=31536000, immutable"

FORM = "/q/"
"""The patients' pages: their address holds a token, so no address is ever told to another page (SEC-04)."""


SIGNED = "/twilio"
"""The carrier signs each field as it was sent, so nothing of it may change here; what it brings is cleaned where it is read."""

NUL = b"%00"
"""As addresses and forms write it. No database keeps it as text, and nobody means it: it comes with what was pasted."""


class Guard:
    """Adds the headers, and turns what broke into a page that has them too. ``https``: also asks browsers to stay on https."""

    def __init__(self, app: ASGIApp, *, https: bool, broken: Callable[[Request, Exception], Awaitable[Response]]) -> None:
        self.broken = broken
        self.app = CrossOriginProtection(
            app, exempt_paths=("/twilio",), deny_app=PlainTextResponse("This form was sent from another site. Nothing was changed.", 403)
        )
        self.headers = {
            "content-security-policy": CONTENT_SECURITY_POLICY,
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
        }
        if https:
            self.headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        kept = scope["path"].startswith("/static/") and b"v=" in scope.get("query_string", b"")
        of_form = scope["path"].startswith(FORM)
        if of_form:
            scope = _with_known_origin(scope)
        if not scope["path"].startswith(SIGNED):
            scope, receive = _without_nul(scope, receive)

        started = False

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                if of_form:
                    headers["referrer-policy"] = "no-referrer"
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                # What is about a patient is never kept by a browser or a proxy.
                headers.setdefault("cache-control", FOREVER if kept else "no-store")
            await send(message)

        try:
            await self.app(scope, receive, with_headers)
        except Exception as error:
            answer = await self.broken(Request(scope), error)
            if not started:
                await answer(scope, receive, with_headers)


def _with_known_origin(scope: Scope) -> Scope:
    """Under no-referrer an old telephone (Safari before 16.4) posts our own form with ``Origin: null`` and no Sec-Fetch-Site.

    Taken as cross-site, every answer of such a telephone would be refused. The cookie of a visit is SameSite, the address of a link its
    token: another site has neither, so nothing is lost by not asking.
    """
    headers = scope["headers"]
    if any(name == b"sec-fetch-site" for name, _ in headers):
        return scope
    return {**scope, "headers": [pair for pair in headers if pair != (b"origin", b"null")]}


def _without_nul(scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
    """The same request without NUL in its address's question and in its form; a file is left as it is.

    Without it everything typed beside one such character would be lost to an error of the database.
    """
    scope = {**scope, "query_string": scope.get("query_string", b"").replace(NUL, b"")}
    if not dict(scope["headers"]).get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded"):
        return scope, receive
    held = b""

    async def cleaned() -> Message:
        nonlocal held
        message = await receive()
        if message["type"] != "http.request":
            return message
        body = (held + message.get("body", b"")).replace(NUL, b"")
        cut = next((n for n in (2, 1) if message.get("more_body") and body.endswith(NUL[:n])), 0)  # it may go on in the next piece
        body, held = body[: len(body) - cut], body[len(body) - cut :]
        return {**message, "body": body}

    return scope, cleaned

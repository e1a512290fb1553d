"""How a carrier fails: each fault is what happens instead of, or after, taking one message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

from fastapi.responses import JSONResponse, Response, StreamingResponse


class Takes(Protocol):
    """The stand-in, as far as a fault knows it."""

    def take(self, form: dict[str, str]) -> dict[str, Any]:
        """Accept the message."""
        ...


Fault = Callable[[Takes, dict[str, str]], Awaitable[Response]]


def error(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    content = {"code": code, "message": message, "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status}
    return JSONResponse(content, status_code=status, headers=headers)


def refuse(code: int, status: int = 400, message: str = "refused") -> Fault:
    """Twilio's own refusal, for instance ``refuse(21610)``."""

    async def fault(_standin: Takes, _form: dict[str, str]) -> Response:
        return error(status, code, message)

    return fault


def slow_down(retry_after: int) -> Fault:
    """429, with the pause asked for in seconds."""

    async def fault(_standin: Takes, _form: dict[str, str]) -> Response:
        return error(429, 20429, "Too Many Requests", headers={"Retry-After": str(retry_after)})

    return fault


def down(status: int = 503) -> Fault:
    """A server error that does not speak as Twilio does."""

    async def fault(_standin: Takes, _form: dict[str, str]) -> Response:
        return Response("<html>upstream connect error</html>", status_code=status, media_type="text/html")

    return fault


def garbage(status: int = 201) -> Fault:
    """The message is taken, but the answer is no message."""

    async def fault(standin: Takes, form: dict[str, str]) -> Response:
        standin.take(form)
        return Response("{not json", status_code=status, media_type="application/json")

    return fault


def hang(seconds: float) -> Fault:
    """No answer for so long; the message is not taken."""

    async def fault(_standin: Takes, _form: dict[str, str]) -> Response:
        await asyncio.sleep(seconds)
        return error(504, 20504, "Gateway Timeout")

    return fault


def lost_answer() -> Fault:
    """The message is taken; the answer breaks off on the way."""

    async def fault(standin: Takes, form: dict[str, str]) -> Response:
        standin.take(form)

        async def broken() -> AsyncIterator[bytes]:
            yield b'{"sid": '
            raise ConnectionResetError("the stand-in drops the line")

        return StreamingResponse(broken(), status_code=201, headers={"Content-Length": "500"}, media_type="application/json")

    return fault

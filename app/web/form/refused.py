"""What was typed on a patient's page and could not stand, kept for the page that asks again, so that Back never asks to send a form again.

A page shown in answer to a form cannot be gone back to ("confirm form resubmission"). So the browser is sent to look at the question, with
what was typed in a cookie of that one address, for two minutes. It never stands in an address, nor in our database.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from app.core.settings import Settings

COOKIE = "vigie_typed"
KEPT_SECONDS = 120
"""The way to the page and a slow network; later the telephone may be in another hand (house rule, 2026-11-22)."""
MOST = 3500
"""A browser keeps a cookie of 4 096 bytes with its name and attributes; what is longer is answered on the spot."""


def ask_again(where: str, form: Mapping[str, str], settings: Settings) -> Response | None:
    """See the page at ``where`` again, with what was typed; None when it is too long for a cookie."""
    kept = urlsafe_b64encode(json.dumps(dict(form)).encode()).decode().rstrip("=")
    if len(kept) > MOST:
        return None
    answer = RedirectResponse(where, 303)
    https = settings.public_url.startswith("https:")
    path = where.partition("?")[0]
    answer.set_cookie(COOKIE, kept, max_age=KEPT_SECONDS, path=path, secure=https, httponly=True, samesite="lax")
    return answer


def typed(request: Request) -> dict[str, str]:
    """What was typed on this page and refused a moment ago; nothing when it was not, or when the cookie is none of ours."""
    kept = request.cookies.get(COOKIE, "")
    try:
        found = json.loads(urlsafe_b64decode(kept + "=" * (-len(kept) % 4)) or "{}")
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def forget(answer: Response, request: Request) -> Response:
    """It was corrected: going back shows what was taken, not what was refused."""
    if COOKIE in request.cookies:
        answer.delete_cookie(COOKIE, path=request.url.path)
    return answer

"""Pages for browsers: plain HTML that needs no style, and scripts from this service alone."""

from __future__ import annotations

from html import escape
from http import HTTPStatus

from fastapi.responses import HTMLResponse

HTML = "text/html"
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def page(title: str, body: str, *, status: int = HTTPStatus.OK, onward: str | None = None) -> HTMLResponse:
    """A page of a title, which is escaped here, and a body of HTML, which its maker has escaped.

    `onward` is an address that the browser opens by itself: as from this page, and not as if led there.
    """
    shown = escape(title)
    refresh = f'<meta http-equiv="refresh" content="0; url={escape(onward)}">' if onward is not None else ""
    head = (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>'
        f'{shown}</title><meta name="viewport" content="width=device-width, initial-scale=1">{refresh}</head>'
    )
    # With `no-referrer` a browser would call the origin of our own forms `null`.
    headers = {"content-security-policy": POLICY, "referrer-policy": "same-origin"}
    text = f"{head}<body><main><h1>{shown}</h1>{body}</main></body></html>"
    return HTMLResponse(text, status_code=status, headers=headers)

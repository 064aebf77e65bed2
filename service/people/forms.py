"""The pages on which a person enrols and signs in: forms that need no script, and one button that does."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from urllib.parse import quote, urlencode

from fastapi.responses import HTMLResponse

from service.access.records import Principal, SignedIn
from service.people.passkeys import NAME
from service.people.rules import DIGITS
from service.web.page import page

SCRIPT = "/sign-in/passkey.js"
SCRIPT_TEXT = Path(__file__).with_name("passkey.js").read_text(encoding="utf-8")
_CODE = (
    '<p><label for="code">Code of six digits that your authenticator app shows now</label><br>'
    f'<input id="code" name="code" required inputmode="numeric" autocomplete="one-time-code" '
    f'pattern="[0-9]{{{DIGITS}}}" maxlength="{DIGITS}"></p>'
)


def passkey_button(does: str, label: str, options: str, answer: str) -> str:
    """A button that makes or uses a passkey: where it asks what with, and where it brings the answer."""
    return (
        f'<p><button id="passkey" type="button" data-does="{does}" data-options="{escape(options)}" '
        f'data-answer="{escape(answer)}">{label}</button></p><p id="told" role="alert"></p>'
        f'<script src="{SCRIPT}" defer></script>'
    )


def sign_in_page(*, provider: bool) -> HTMLResponse:
    """Where a person signs in."""
    with_provider = (
        '<h2>With your organisation</h2><form method="post" action="/sign-in/provider">'
        "<p><button>Go to your organisation's sign-in</button></p></form>"
        if provider
        else ""
    )
    body = (
        "<p>Signing in here lets you read. What changes something is signed with your key, by your tool.</p>"
        "<h2>With a passkey</h2>"
        + passkey_button("use", "Sign in with a passkey", "/sign-in/passkey/options", "/sign-in/passkey")
        + '<h2>With an authenticator app</h2><form method="post" action="/sign-in">'
        '<p><label for="name">Your name in the register, as <i>rosalind</i></label><br>'
        '<input id="name" name="name" required autocomplete="username" autocapitalize="none"></p>'
        f"{_CODE}<p><button>Sign in with this code</button></p></form>{with_provider}"
    )
    return page("Sign in", body)


def otpauth(secret: bytes, principal_id: str) -> str:
    """The address that authenticator apps know a secret by (as their makers wrote it down)."""
    said = urlencode({"secret": base64.b32encode(secret).decode(), "issuer": NAME}, quote_via=quote)
    return f"otpauth://totp/{quote(NAME)}:{principal_id}?{said}"


def enrol_page(principal: Principal, link: str, secret: bytes, *, provider: bool) -> HTMLResponse:
    """Where a person enrols, once."""
    at = f"/enrol/{link}"
    typed = base64.b32encode(secret).decode()
    groups = " ".join(typed[place : place + 4] for place in range(0, len(typed), 4))
    with_provider = (
        f'<h2>With your organisation</h2><form method="post" action="{at}/provider">'
        "<p><button>Go to your organisation's sign-in</button></p></form>"
        if provider
        else ""
    )
    body = (
        f"<p>You are {escape(principal.name)}, {escape(principal.role.value.replace('_', ' '))}. Choose one "
        "way to sign in; it replaces any that you had.</p><h2>A passkey</h2>"
        + passkey_button("make", "Make a passkey", f"{at}/passkey/options", f"{at}/passkey")
        + "<h2>An authenticator app</h2><ol><li>Open "
        f'<a href="{escape(otpauth(secret, principal.id))}">this address</a> on the device with the app, or '
        f"type this key into the app (time-based, six digits): <code>{groups}</code></li>"
        "<li>Type the code that the app shows:</li></ol>"
        f'<form method="post" action="{at}/authenticator">{_CODE}<p><button>Enrol with this code</button></p>'
        f"</form>{with_provider}"
    )
    return page("Enrol", body)


def enrolled_page() -> HTMLResponse:
    """What a person sees who has enrolled."""
    return page("Enrolled", '<p>You can <a href="/sign-in">sign in</a> now. This link serves no more.</p>')


def session_page(principal: SignedIn, ends: str, passkey: str | None) -> HTMLResponse:
    """Who is signed in, with which passkey, and the way out."""
    held = (
        f"<p>The fingerprint of your passkey is <code>{escape(passkey)}</code>: tell it to governance by "
        "telephone, if a permit is to name it.</p>"
        if passkey is not None
        else ""
    )
    body = (
        f"<p>You are signed in as {escape(principal.name)} ({escape(principal.id)}), "
        f"{escape(principal.role.value.replace('_', ' '))}, until {escape(ends)} at the latest.</p>{held}"
        '<form method="post" action="/sign-out"><p><button>Sign out</button></p></form>'
    )
    return page("Signed in", body)

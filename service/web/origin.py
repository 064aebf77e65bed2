"""Where a browser's request comes from: cookies are believed only in requests that our own pages make."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from service.problems.signing_in import CrossSiteRequest
from service.web.surroundings import surroundings_of

READING = frozenset({"GET", "HEAD"})


def own_origin(request: Request) -> str:
    """The origin of this service as its clients know it (RFC 6454)."""
    address = surroundings_of(request).settings.address or str(request.url)
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()


def own_host(request: Request) -> str:
    """The name that passkeys are made for."""
    return urlsplit(own_origin(request)).hostname or ""


def check_same_origin(request: Request) -> None:
    """Raise CrossSiteRequest unless a page of this service made the request, or somebody typed its address.

    What changes something has to say so, by Fetch Metadata or by its Origin: a browser always does.
    """
    reads = request.method in READING
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if site is None:
        allowed = origin is not None or reads
    else:
        allowed = site == "same-origin" or (site == "none" and reads)
    if not allowed or origin not in {None, own_origin(request)}:
        raise CrossSiteRequest

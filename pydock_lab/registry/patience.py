"""When a registry is busy: how long to wait before the next try, or not to try again.

429, 503 with Retry-After: 3      nothing was done; three seconds later it may be
429, 503 without                  0.2 s, 0.4 s, 0.8 s, each a little more or less: many clients do not come at once
502, 504                          nobody knows what was done: only what changes nothing is asked again

Source: RFC 9110, sections 10.2.3 and 15.6; RFC 6585, section 4.
"""

import random
import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

TRIES = 4
_PAUSE = 0.2  # seconds before the second try, twice as long before each further one
_LONGEST = 30.0  # seconds: who is told to come back later than that tells it to a person
_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_LOST = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
_SAFE = frozenset({"GET", "HEAD"})


def pause(response: "requests.Response", method: str, tried: int) -> float | None:
    """Seconds until the next try of a request that was `tried` so often; None: this answer is the last."""
    status = response.status_code
    if tried >= TRIES or not (status in _BUSY or (status in _LOST and method in _SAFE)):
        return None
    said = _seconds(response.headers.get("Retry-After", ""))
    if said is not None:
        return said if said <= _LONGEST else None
    return _PAUSE * float(2 ** (tried - 1)) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret


def _seconds(said: str) -> float | None:
    """What Retry-After says, a number or a date; None where it says neither."""
    if said.strip().isdecimal():
        return float(said[:9])
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None

"""What the scripts share: where the door is, what was counted and seen behind it, and how a check is told."""

import contextlib
import json
import os
import sys
import time
import traceback
import urllib.request

BASE = os.environ["BREAKERBOX"]
KEY = "sk-sdk"
# Routes over a simulated provider of each dialect.
WELL = ["openai", "anthropic", "gemini"]
TEXT = (
    "Summarize in one sentence: The night shift found the pump running dry. They closed the inlet, "
    "called maintenance, and restarted the line an hour later without damage."
)
# What the route `rescued` says, although its first tier breaks off.
RESCUED = "The tide turns twice before noon, and the second turn is the one that pilots wait for."
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII="
)
_checks = []


def check(function):
    _checks.append(function)
    return function


def run():
    failed = 0
    for function in _checks:
        began = time.monotonic()
        try:
            function()
            print(f"ok {function.__name__} {time.monotonic() - began:.2f} s")
        except Exception:
            failed += 1
            print("FAILED", function.__name__)
            traceback.print_exc(file=sys.stdout)
        sys.stdout.flush()
    sys.exit(1 if failed else 0)


def _get(url):
    with urllib.request.urlopen(url, timeout=5) as response:
        return json.load(response)


def seen(route):
    """What the scripted upstream of a route was asked, and how many calls to it were given up."""
    return _get(os.environ["SEEN"])["upstreams"][route]


def left():
    """Callers who left before their answer was whole."""
    return _get(BASE + "/admin/snapshot")["totals"]["left"]


@contextlib.contextmanager
def requests(expected):
    """Counts what reaches the door: retries multiply."""
    before = _get(os.environ["SEEN"])["requests"]
    yield
    sent = _get(os.environ["SEEN"])["requests"] - before
    assert sent == expected, f"{sent} requests at the door, not {expected}"


def raised(kind, call):
    """The exception of this kind, or of one of these, that a call ends with."""
    try:
        result = call()
    except kind as error:
        return error
    raise AssertionError(f"nothing was raised; the call returned {result!r}")


@contextlib.contextmanager
def cancelled():
    """What happens inside leaves a stream in the middle: that counts as left, and ends the upstream's call."""
    gone, given_up = left(), seen("slow")["hung_up"]
    yield
    deadline = time.monotonic() + 10
    while seen("slow")["hung_up"] == given_up or left() == gone:
        assert time.monotonic() < deadline, "the call goes on for nobody"
        time.sleep(0.02)

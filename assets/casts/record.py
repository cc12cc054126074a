#!/usr/bin/env python3
"""Records a session of the real program as an asciicast: five minutes of the simulated providers, driven by keys.

    cargo build --release && python3 assets/casts/record.py target/release/breakerbox assets/casts/incident.cast

Nothing is edited afterwards: what the file holds is what the program wrote to its terminal, when it wrote it.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import tempfile
import termios
import time

WIDTH, HEIGHT = 120, 36
PRIMARY = "anthropic/claude-sonnet-4-5"

# Seconds from the start, and what is typed then. Words are typed letter by letter.
SESSION = [
    (12, "b"),
    (18, f":fault add {PRIMARY} status=529 --for 45s\r"),
    (24, "y"),
    (38, "\r"),
    (48, "\x1b"),
    (50, "R"),
    (54, "jjj"),
    (57, "\r"),
    (64, "\x1b\x1b"),
    (67, "T"),
    (71, "j"),
    (78, "\x1b"),
    (80, "g"),
    (84, "p"),
    (110, "E"),
    (120, "\x1b"),
    (170, f":fault add {PRIMARY} garbage=word-salad --rate 30% --for 90s\r"),
    (177, "y"),
    (200, "\r"),
    (216, "\x1b"),
    (219, "jo"),
    (227, "n"),
    (230, "N"),
    (236, "["),
    (238, "]"),
    (243, ">"),
    (247, "W"),
    (254, "W"),
    (257, "F"),
    (263, "\x1b"),
    (266, "d"),
    (271, "\r"),
    (282, "\x1b\x1b"),
    (285, "u"),
    (299, "q"),
]


def keys():
    for at, text in SESSION:
        for i, char in enumerate(text if len(text) > 3 else [text]):
            yield at + i * 0.045, char


def main(program, target):
    state = tempfile.TemporaryDirectory()
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", XDG_STATE_HOME=state.name)
        os.execv(program, [program, "--listen", "127.0.0.1:0"])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    start, typed = time.monotonic(), keys()
    due = next(typed, None)
    pending = b""
    with open(target, "w", encoding="utf-8") as out:
        head = {"version": 2, "width": WIDTH, "height": HEIGHT, "title": "breakerbox: five minutes with simulated providers"}
        out.write(json.dumps(head) + "\n")
        while True:
            now = time.monotonic() - start
            while due and due[0] <= now:
                os.write(fd, due[1].encode())
                due = next(typed, None)
            if not select.select([fd], [], [], 0.02)[0]:
                continue
            try:
                pending += os.read(fd, 65536)
            except OSError:
                break
            # A letter may be cut in two.
            text = pending.decode("utf-8", errors="ignore")
            pending = pending[len(text.encode()) :] if len(text.encode()) < len(pending) else b""
            out.write(json.dumps([round(time.monotonic() - start, 3), "o", text], ensure_ascii=False) + "\n")
    os.waitpid(pid, 0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

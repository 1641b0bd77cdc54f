#!/usr/bin/env python3
"""Prints what happens, as it happens, over server-sent events. Python 3.8 and later; no packages.

    SYNAPSE_TOKEN_FILE=~/.synapse/assistant.token examples/tail.py
    SYNAPSE_TOKEN_FILE=~/.synapse/assistant.token examples/tail.py --since oldest --channel general --type 'message.*'

SYNAPSE_URL            the server; default http://127.0.0.1:8080
SYNAPSE_TOKEN          the token, or SYNAPSE_TOKEN_FILE, the file that holds it
"""
import argparse
import http.client
import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

# The server sends something every 15 s; a connection that is silent for longer is dead.
SILENCE_SECONDS = 45


def read_token():
    token = os.environ.get("SYNAPSE_TOKEN")
    if token:
        return token
    path = os.environ.get("SYNAPSE_TOKEN_FILE")
    if not path:
        sys.exit("tail: set SYNAPSE_TOKEN or SYNAPSE_TOKEN_FILE")
    with open(os.path.expanduser(path), encoding="utf-8") as file:
        return file.read().strip()


def blocks(lines):
    """The blocks of an event stream: (id, event, data), each None where the block has no such field."""
    fields = {}
    for raw in lines:
        line = raw.decode("utf-8").rstrip("\r\n")
        if line == "":
            if fields:
                yield fields.get("id"), fields.get("event"), fields.get("data")
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value[1:] if value.startswith(" ") else value
            fields[name] = fields[name] + "\n" + value if name == "data" and name in fields else value
    # An incomplete block at the end is ignored.


def printable(text):
    """What others wrote, for a terminal: what it would obey is shown as an escape, and further lines are indented."""
    obeyed = r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    return re.sub(obeyed, lambda found: f"\\u{{{ord(found[0]):x}}}", text).replace("\n", "\n    ")


def show(event, data):
    at = data["at"][11:19]
    where = "#" + data["channel"] if data["channel"] else "-"
    who = data["actor"]["handle"] if data["actor"] else "the server"
    if event == "message.created":
        print(printable(f"{at} {where} {who}: {data['message']['body']}"), flush=True)
    else:
        about = (data.get("account") or {}).get("handle", "")
        print(printable(f"{at} {where} {who} {event} {about}".rstrip()), flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--since", default="now", help="oldest, now or a cursor; default now")
    arguments.add_argument("--channel", help="slugs, separated by commas; default all you can read")
    arguments.add_argument("--type", help="event types or prefixes, separated by commas; default all")
    options = arguments.parse_args()

    server = os.environ.get("SYNAPSE_URL", "http://127.0.0.1:8080")
    token = read_token()
    position, failures, seen = None, 0, 0
    while True:
        query = {"since": options.since, "channel": options.channel, "type": options.type}
        query = urllib.parse.urlencode({name: value for name, value in query.items() if value})
        request = urllib.request.Request(f"{server}/v1/events?{query}")
        request.add_header("Authorization", f"Bearer {token}")
        request.add_header("Accept", "text/event-stream")
        # EventSource in a browser sends this after a reconnect; it overrides `since`.
        if position:
            request.add_header("Last-Event-ID", position)
        try:
            with urllib.request.urlopen(request, timeout=SILENCE_SECONDS) as stream:
                failures = 0
                for cursor, event, data in blocks(stream):
                    if event == "bye":
                        sys.exit(printable(f"tail: the credential ended: {json.loads(data)['reason']}"))
                    if event == "hello":
                        position = json.loads(data)["cursor"]
                    elif event not in (None, "shutdown"):
                        value = json.loads(data)
                        # After a reconnect an event may arrive a second time.
                        if value["seq"] > seen:
                            seen = value["seq"]
                            show(event, value)
                    # Also for a block without an event: the position has moved past events that the filters left out.
                    position = cursor or position
        except urllib.error.HTTPError as error:
            answer = json.load(error)
            if error.code in (409, 410):
                print(printable(f"tail: {answer['detail']}; there may be a gap here"), file=sys.stderr)
                position, seen = answer["oldest_cursor"], 0
                continue
            if error.code != 429 and error.code < 500:
                sys.exit(printable(f"tail: {error.code} {answer['code']}: {answer['detail']}"))
        except (OSError, http.client.HTTPException) as error:
            print(f"tail: {error}", file=sys.stderr)
        seconds = min(2**failures, 30)
        failures += 1
        print(f"tail: not connected; trying again in {seconds} s", file=sys.stderr)
        time.sleep(seconds)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass

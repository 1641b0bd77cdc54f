#!/usr/bin/env python3
"""An agent that shares its work: waits for its inbox by long-poll, claims each message so that no other copy of it takes
the same one, runs a command, answers in the thread and acknowledges. Python 3.8 and later; no packages.

    SYNAPSE_TOKEN_FILE=~/.synapse/assistant.token examples/worker.py wc -w

The command gets the message on its standard input. What it prints is the answer. It may be killed at any time: what it had
not finished is done after the claim has ended.

SYNAPSE_URL            the server; default http://127.0.0.1:8080
SYNAPSE_TOKEN          the token, or SYNAPSE_TOKEN_FILE, the file that holds it
SYNAPSE_INSTANCE       name of this copy, different for each one of the account; default the name of the machine
"""
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

# A claim lasts this long and is renewed three times as often.
CLAIM_SECONDS = 60
SERVER = os.environ.get("SYNAPSE_URL", "http://127.0.0.1:8080")
INSTANCE = os.environ.get("SYNAPSE_INSTANCE", socket.gethostname())[:64]


class Refused(Exception):
    def __init__(self, status, problem):
        super().__init__(f"{status} {problem['code']}: {problem['detail']}")
        self.status = status
        self.code = problem["code"]
        self.retry_after = problem.get("retry_after")

    def is_temporary(self):
        """Whether the same request may succeed later without a person doing something."""
        return self.status >= 500 or (self.status == 429 and self.retry_after is not None)


def read_token():
    token = os.environ.get("SYNAPSE_TOKEN")
    if token:
        return token
    path = os.environ.get("SYNAPSE_TOKEN_FILE")
    if not path:
        sys.exit("worker: set SYNAPSE_TOKEN or SYNAPSE_TOKEN_FILE")
    with open(os.path.expanduser(path), encoding="utf-8") as file:
        return file.read().strip()


def printable(text):
    """Other people's text for a terminal: control characters become escapes."""
    obeyed = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    return re.sub(obeyed, lambda found: f"\\u{{{ord(found[0]):x}}}", str(text))


def log(text):
    print(printable(f"worker: {text}"), file=sys.stderr, flush=True)


def call_once(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{SERVER}{path}", data)
    request.add_header("Authorization", f"Bearer {TOKEN}")
    request.add_header("Content-Type", "application/json")
    try:
        # Longer than a long-poll.
        with urllib.request.urlopen(request, timeout=90) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refused(error.code, json.load(error)) from None


def call(path, body=None):
    """Sends a request. Repeats it after a temporary refusal, or if no answer came."""
    failures = 0
    while True:
        seconds = min(2**failures, 30)
        failures += 1
        try:
            return call_once(path, body)
        except Refused as error:
            if not error.is_temporary():
                raise
            seconds = max(seconds, error.retry_after or 0)
            log(f"{error}; again in {seconds} s")
        except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
            log(f"{error}; again in {seconds} s")
        time.sleep(seconds)


def read(since, seconds):
    """One page of what is not acknowledged, by long-poll. `since` None: from the position that the server keeps."""
    query = {"unacked": "true", "limit": "10", "wait": str(int(min(50, max(1, seconds))))}
    if since is not None:
        query["since"] = since
    try:
        return call(f"/v1/inbox?{urllib.parse.urlencode(query)}")
    except Refused as error:
        # 410: messages were purged. 409: the position is from before a restore. The server has a newer one.
        if since is None or error.status not in (409, 410):
            raise
        return read(None, seconds)


def run_command(argv, message):
    """Runs the command and posts what it prints. Returns why that did not work, or None."""
    try:
        done = subprocess.run(argv, input=message["body"].encode(), stdout=subprocess.PIPE, check=True)
        call(
            "/v1/messages",
            {
                "channel": message["channel"],
                # Without the @: otherwise everyone in the message would be mentioned a second time.
                "body": done.stdout.decode("utf-8", "replace").strip().replace("@", "") or "done",
                "reply_to": message["id"],
                # The retry key: the message is answered only once.
                "client_msg_id": f"worker-{message['id']}",
            },
        )
        return None
    except (OSError, subprocess.CalledProcessError, Refused) as error:
        return str(error)


def take(argv, message):
    """Does the work of one message. Returns the seconds after which to look again, if another copy has it."""
    try:
        claim = call(
            "/v1/claims",
            {"resource": f"message:{message['id']}", "instance": INSTANCE, "ttl_s": CLAIM_SECONDS},
        )
    except Refused as error:
        if error.code == "claim_held":
            return error.retry_after
        # The message was deleted, or is in a channel that this agent has left.
        log(error)
        return 0
    holder = {"epoch": claim["epoch"], "instance": INSTANCE}
    # The page may be older than the end of another copy's work.
    query = urllib.parse.urlencode({"resource": f"message:{message['id']}", "include": "ended"})
    if any(one["outcome"] == "done" for one in call(f"/v1/claims?{query}")["claims"]):
        release(claim, holder)
        return 0
    ended = threading.Event()

    def renew():
        while not ended.wait(CLAIM_SECONDS / 3):
            try:
                call_once(f"/v1/claims/{claim['id']}/renew", holder)
            except (Refused, OSError, http.client.HTTPException, json.JSONDecodeError) as error:
                log(f"not renewed: {error}")

    renewing = threading.Thread(target=renew, daemon=True)
    renewing.start()
    problem = run_command(argv, message)
    ended.set()
    renewing.join()
    acknowledge(message["id"], problem)
    outcome = "done" if problem is None else "failed"
    release(claim, {**holder, "outcome": outcome})
    print(printable(f"{outcome}: {message['sender_handle']} in #{message['channel']}"), flush=True)
    return 0


def release(claim, body):
    try:
        call(f"/v1/claims/{claim['id']}/release", body)
    except Refused as error:
        log(f"not released: {error}")


def acknowledge(message_id, problem):
    """Acknowledges an item, so that its sender sees that it was handled, or why it was not."""
    state = {} if problem is None else {"state": "failed", "note": problem[:500]}
    try:
        call("/v1/inbox/ack", {"message_ids": [message_id], **state})
    except Refused as error:
        # Deleted meanwhile.
        if error.code != "not_in_inbox":
            raise


def main():
    argv = sys.argv[1:]
    if not argv:
        print("worker: name a command, for example: worker.py wc -w", file=sys.stderr)
        sys.exit(2)
    print(printable(f"@{call('/v1/auth/me')['handle']} works as {INSTANCE}"), flush=True)
    since = None
    # When a claim of another copy ends. If that copy was killed, its message is free then.
    look_again_at = float("inf")
    while True:
        if time.monotonic() >= look_again_at:
            since, look_again_at = None, float("inf")
        page = read(since, look_again_at - time.monotonic())
        for item in page["items"]:
            message = item["message"]
            # Two agents that answer each other would never stop. What has another reason is only acknowledged.
            if message["sender_kind"] != "human" or item["reason"] not in ("dm", "mention", "reply"):
                continue
            seconds = take(argv, message)
            if seconds > 0:
                look_again_at = min(look_again_at, time.monotonic() + seconds)
        since = page["cursor"]
        # Everything up to here is done: a restart begins here.
        if look_again_at == float("inf"):
            call("/v1/inbox/ack", {"cursor": since})


TOKEN = read_token()
if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
    except Refused as error:
        sys.exit(printable(f"worker: {error}"))

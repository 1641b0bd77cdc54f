#!/usr/bin/env python3
"""Receives webhooks and checks who sent them. Python 3.8 and later; no packages.

    WEBHOOK_SECRET_FILE=~/.synapse/assistant.webhook-secret examples/webhook-receiver.py

WEBHOOK_SECRET   the secret, or WEBHOOK_SECRET_FILE, the file that holds it
PORT             default 9001
"""
import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# A request that is older than this is not accepted: somebody may have recorded it.
TOLERANCE_SECONDS = 300
MAX_BODY_BYTES = 1_000_000
# Ids of deliveries that were handled. A delivery may come twice.
handled = set()


def read_key():
    secret = os.environ.get("WEBHOOK_SECRET")
    path = os.environ.get("WEBHOOK_SECRET_FILE")
    if not secret and path:
        with open(os.path.expanduser(path), encoding="utf-8") as file:
            secret = file.read().strip()
    if not secret:
        sys.exit("webhook-receiver: set WEBHOOK_SECRET or WEBHOOK_SECRET_FILE")
    return base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()


KEY = read_key()


def is_genuine(id_, timestamp, body, signatures):
    """Whether the server that has the secret sent these bytes, just now."""
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    mac = hmac.new(KEY, f"{id_}.{timestamp}.".encode() + body, hashlib.sha256)
    expected = "v1," + base64.b64encode(mac.digest()).decode()
    return any(hmac.compare_digest(one.encode(), expected.encode()) for one in signatures.split(" "))


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if length > MAX_BODY_BYTES:
            return self.answer(413)
        body = self.rfile.read(length)
        id_ = self.headers.get("webhook-id", "")
        timestamp = self.headers.get("webhook-timestamp", "")
        if not is_genuine(id_, timestamp, body, self.headers.get("webhook-signature", "")):
            return self.answer(401)
        if id_ not in handled:
            handled.add(id_)
            event = json.loads(body)
            told = {
                "type": event["type"],
                "reason": event.get("reason"),
                "body": event.get("message", {}).get("body"),
            }
            # JSON, so that a terminal obeys nothing in what others wrote.
            print(json.dumps(told), flush=True)
        # Answer at once, and work afterwards: the server waits five seconds.
        return self.answer(202)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9001"))), Receiver)
    print("receiving", flush=True)
    server.serve_forever()

"""A stand-in for the gateway's provisioning endpoints: the protocol, written a second time without the app's code."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PAGE = 3


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def open_sealed(header, key):
    """The JSON of X-Gateway-Users: HKDF (RFC 5869) by hand, then AES-GCM with the protected header as its AAD."""
    protected, encrypted_key, nonce, ciphertext, tag = header.split(".")
    assert encrypted_key == ""
    assert json.loads(unpadded(protected)) == {"alg": "dir", "enc": "A256GCM", "typ": "users+jwt"}
    extracted = hmac.digest(b"\0" * 32, key.encode(), "sha256")
    derived = hmac.digest(extracted, b"users+jwt\x01", "sha256")
    sealed = unpadded(ciphertext) + unpadded(tag)
    return json.loads(AESGCM(derived).decrypt(unpadded(nonce), sealed, protected.encode()))


class StandIn:
    """Keeps users by id, with the versions of the protocol."""

    def __init__(self, key):
        self.key = key
        self.users = {}
        self.deleted = {}
        self.requests = []
        self.refuse = set()
        self.answer_with = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.daemon = True
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def is_signed(self, method, path, headers, body):
        """Null if the request is signed as the protocol says, else what is wrong."""
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        signed, _, signature = token.rpartition(".")
        expected = hmac.digest(self.key.encode(), signed.encode(), "sha256")
        if scheme != "Bearer" or not hmac.compare_digest(unpadded(signature), expected):
            return False
        header, claims = (json.loads(unpadded(part)) for part in signed.split("."))
        digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode().rstrip("=")
        return (
            (header["alg"], header["typ"]) == ("HS256", "provisioning+jwt")
            and abs(time.time() - claims["iat"]) <= 300
            and (claims["htm"], claims["htu"], claims["bh"]) == (method, self.url + path, digest)
        )

    def apply(self, line):
        user_id, version = str(line["id"]), line["version"]
        answer = {"id": user_id, "version": version}
        kept = self.users.get(user_id, {}).get("version") or self.deleted.get(user_id)
        if user_id in self.refuse:
            return {**answer, "result": "refused", "error": "email: too long"}
        if kept is not None and version <= kept:
            result = "unchanged" if version == kept else "outdated"
            return {**answer, "version": kept, "result": result}
        if line.get("deleted"):
            self.users.pop(user_id, None)
            self.deleted[user_id] = version
        else:
            self.deleted.pop(user_id, None)
            self.users.setdefault(user_id, {"is_active": True}).update(line)
        return {**answer, "result": "applied"}

    def page(self, after):
        ids = sorted((one for one in self.users if one > after), key=lambda one: one.encode())
        users = [
            {
                "id": one,
                "version": self.users[one].get("version"),
                "is_active": self.users[one]["is_active"],
            }
            for one in ids[:PAGE]
        ]
        return {"users": users, "next": ids[PAGE - 1] if len(ids) > PAGE else None}

    def _handler(self):
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                stand_in.requests.append((self.command, self.path, len(body)))
                status, text = 200, ""
                if stand_in.answer_with is not None:
                    status, text = stand_in.answer_with
                elif not stand_in.is_signed(self.command, self.path, self.headers, body):
                    status, text = 401, '{"detail":"Authentication failed."}'
                elif self.command == "POST":
                    lines = [json.loads(line) for line in body.splitlines()]
                    text = "".join(json.dumps(stand_in.apply(line)) + "\n" for line in lines)
                else:
                    after = parse_qs(urlsplit(self.path).query).get("after", [""])[0]
                    text = json.dumps(stand_in.page(after))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = _answer

            def log_message(self, *args):
                pass

        return Handler

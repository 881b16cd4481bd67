"""Django 4.0's scrypt hasher for a Django that is older: `scrypt$<N>$<salt>$<r>$<p>$<base64>`."""

import base64
import hashlib

from django.contrib.auth.hashers import BasePasswordHasher
from django.utils.crypto import constant_time_compare


class ScryptPasswordHasher(BasePasswordHasher):
    algorithm = "scrypt"
    work_factor = 2**14
    block_size = 8
    parallelism = 5

    def encode(self, password, salt, n=None, r=None, p=None):
        n, r, p = n or self.work_factor, r or self.block_size, p or self.parallelism
        digest = hashlib.scrypt(password.encode(), salt=salt.encode(), n=n, r=r, p=p, maxmem=2**26, dklen=64)
        return f"{self.algorithm}${n}${salt}${r}${p}${base64.b64encode(digest).decode()}"

    def decode(self, encoded):
        algorithm, n, salt, r, p, digest = encoded.split("$", 5)
        return {"algorithm": algorithm, "n": int(n), "salt": salt, "r": int(r), "p": int(p), "hash": digest}

    def verify(self, password, encoded):
        stored = self.decode(encoded)
        again = self.encode(password, stored["salt"], stored["n"], stored["r"], stored["p"])
        return constant_time_compare(encoded, again)

    def must_update(self, encoded):
        stored = self.decode(encoded)
        return (stored["n"], stored["r"], stored["p"]) != (self.work_factor, self.block_size, self.parallelism)

    def safe_summary(self, encoded):
        return {name: value for name, value in self.decode(encoded).items() if name not in ("salt", "hash")}

    def harden_runtime(self, password, encoded):
        """Its cost does not depend on the password, and it is never the preferred hasher here."""

"""FastAPI: Depends(caller) is the claims of the gateway's assertion; 401 without a valid one."""

import os
from typing import Optional

from fastapi import Header, HTTPException
from gateway_assertion import read_assertion
from jwt import PyJWTError

EXPECTED = {
    "key": os.environ["GATEWAY_KEY"],
    "algorithm": os.environ["GATEWAY_ALGORITHM"],
    "audience": os.environ["GATEWAY_AUDIENCE"],
}


def caller(x_gateway_assertion: Optional[str] = Header(default=None)):
    try:
        return read_assertion(x_gateway_assertion or "", **EXPECTED)
    except PyJWTError:
        raise HTTPException(401, "This did not come through the gateway.")

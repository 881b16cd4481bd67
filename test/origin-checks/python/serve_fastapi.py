"""A FastAPI API that says who is calling, for as long as whoever started it keeps standard input open."""

import os
import sys
import threading

import uvicorn
from fastapi import Depends, FastAPI
from fastapi_gateway import caller

app = FastAPI()


@app.get("/open/{rest:path}")
def anyone():
    return {"caller": None}


@app.get("/{rest:path}")
def whoami(caller: dict = Depends(caller)):
    return {"caller": caller}


def end_with_the_runner():
    """Nothing is ever sent: input ends when the runner does, however that came about."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_the_runner, daemon=True).start()
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="error")

"""Runs a program for as long as whoever started it keeps standard input open."""

import signal
import subprocess
import sys

program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
sys.stdin.buffer.read()
program.send_signal(signal.SIGINT)
try:
    program.wait(10)
except subprocess.TimeoutExpired:
    program.kill()

"""Django's own server on 127.0.0.1, for as long as whoever started it keeps standard input open."""

import os
import sys
import threading


def end_with_the_runner():
    """Nothing is ever sent: input ends when the runner does, however that came about."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    threading.Thread(target=end_with_the_runner, daemon=True).start()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", "runserver", "--noreload", f"127.0.0.1:{int(sys.argv[1])}"])

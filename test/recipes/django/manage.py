"""Django's commands; `serve PORT` runs the server for as long as whoever started it keeps standard input open."""

import os
import sys
import threading


def end_with_the_runner():
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
    from django.core.management import execute_from_command_line

    if sys.argv[1] == "serve":
        threading.Thread(target=end_with_the_runner, daemon=True).start()
        execute_from_command_line(["manage.py", "runserver", "--noreload", f"127.0.0.1:{int(sys.argv[2])}"])
    else:
        execute_from_command_line(sys.argv)

"""The AWS command line as a server, so that Python starts once. The first line of output is its port on loopback; each
line sent there is JSON `{ "arguments", "environment", "late" }` (seconds that the clock is slow), each response
`{ "status", "stdout", "stderr" }`. A command runs in a child process of its own."""

import datetime
import json
import os
import socket
import sys
import tempfile

import botocore.auth
from awscli.clidriver import create_clidriver, main


def run(command):
    now = botocore.auth.get_current_datetime
    late = datetime.timedelta(seconds=command.get("late", 0))
    botocore.auth.get_current_datetime = lambda: now() - late
    os.environ.update(command["environment"])
    sys.argv = ["aws", *command["arguments"]]
    return main()


def run_apart(command):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            status = 255
            try:
                status = run(command)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        out.seek(0)
        err.seek(0)
        return {"status": status, "stdout": out.read().decode(), "stderr": err.read().decode()}


create_clidriver()  # imports its plugins, for all children
with socket.create_server(("127.0.0.1", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    connection, _ = listener.accept()
    with connection.makefile("rw") as stream:
        for line in stream:
            stream.write(json.dumps(run_apart(json.loads(line))) + "\n")
            stream.flush()

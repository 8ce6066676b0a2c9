"""botocore's part of spec/judges/protocols_spec.lua. The first line of standard input is a task as botocore_clients.py
has it. Prints lines of JSON: for each service {"service", "protocol", "model"}, the path of its description, then the
cases of botocore_requests.py and of botocore_responses.py."""

import json
import sys

from botocore_clients import clients, operations
from botocore_requests import compare_requests
from botocore_responses import compare_responses

task = json.loads(sys.stdin.readline())
for service, client in clients(task):
    names = operations(client, task)
    compare_requests(service, client, names, task["seed"])
    compare_responses(service, client, names, task["seed"])

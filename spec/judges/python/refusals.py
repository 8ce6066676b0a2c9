"""boto3 sends what it would never send by itself: calls `{service, operation, params}`
of spec/judges/refusals_spec.lua on standard input, what they raise a line."""

import json
import sys

from botocore import xform_name
from judge import UNCHECKED, client, refusal, report

clients = {}
for call in json.load(sys.stdin):
    service = call["service"]
    if service not in clients:
        clients[service] = client(service, config=UNCHECKED)
    report(call["operation"], refusal(getattr(clients[service], xform_name(call["operation"])), **call["params"]))

"""botocore as a signer and as a verifier: tasks of spec/judges/signatures_spec.lua
on standard input, a response a line."""

import datetime
import json
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def sign(task, signer_class, **options):
    moment = datetime.datetime.fromtimestamp(task["time"], datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda: moment.replace(tzinfo=None)
    keys = task["keys"]
    credentials = Credentials(keys["access_key_id"], keys["secret_access_key"], keys.get("session_token"))
    query = "?" + task["query"] if "query" in task else ""
    url = f"https://{task['headers']['host']}{task['path']}{query}"
    request = AWSRequest(task["method"], url, task["headers"], task.get("body", "").encode())
    signer_class(credentials, task["service"], task["region"], **options).add_auth(request)
    return request


def sign_headers(task):
    return {name.lower(): value for name, value in sign(task, botocore.auth.SigV4Auth).headers.items()}


def presign(task):
    return sign(task, botocore.auth.SigV4QueryAuth, expires=900).url.split("X-Amz-Signature=")[1]


def verify(task):
    given = task["headers"].pop("authorization")
    for name in ("x-amz-date", "x-amz-security-token"):  # which the signer adds itself
        task["headers"].pop(name, None)
    return sign_headers(task)["authorization"] == given


ACTS = {"sign": sign_headers, "presign": presign, "verify": verify}

for each in json.load(sys.stdin):
    print(json.dumps(ACTS[each["act"]](each)))

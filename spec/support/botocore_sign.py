"""Signs requests by botocore: a JSON list on standard input, one signature and
one URL a line on standard output."""

import datetime
import json
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials


def signed(case):
    moment = datetime.datetime.fromtimestamp(case["time"], datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda: moment.replace(tzinfo=None)
    keys = Credentials(case["access_key_id"], case["secret_access_key"], case.get("session_token"))
    signer = getattr(botocore.auth, case["class"])(keys, case["service"], case["region"])
    request = AWSRequest(case["method"], case["url"], dict(case["headers"]), case.get("body"))
    request.context["client_config"] = Config(s3={"payload_signing_enabled": not case.get("unsigned")})
    signer.add_auth(request)
    place = request.headers.get("Authorization") or request.url
    return place.split("Signature=")[1], request.url


for each in json.load(sys.stdin):
    print(*signed(each))

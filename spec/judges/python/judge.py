"""What the drivers share: boto3's clients for the emulator at sys.argv[1], the
emulator's controls, and the report, one line of JSON a step."""

import datetime
import json
import sys
import urllib.request

import responses
import boto3
import botocore.auth
from botocore.config import Config
from botocore.exceptions import ClientError

URL = sys.argv[1]
FAILURES = {
    "the service fails": {"status": 503, "code": "ServiceUnavailable"},
    "a gateway responds": {"status": 502, "body": "<html>Bad gateway</html>"},
    "the connection breaks": {"drop": True},
}
STANDARD = Config(retries={"mode": "standard", "total_max_attempts": 3})
UNCHECKED = STANDARD.merge(Config(parameter_validation=False))  # sends whatever it is given


def client(service, key="AKIDEMULATOR", secret="emulator-secret", token=None, config=STANDARD):
    made = boto3.client(
        service,
        endpoint_url=URL,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=config,
    )
    made.meta.events.register("after-call", responses.check)
    return made


def control(name, body):
    request = urllib.request.Request(f"{URL}/_emulator/{name}", json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def advance(seconds):
    control("clock", {"advance": seconds})


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.timestamp() if value.microsecond else int(value.timestamp())
    return value.decode()


def report(step, saw):
    if isinstance(saw, dict):
        saw.pop("ResponseMetadata", None)
    print(json.dumps([step, saw], default=plain), flush=True)


def refusal(call, **params):
    """What a call that must fail raises: the members of the modelled error too."""
    try:
        call(**params)
    except ClientError as error:
        response = error.response
        meta = response.pop("ResponseMetadata")
        details = response.pop("Error")
        seen = {
            "code": details["Code"],
            "message": details["Message"],
            "status": meta["HTTPStatusCode"],
            "attempts": meta["RetryAttempts"] + 1,
        }
        members = {name: value for name, value in response.items() if name.lower() != "message"}
        return {**seen, **({"members": members} if members else {})}
    return "was not refused"


def attempts(call, **params):
    return call(**params)["ResponseMetadata"]["RetryAttempts"] + 1


def report_troubles(service, operation):
    """Throttling and failures, and every mistake in a caller's identity and clock."""

    def call(*keys):
        return getattr(client(service, *keys), operation)

    wire_name = "".join(word.capitalize() for word in operation.split("_"))
    params = {"Catalog": "AWS"} if service == "partnercentral-selling" else {}
    control("faults", {"operation": wire_name, "throttle": True})
    report("tries again when it is throttled", attempts(call(), **params))
    control("faults", {"operation": wire_name, "throttle": True, "times": 3})
    report("gives up when that goes on", refusal(call(), **params))
    for name, fault in FAILURES.items():
        control("faults", {"operation": wire_name, **fault})
        report(f"tries again when {name}", attempts(call(), **params))
    report("signs with a wrong secret", refusal(call("AKIDEMULATOR", "another"), **params))
    report("signs with an unknown key", refusal(call("AKIDUNKNOWN"), **params))
    report("has a session", attempts(call("ASIAEMULATOR", "emulator-secret", "emulator-session"), **params))
    report("has an expired session", refusal(call("ASIAEXPIRED", "emulator-secret", "expired"), **params))

    now = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda: now() - datetime.timedelta(hours=1)
    report("signs an hour late", refusal(call(), **params))
    botocore.auth.get_current_datetime = now

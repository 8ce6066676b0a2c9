"""What botocore sends, signed: a line {"service", "operation", "variant", "params"} for each case (see
botocore_values.py), upon which a line is read, the id of the call that its request is to have; then the prepared
request {"method", "url", "headers", "body"}, or {"refused"} with botocore's reason."""

import base64
import datetime
import functools
import json
import random
import sys
import urllib.parse
import uuid

import botocore.auth
import botocore.awsrequest
import botocore.handlers
import botocore.httpchecksum
import botocore.serialize

from botocore_clients import show
from botocore_values import Json, Values, tagged

MOMENT = datetime.datetime(2026, 11, 22, tzinfo=datetime.timezone.utc)
TOKEN = uuid.UUID("3a1ad2f1-0000-4000-8000-000000000000")
VARIANTS = ["minimum", "typical", "all"]

botocore.auth.get_current_datetime = lambda remove_tzinfo=True: MOMENT.replace(tzinfo=None) if remove_tzinfo else MOMENT
botocore.handlers.uuid.uuid4 = lambda: TOKEN


class Compact:
    """JSON without white space, as we write it: documents are equal either way, signatures only so."""

    def __getattr__(self, name):
        return getattr(json, name)

    @staticmethod
    def dumps(value, **_):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


botocore.serialize.json = Compact()

call = {}


def add_attempt_headers(request, signature_version, **_):
    """botocore adds these behind its signature, we before ours; services accept either."""
    if "query" in str(signature_version):
        return
    request.headers["amz-sdk-invocation-id"] = call["id"]
    request.headers["amz-sdk-request"] = "attempt=1; max=1"


# An empty element as we write it.
botocore.serialize.ElementTree.tostring = functools.partial(
    botocore.serialize.ElementTree.tostring, short_empty_elements=False
)


resolve_request_checksum = botocore.httpchecksum.resolve_request_checksum_algorithm


def resolve_to_header(request, operation_model, params, **_):
    """A body in memory goes whole, its checksum in a header; botocore sends it in chunks with the checksum behind them.
    S3 takes either."""
    resolve_request_checksum(request, operation_model, params)
    algorithm = request["context"].get("checksum", {}).get("request_algorithm")
    if isinstance(algorithm, dict):
        algorithm["in"] = "header"


botocore.httpchecksum.resolve_request_checksum_algorithm = resolve_to_header

TYPES = {"blob": "application/octet-stream", "string": "text/plain"}


def add_content_type(params, model, **_):
    """Of a blob or a text without a type of its own, and of XML, the specification says these, botocore sends none."""
    shape = model.input_shape
    payload = shape and shape.serialization.get("payload")
    default = "application/xml" if model.service_model.resolved_protocol == "rest-xml" else None
    default = TYPES.get(shape.members[payload].type_name, default) if payload else default
    if params["body"] and default:
        params["headers"].setdefault("Content-Type", default)


class Sent(Exception):
    pass


def body_of(request):
    body = request.body
    if body is None:
        return b""
    if hasattr(body, "read"):
        return body.read()
    return body if isinstance(body, bytes) else body.encode()


def theirs(value):
    """Parameters as botocore takes them."""
    if isinstance(value, Json):
        return json.loads(value)
    if isinstance(value, dict):
        return {key: theirs(item) for key, item in value.items()}
    if isinstance(value, list):
        return [theirs(item) for item in value]
    return value


def prepared(request):
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
    }
    body = base64.b64encode(body_of(request)).decode()
    return {"method": request.method, "url": request.url.removesuffix("?"), "headers": headers, "body": body}


def stop(request, **_):
    raise Sent(request)


def place_signed_url(params, model, **_):
    """botocore puts the URL that it signs for a copy's source, and the region, last, we in the description's order."""
    names = list(model.input_shape.members) if model.input_shape else []
    for name in "PreSignedUrl", "PresignedUrl", "DestinationRegion":
        if name in names and name in params["body"]:
            later, url, form = names[names.index(name) + 1:], params["body"].pop(name), {}
            for key, value in params["body"].items():
                if key.split(".")[0] in later:
                    form.setdefault(name, url)
                form[key] = value
            form.setdefault(name, url)
            params["body"] = form


def in_order(params, model, **_):
    """botocore puts tokens that it makes last, we in the description's order; documents are equal either way."""
    for name in model.input_shape.members if model.input_shape else ():
        if name in params:
            params[name] = params.pop(name)


def compare(client, service, operation, variant, seed):
    model = client.meta.service_model.operation_model(operation)
    draw = random.Random(f"{seed}/{service}/{operation}/{variant}")
    params = Values(draw, service, variant).input(model.input_shape) if model.input_shape else {}
    show({"service": service, "operation": operation, "variant": variant, "params": tagged(params)})
    call["id"] = sys.stdin.readline().strip()
    try:
        client._make_api_call(operation, theirs(params))
    except Sent as sent:
        show(prepared(sent.args[0]))
    except Exception as error:
        show({"refused": f"{type(error).__name__}: {error}"})


def compare_requests(service, client, names, seed):
    client.meta.events.register("before-sign", add_attempt_headers)
    client.meta.events.register_last("before-call", add_content_type)
    client.meta.events.register_last("before-call", place_signed_url)
    client.meta.events.register_last("before-parameter-build", in_order)
    client.meta.events.register_first("before-send", stop)
    for operation in names:
        for variant in VARIANTS:
            compare(client, service, operation, variant, seed)

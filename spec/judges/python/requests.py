"""What botocore would send: reads calls `{service, operation, params}` from
standard input, stops each where it would be signed and sent, and prints the
requests, a line of JSON each.

Params come as JSON has them and are made what botocore takes by its model:
blobs are in base64, integers may be text, an empty list looks like a map. Members
are put in the model's order and maps in their keys', so that bodies can be compared
byte for byte."""

import base64
import json
import sys
import uuid

import botocore.handlers
import botocore.session

TOKEN = uuid.UUID("3a1ad2f1-0000-4000-8000-000000000000")
botocore.handlers.uuid.uuid4 = lambda: TOKEN


def arrange(shape, value):
    kind = shape.type_name
    if kind == "structure":
        return {name: arrange(member, value[name]) for name, member in shape.members.items() if name in value}
    if kind == "map":
        return {key: arrange(shape.value, value[key]) for key in sorted(value, key=str.encode)}
    if kind == "list":
        return [arrange(shape.member, item) for item in value]
    if kind == "blob":
        return base64.b64decode(value)
    if kind in ("integer", "long"):
        return int(value)
    return value


def arrange_input(params, model, **_):
    arranged = arrange(model.input_shape, params)
    params.clear()
    params.update(arranged)


def request_of(client, operation, params):
    kept = {}

    def stop(params, **_):
        kept.update(params)
        return type("Answer", (), {"status_code": 200})(), {}

    client.meta.events.register_first("before-call", stop, unique_id="stop")
    client._make_api_call(operation, params)
    client.meta.events.unregister("before-call", unique_id="stop")
    body = kept["body"].decode()
    return {
        "method": kept["method"],
        "url": kept["url"],
        "type": kept["headers"]["Content-Type"],
        "target": kept["headers"]["X-Amz-Target"],
        "body": body,
        "compact": json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False),
    }


session = botocore.session.get_session()
clients = {}
for call in json.load(sys.stdin):
    service = call["service"]
    if service not in clients:
        clients[service] = session.create_client(
            service, region_name="us-east-1", aws_access_key_id="AKID", aws_secret_access_key="secret"
        )
        clients[service].meta.events.register_last("before-parameter-build", arrange_input)
    print(json.dumps(request_of(clients[service], call["operation"], call["params"])))

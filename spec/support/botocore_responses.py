"""What botocore reads in responses: a line for each case, {"service", "operation", "variant", "status", "headers",
"body", "output"}, where body is in base64 and output as botocore_values.py writes values; for an error {"code",
"message", "request_id", "fields"} in place of the output; or {"refused"} with botocore's reason."""

import base64
import json
import random

from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser

from botocore_clients import show
from botocore_documents import Cbor, Json, Xml, header, in_body, name_of
from botocore_values import Outputs, tagged

VARIANTS = ["minimum", "typical", "all", "error"]
REQUEST_ID = "4442587f-b7d0-5c0a-bb9a-7d9c3b1e5f2a"


class Service:
    def __init__(self, name, client):
        self.name = name
        self.model = client.meta.service_model
        self.protocol = self.model.resolved_protocol
        self.parser = create_parser(self.protocol)
        self.is_rest = self.protocol.startswith("rest")

    def body(self, operation, shape, value, draw):
        """The body of an output without members bound elsewhere."""
        if self.protocol == "smithy-rpc-v2-cbor":
            return Cbor(draw).write(shape, value)
        if self.protocol in ("json", "rest-json"):
            return Json(draw).write(shape, value)
        xml = Xml(draw)
        if self.protocol == "rest-xml":
            return xml.root(operation + "Result", xml.members(shape, value), ' xmlns="https://example.com/doc/"')
        if self.protocol == "ec2":
            parts = [f"<requestId>{REQUEST_ID}</requestId>"] + xml.members(shape, value)
        else:
            parts = [f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata>"]
            wrapper = shape.serialization.get("resultWrapper")
            inner = xml.members(shape, value)
            parts = ([xml.element(wrapper, xml.join(inner))] if wrapper else inner) + parts
        return xml.root(operation + "Response", parts, ' xmlns="https://example.com/doc/"')

    def payload(self, operation, shape, value, draw):
        name = shape.serialization.get("payload")
        if not self.is_rest or not name:
            return self.body(operation, shape, value, draw)
        member = shape.members[name]
        if name not in value and member.type_name == "structure":
            value = {**value, name: {}}  # botocore makes it of an empty body, too, where we have none
        if name not in value:
            return b""
        if member.type_name in ("blob", "string"):
            content = value[name]
            return content if isinstance(content, bytes) else content.encode()
        if self.protocol == "rest-json":
            return Json(draw).write(member, value[name])
        xml = Xml(draw)
        return xml.root(name_of(member, name), xml.members(member, value[name]), xml.attributes(member, value[name]))

    def bound(self, shape, value, draw):
        """Status and headers of members that are bound to them."""
        status, headers = 200, {}
        for name, member in shape.members.items() if self.is_rest else ():
            location = member.serialization.get("location")
            if name not in value or in_body(member):
                continue
            if location == "statusCode":
                status = value[name] = draw.choice([200, 202])
            elif location == "headers":
                for key, text in value[name].items():
                    headers[(member.serialization.get("name", "") + key).lower()] = text
            elif value[name] not in ([], "", None):
                text = header(member, value[name], draw)
                if "jsonvalue" in member.serialization:
                    text = base64.b64encode(text.encode()).decode()
                headers[name_of(member, name).lower()] = text
        return status, headers

    def parse(self, status, headers, body, shape):
        payload = shape and shape.serialization.get("payload")
        is_stream = status < 300 and payload and shape.members[payload].type_name == "blob"
        stream = object() if is_stream else body
        response = {"status_code": status, "headers": HeadersDict(headers), "body": stream, "context": {}}
        parsed = self.parser.parse(response, shape)
        self.request_id = parsed.pop("ResponseMetadata", {}).get("RequestId")
        return {name: body if value is stream and is_stream else value for name, value in parsed.items()}


def content_type(protocol):
    return {
        "smithy-rpc-v2-cbor": {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"},
        "json": {"content-type": "application/x-amz-json-1.1"},
        "rest-json": {"content-type": "application/json"},
    }.get(protocol, {"content-type": "text/xml"})


def output_case(service, model, variant, draw):
    shape = model.output_shape
    value = Outputs(draw, service.name, variant).input(shape) if shape else {}
    status, headers = service.bound(shape, value, draw) if shape else (200, {})
    body = service.payload(model.wire_name, shape, value, draw) if shape else b""
    if not shape and service.protocol in ("query", "ec2"):
        body = Xml(draw).root(model.wire_name + "Response", [f"<requestId>{REQUEST_ID}</requestId>"])
    for name, text in content_type(service.protocol).items():
        headers.setdefault(name, text)
    case = {"status": status, "headers": headers, "body": base64.b64encode(body).decode()}
    parsed = service.parse(status, headers, body, shape)
    for name, member in shape.members.items() if shape else ():
        if "jsonvalue" in member.serialization and name in parsed:
            parsed[name] = value[name]  # the text of it, which is what we return
    case["output"] = tagged(parsed)
    return case


def error_body(service, shape, code, message, value, headers, draw):
    protocol = service.protocol
    if protocol in ("json", "rest-json"):
        body = {name: item for name, item in Json(draw).value(shape, value).items() if name.lower() != "message"}
        body[draw.choice(["message", "Message"])] = message
        spelled = draw.choice([code, "com.example#" + code, code + ":http://internal.amazon.com/coral/"])
        if protocol == "rest-json" and draw.random() < 0.5:
            headers["x-amzn-errortype"] = spelled
        else:
            body["__type"] = "com.example#" + code
        return json.dumps(body).encode()
    if protocol == "smithy-rpc-v2-cbor":
        cbor = Cbor(draw)
        parts = [cbor.string(3, b"__type") + cbor.string(3, ("com.example#" + code).encode())]
        parts.append(cbor.string(3, b"message") + cbor.string(3, message.encode()))
        for name, member in shape.members.items():
            if name in value:
                parts.append(cbor.string(3, name_of(member, name).encode()) + cbor.write(member, value[name]))
        return cbor.items(5, parts, len(parts))
    xml = Xml(draw)
    parts = [f"<Type>Sender</Type><Code>{code}</Code>", xml.element("Message", xml.text_of(message))]
    error = xml.element("Error", xml.join(parts + xml.members(shape, value)))
    if protocol == "ec2":
        return xml.root("Response", [xml.element("Errors", error), f"<RequestID>{REQUEST_ID}</RequestID>"])
    if service.name == "s3":
        return xml.root("Error", parts + xml.members(shape, value))
    return xml.root("ErrorResponse", [error, f"<RequestId>{REQUEST_ID}</RequestId>"], ' xmlns="https://example.com/"')


def error_case(service, model, draw):
    shapes = model.error_shapes
    if not shapes:
        return None
    shape = draw.choice(shapes)
    code = shape.metadata.get("error", {}).get("code", shape.name)
    message = draw.choice(["no", "Zoë's <x> & y", ""])
    value = Outputs(draw, service.name, "all").input(shape)
    for name in list(value):
        if name.lower() in ("message", "type", "code"):
            del value[name]
    status, headers = service.bound(shape, value, draw)
    status = shape.metadata.get("error", {}).get("httpStatusCode", 400)
    headers.update(content_type(service.protocol))
    if service.protocol not in ("query", "ec2"):
        headers["x-amz-request-id" if service.name == "s3" else "x-amzn-requestid"] = REQUEST_ID
    if "awsQueryCompatible" in service.model.metadata and draw.random() < 0.5:
        headers["x-amzn-query-error"] = "Former.Code;Sender"
    body = error_body(service, shape, code, message, value, headers, draw)
    case = {"status": status, "headers": headers, "body": base64.b64encode(body).decode()}
    parsed = service.parse(status, headers, body, model.output_shape)
    case["request_id"] = service.request_id
    found = service.model.shape_for_error_code(parsed["Error"].get("QueryErrorCode") or parsed["Error"]["Code"])
    fields = service.parse(status, headers, body, found)
    case["code"], case["message"] = parsed["Error"]["Code"], parsed["Error"].get("Message") or ""
    case["fields"] = tagged({name: item for name, item in fields.items() if name not in ("Error", "message", "Message")})
    return case


def compare(service, operation, variant, seed):
    model = service.model.operation_model(operation)
    draw = random.Random(f"{seed}/{service.name}/{operation}/{variant}/response")
    case = {"service": service.name, "operation": operation, "variant": variant, "reads": True}
    try:
        made = error_case(service, model, draw) if variant == "error" else output_case(service, model, variant, draw)
    except Exception as error:
        made = {"refused": f"{type(error).__name__}: {error}"}
    if made:
        show({**case, **made})


def compare_responses(name, client, names, seed):
    service = Service(name, client)
    for operation in names:
        for variant in VARIANTS:
            compare(service, operation, variant, seed)

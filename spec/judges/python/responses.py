"""Holds every response to botocore's model of it, more strictly than botocore does:
the members that it must have and no others, and the constraints on their values."""

import json
import re

from botocore.validate import ParamValidator


COMMON = {"ThrottlingException", "ValidationException"}  # of every operation, declared or not


def strays(shape, value, path):
    """What the model does not allow, of what botocore's own check leaves out."""
    kind, limits = shape.type_name, shape.metadata
    if kind == "structure":
        for name, member in value.items():
            if name in shape.members:
                yield from strays(shape.members[name], member, f"{path}.{name}")
            else:
                yield f"{path}.{name} is no member"
    elif kind == "list":
        for item in value:
            yield from strays(shape.member, item, f"{path}[]")
    elif kind == "map":
        for key, item in value.items():
            yield from strays(shape.key, key, f"{path} key")
            yield from strays(shape.value, item, f"{path}.{key}")
    elif kind == "string":
        if "enum" in limits and value not in limits["enum"]:
            yield f"{path}: {value} is none of {limits['enum']}"
        pattern = limits.get("pattern", "")
        if "\\p{" not in pattern and not re.search(pattern, value):  # Python has no \p{…}
            yield f"{path}: {value} does not match {pattern}"
    size = value if kind in ("integer", "long") else len(value) if kind in ("string", "list", "map") else 0
    if "max" in limits and size > limits["max"]:
        yield f"{path} is beyond {limits['max']}"


def output_problems(document, parsed, model):
    output = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
    report = ParamValidator().validate(output, model.output_shape)
    if report.has_errors():
        yield report.generate_report()
    yield from strays(model.output_shape, document, model.name)


def error_problems(document, model):
    code = document.pop("__type").split("#")[-1]
    shape = next((shape for shape in model.error_shapes if shape.name == code), None)
    if shape is None:
        if code not in COMMON and any(shape.name == code for shape in model.service_model.error_shapes):
            yield f"{model.name} has no {code}"
        return
    if not shape.members:
        document.pop("Message")  # which a service may send, modelled or not
    for name in shape.required_members:
        if name not in document:
            yield f"{model.name} {code} lacks {name}"
    yield from strays(shape, document, f"{model.name} {code}")


def check(http_response, parsed, model, **_):
    if not http_response.content.startswith(b"{"):  # no output, or a gateway's words
        return
    document = json.loads(http_response.content)
    if http_response.status_code == 200:
        problems = list(output_problems(document, parsed, model))
    else:
        problems = list(error_problems(document, model))
    assert not problems, "\n".join(problems)

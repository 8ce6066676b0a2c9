"""Holds every answer to botocore's model of it, more strictly than botocore does:
the members that it must have and no others, and the constraints on their values."""

import json
import re

from botocore.validate import ParamValidator


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


def check(http_response, parsed, model, **_):
    if http_response.status_code != 200 or model.output_shape is None:
        return
    output = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
    report = ParamValidator().validate(output, model.output_shape)
    problems = [report.generate_report()] if report.has_errors() else []
    problems.extend(strays(model.output_shape, json.loads(http_response.content), model.name))
    assert not problems, "\n".join(problems)

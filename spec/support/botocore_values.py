"""Values of a shape, drawn by a random generator: the same seed gives the same values. They are in the order of the
description's members and of maps' keys, so that bodies can be compared byte for byte.

`tagged` writes them as JSON from which a Lua program makes its own: what JSON has no word for is {"$blob": base64},
{"$number": text}, {"$json": text}."""

import base64
import datetime
import math
import string

DEPTH = 3
STRINGS = ["a", "Zoë & <b>\"'</b>", "two words", "100%+1=?#/x", "雪 and 🚀", "tab\tline\nend", "\\slash\\", "e\u0301", "~a.b-c_d*"]
HEADERS = ["a", "two words", "x;y=\"z\"", "a=b", "50%"]
LABELS = ["a", "two words", "a/b", "Zoë", "100%+1", "~a.b-c_d*!'()", "x:y@z"]
INTEGERS = [0, 1, -1, 7, 1000, 2**31 - 1, -(2**31)]
LONGS = INTEGERS + [2**53, -(2**53)]
FLOATS = [0.5, -1.25, 3.14159, 1234567.875, 2.0**-10]
SPECIAL = [math.nan, math.inf, -math.inf]
TIMES = [0, 1, 951782400, 1577836799, 1795305600, 4102444799]
FRACTIONS = [1795305600.5, 0.25]
BLOBS = [b"a", bytes(range(256)), "é\n".encode(), b"\x00\xff"]
KEYS = ["a", "B", "key two", "ümlaut", "k/1"]
UTC = datetime.timezone.utc


class Json(str):
    """A member that is sent as JSON text: botocore takes the value, Lua its text."""


class Values:
    def __init__(self, random, service, variant):
        self.random = random
        self.times = TIMES
        self.absent = ["ContentLength"]  # it follows from the body
        self.without = ["CRC32C", "CRC64NVME", "XXHASH64", "XXHASH3", "XXHASH128", "SHA512", "MD5"] if service == "s3" else []
        self.service = service
        self.variant = variant

    def wants(self, depth):
        if self.variant == "minimum" or depth > DEPTH:
            return False
        return self.variant == "all" or self.random.random() < 0.4

    def input(self, shape):
        return self.structure(shape, {}, 0, [])

    def structure(self, shape, place, depth, above):
        above = above + [shape.name]
        members = shape.members
        if getattr(shape, "is_tagged_union", False):
            name = self.random.choice(self.shallow(members, above))
            return {name: self.value(members[name], {}, depth + 1, above)}
        made = {}
        for name, member in members.items():
            required = name in shape.required_members or "hostLabel" in member.serialization
            if member.serialization.get("location") == "uri":
                required = True
            token = member.metadata.get("idempotencyToken")
            if token and self.variant != "all" or name in self.absent:
                continue
            if required or (above.count(member.name) < 2 and self.wants(depth)):
                made[name] = self.value(member, {"name": name, "top": depth == 0}, depth + 1, above)
        return made

    @staticmethod
    def shallow(members, above):
        """Of a union's members one that ends."""
        names = [name for name, member in members.items() if member.type_name not in ("structure", "list", "map")]
        names = names or [name for name, member in members.items() if member.name not in above]
        return names or list(members)

    def value(self, shape, place, depth, above):
        location = shape.serialization.get("location")
        kind = shape.type_name
        if kind == "structure":
            if getattr(shape, "is_document_type", False):
                return {"a": [1, "b", None, True], "c": {"d": 0.5}}
            return self.structure(shape, place, depth, above)
        if kind == "list":
            return self.list(shape, location, depth, above)
        if kind == "map":
            return self.map(shape, location, depth, above)
        return getattr(self, kind)(shape, place, location)

    def count(self, shape, depth, most):
        least = shape.metadata.get("min", 0)
        if shape.serialization.get("location") == "header":
            least = max(least, 1)  # of an empty list botocore sends no header, we an empty one as the specification says
        if self.variant == "minimum" or depth > DEPTH:
            return least
        return max(least, min(self.random.randint(0 if self.variant == "typical" else 1, most), shape.metadata.get("max", most)))

    def list(self, shape, location, depth, above):
        if above.count(shape.member.name) > 1:
            return []
        items = []
        for _ in range(self.count(shape, depth, 3)):
            inner = {"list": True, "location": location}
            items.append(self.value(shape.member, inner, depth + 1, above))
        return items

    def map(self, shape, location, depth, above):
        if above.count(shape.value.name) > 1:
            return {}
        keys = list(shape.key.enum) or (["a", "b-c", "x1"] if location else KEYS)
        keys = [key.ljust(shape.key.metadata.get("min", 0), "x") for key in keys]
        keys = sorted(self.random.sample(keys, min(len(keys), self.count(shape, depth, 3))), key=str.encode)
        inner = {"list": True, "location": location}
        return {key: self.value(shape.value, inner, depth + 1, above) for key in keys}

    def string(self, shape, place, location):
        location = location or place.get("location")
        if "jsonvalue" in shape.serialization and location == "header":
            return Json('{"a":"b"}')
        if shape.metadata.get("idempotencyToken"):
            return "0f1e2d3c-0000-4000-8000-00000000beef"
        least = shape.metadata.get("min", 0)
        named = self.named(shape, place)
        if named:
            return named.ljust(least, "x")
        if shape.enum:
            return self.random.choice([value for value in shape.enum if value not in self.without])
        if "hostLabel" in shape.serialization:
            return "label-1"
        words = {"header": HEADERS, "headers": HEADERS, "uri": LABELS}.get(location, STRINGS)
        text = self.random.choice(words)
        if self.variant == "minimum":
            text = words[0]
        return text.ljust(least, "x")

    def named(self, shape, place):
        """What the endpoint rules read, or a service's customization in botocore checks."""
        name = place.get("name", "")
        if name == "SourceRegion":
            return "us-west-2"  # with which botocore signs a URL
        if self.service == "route53" and name.endswith("Id"):
            return "Z1"  # botocore sends what is behind the last slash
        if "contextParam" in shape.metadata or place.get("top"):
            if self.service in ("s3", "s3control") and name == "Bucket":
                return self.random.choice(["bucket-1", "with.dots", "bucket-2"])
            if name == "AccountId" and self.service == "s3control":
                return "123456789012"
            if name.lower().endswith("arn"):
                return f"arn:aws:{self.service}:us-east-1:123456789012:stream/name-1"
        if "contextParam" in shape.metadata:
            return "name-1" if name != "Key" else self.random.choice(LABELS)
        return None

    def integer(self, shape, place, location, values=INTEGERS):
        least = shape.metadata.get("min", -(2**63))
        most = shape.metadata.get("max", 2**63)
        fitting = [value for value in values if least <= value <= most]
        return self.random.choice(fitting or [int(least)])

    def long(self, shape, place, location):
        return self.integer(shape, place, location, LONGS)

    def float(self, shape, place, location):
        least = shape.metadata.get("min", -1e99)
        values = [value for value in FLOATS if value >= least]
        if self.variant == "all" and "min" not in shape.metadata:
            values = values + SPECIAL
        return self.random.choice(values or [least + 0.5])

    double = float

    def boolean(self, shape, place, location):
        return self.random.random() < 0.5

    def blob(self, shape, place, location):
        if location:
            return b"header"
        least = shape.metadata.get("min", 0)
        return self.random.choice(BLOBS).ljust(least, b"x")

    def timestamp(self, shape, place, location):
        return datetime.datetime.fromtimestamp(self.random.choice(self.times), UTC)

    def character(self, shape, place, location):
        return self.random.choice(string.ascii_letters)


class Outputs(Values):
    """Values of outputs: not restricted to what endpoint rules read, and of times that botocore only reads."""

    def __init__(self, random, service, variant):
        super().__init__(random, service, variant)
        self.times = TIMES + FRACTIONS
        self.absent = ["EncodingType"] if service == "s3" else []  # botocore decodes keys in a handler of its own

    def named(self, shape, place):
        return None


def tagged(value):
    if isinstance(value, bytes):
        return {"$blob": base64.b64encode(value).decode()}
    if isinstance(value, Json):
        return {"$json": str(value)}
    if isinstance(value, datetime.datetime):
        seconds = value.timestamp()
        return int(seconds) if seconds == int(seconds) else seconds
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return {"$number": "nan" if value != value else "inf" if value > 0 else "-inf"}
    if isinstance(value, dict):
        return {key: tagged(item) for key, item in value.items()}
    if isinstance(value, list):
        return [tagged(item) for item in value]
    return value

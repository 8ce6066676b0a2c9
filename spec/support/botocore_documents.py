"""Response bodies that a service might send, written from a shape and its value: JSON, XML and CBOR, in the various
spellings that each allows. Each writer takes the random generator that chooses among them."""

import base64
import email.utils
import json
import struct
from xml.sax.saxutils import escape, quoteattr


def name_of(shape, name):
    """What a member is called on the wire."""
    return shape.serialization.get("name", name)


def in_body(shape):
    return shape.serialization.get("location") not in ("header", "headers", "statusCode")


def iso(value, draw):
    text = value.strftime("%Y-%m-%dT%H:%M:%S")
    if value.microsecond:
        text += f".{value.microsecond:06d}".rstrip("0")
    return text + draw.choice(["Z", "Z", "+00:00"])


def timestamp(shape, value, default, draw):
    """Text of a timestamp, or its number."""
    form = shape.serialization.get("timestampFormat", default)
    if form == "iso8601":
        return iso(value, draw)
    if form == "rfc822":
        return email.utils.format_datetime(value.replace(microsecond=0), usegmt=True)
    seconds = value.timestamp()
    return int(seconds) if seconds == int(seconds) else seconds


def number(value):
    if isinstance(value, float) and value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return value


class Json:
    """Null members, members that the description does not know, an error's type beside them."""

    def __init__(self, draw):
        self.draw = draw

    def write(self, shape, value):
        text = json.dumps(self.value(shape, value), ensure_ascii=self.draw.random() < 0.5, allow_nan=False,
                          separators=self.draw.choice([None, (",", ":"), (" , ", " : ")]))
        return text.encode()

    def value(self, shape, value):
        if value is None:
            return None
        kind = shape.type_name
        if kind == "structure":
            return value if shape.is_document_type else self.structure(shape, value)
        if kind == "list":
            return [self.value(shape.member, item) for item in value]
        if kind == "map":
            return {key: self.value(shape.value, item) for key, item in value.items()}
        if kind == "blob":
            return base64.b64encode(value).decode()
        if kind == "timestamp":
            return timestamp(shape, value, "unixtimestamp", self.draw)
        return number(value)

    def structure(self, shape, value):
        made = {}
        for name, member in shape.members.items():
            if not in_body(member):
                continue
            if name in value:
                made[name_of(member, name)] = self.value(member, value[name])
            elif self.draw.random() < 0.1 and not shape.is_tagged_union:
                made[name_of(member, name)] = None
        if self.draw.random() < 0.1 and not shape.is_tagged_union:
            made["NoSuchMember"] = {"a": [1, {"b": None}]}
        return made


class Xml:
    """White space, comments, CDATA, elements that the description does not know; empty elements in both spellings."""

    def __init__(self, draw):
        self.draw = draw
        self.loose = draw.random() < 0.5  # white space between elements

    def element(self, name, content, attributes=""):
        if content == "" and self.draw.random() < 0.5:
            return f"<{name}{attributes}/>"
        return f"<{name}{attributes}>{content}</{name.split(' ')[0]}>"

    def join(self, parts):
        if not self.loose:
            return "".join(parts)
        if parts and self.draw.random() < 0.2:
            parts = parts[:1] + ["<!-- a comment -->"] + parts[1:]
        return "\n  " + "\n  ".join(parts) + "\n" if parts else ""

    def text(self, shape, value):
        kind = shape.type_name
        if kind == "boolean":
            return "true" if value else "false"
        if kind == "blob":
            return base64.b64encode(value).decode()
        if kind == "timestamp":
            return str(timestamp(shape, value, "iso8601", self.draw))
        if kind == "string":
            return self.text_of(value)
        return str(number(value))

    def text_of(self, value):
        chosen = self.draw.random()
        if chosen < 0.1 and "]]>" not in value:
            return f"<![CDATA[{value}]]>"
        if chosen < 0.5:
            return escape(value).replace("\t", "&#9;").replace("\n", "&#xA;")
        return escape(value, {'"': "&quot;", "'": "&apos;"})

    def elements(self, shape, name, value):
        """The elements that a member is."""
        kind = shape.type_name
        flattened = shape.serialization.get("flattened")
        if kind == "structure":
            return [self.element(name, self.join(self.members(shape, value)), self.attributes(shape, value))]
        if kind == "list":
            item = shape.member.serialization.get("name")
            if flattened:
                name = item or name
                return [element for each in value for element in self.elements(shape.member, name, each)]
            inner = [element for each in value for element in self.elements(shape.member, item or "member", each)]
            return [self.element(name, self.join(inner))]
        if kind == "map":
            key_name = shape.key.serialization.get("name") or "key"
            value_name = shape.value.serialization.get("name") or "value"
            entries = []
            for key, each in value.items():
                pair = [self.element(key_name, escape(key))] + self.elements(shape.value, value_name, each)
                entries.append(self.element(name if flattened else "entry", self.join(pair)))
            return entries if flattened else [self.element(name, self.join(entries))]
        return [self.element(name, self.text(shape, value))]

    def attributes(self, shape, value):
        found = ""
        for name, member in shape.members.items():
            if member.serialization.get("xmlAttribute") and name in value:
                wire = name_of(member, name)
                if ":" in wire:
                    prefix = wire.split(":")[0]
                    found += f' xmlns:{prefix}="http://www.w3.org/2001/XMLSchema-instance"'
                found += f" {wire}={quoteattr(value[name])}"
        return found

    def members(self, shape, value):
        parts = []
        for name, member in shape.members.items():
            if name in value and in_body(member) and not member.serialization.get("xmlAttribute"):
                parts.extend(self.elements(member, name_of(member, name), value[name]))
        if self.draw.random() < 0.1 and not shape.is_tagged_union:
            parts.append("<NoSuchMember><a>1</a><b/></NoSuchMember>")
        return parts

    def root(self, name, parts, attributes=""):
        head = self.draw.choice(["", '<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0"?>\n'])
        return (head + self.element(name, self.join(parts), attributes)).encode()


class Cbor:
    """Definite and indefinite lengths, floats of each width, integers wider than they need to be."""

    def __init__(self, draw):
        self.draw = draw
        self.in_map = 0  # within the values of a map, which botocore does not read by their shapes

    def head(self, major, count):
        for info, width, form in (24, 1, ">B"), (25, 2, ">H"), (26, 4, ">I"), (27, 8, ">Q"):
            if count < 24 and info == 24 and self.draw.random() < 0.9:
                return bytes([major << 5 | count])
            if count < 1 << 8 * width and self.draw.random() < 0.9:
                return bytes([major << 5 | info]) + struct.pack(form, count)
        return bytes([major << 5 | 27]) + struct.pack(">Q", count)

    def integer(self, value):
        return self.head(0, value) if value >= 0 else self.head(1, -1 - value)

    def float(self, value):
        for form, initial in (">e", 0xF9), (">f", 0xFA):
            try:
                packed = struct.pack(form, value)
            except OverflowError:
                continue
            same = struct.unpack(form, packed)[0]
            if (same == value or value != value) and self.draw.random() < 0.7:
                return bytes([initial]) + packed
        return b"\xfb" + struct.pack(">d", value)

    def string(self, major, data):
        if self.draw.random() < 0.1 and len(data) < 100 and data.isascii():
            return bytes([major << 5 | 31]) + self.head(major, 1) + data[:1] + self.head(major, len(data) - 1) + data[1:] + b"\xff" if data else self.head(major, 0)
        return self.head(major, len(data)) + data

    def items(self, major, parts, count):
        if self.draw.random() < 0.3:
            return bytes([major << 5 | 31]) + b"".join(parts) + b"\xff"
        return self.head(major, count) + b"".join(parts)

    def write(self, shape, value):
        if value is None:
            return b"\xf6"
        kind = shape.type_name
        if kind == "structure":
            return self.structure(shape, value)
        if kind == "list":
            return self.items(4, [self.write(shape.member, item) for item in value], len(value))
        if kind == "map":
            self.in_map += 1
            parts = [self.string(3, key.encode()) + self.write(shape.value, item) for key, item in value.items()]
            self.in_map -= 1
            return self.items(5, parts, len(parts))
        if kind == "blob":
            return self.string(2, value)
        if kind == "timestamp":
            seconds = value.timestamp()
            return b"\xc1" + (self.integer(int(seconds)) if seconds == int(seconds) and self.draw.random() < 0.5 else self.float(seconds))
        if kind == "boolean":
            return b"\xf5" if value else b"\xf4"
        if kind in ("float", "double"):
            return self.float(value)
        if kind in ("integer", "long"):
            return self.integer(value)
        return self.string(3, value.encode())

    def is_odd(self, shape):
        return self.draw.random() < 0.1 and not shape.is_tagged_union and not self.in_map

    def structure(self, shape, value):
        parts = []
        for name, member in shape.members.items():
            if name in value:
                parts.append(self.string(3, name_of(member, name).encode()) + self.write(member, value[name]))
            elif self.is_odd(shape):
                parts.append(self.string(3, name_of(member, name).encode()) + b"\xf6")
        if self.is_odd(shape):
            parts.append(self.string(3, b"NoSuchMember") + b"\xa1\x61a\x82\x01\xf6")
        return self.items(5, parts, len(parts))


def header(shape, value, draw):
    """A member as a header's text."""
    kind = shape.type_name
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "timestamp":
        return str(timestamp(shape, value, "rfc822", draw))
    if kind == "list":
        return draw.choice([",", ", "]).join(header(shape.member, item, draw) for item in value)
    if kind == "blob":
        return base64.b64encode(value).decode()
    return str(number(value))

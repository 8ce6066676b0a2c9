"""Clients of botocore for the services of a task {"services" or "drawn", "operations", "seed", "folder"}, each with the
protocol that the task names ("gamelift:smithy-rpc-v2-cbor") or that botocore chooses, and the operations that are compared."""

import json
import os
import random
import sys

import botocore.handlers
import botocore.session
from botocore.config import Config

COMPANIONS = ["service-2", "paginators-1", "waiters-2", "endpoint-rule-set-1"]


# Where a service has several endpoints, botocore prefers an account's and, in us-east-1, S3's global one. All of them are
# the same service.
CONFIG = Config(
    retries={"total_max_attempts": 1}, account_id_endpoint_mode="disabled",
    s3={"us_east_1_regional_endpoint": "regional"},
)


# Of a line that the reader takes at once; one that ends with a backslash goes on in the next.
PIECE = 60000


def show(line):
    text = json.dumps(line)
    for start in range(0, len(text), PIECE):
        print(text[start : start + PIECE], end="\\\n" if start + PIECE < len(text) else "\n")
    sys.stdout.flush()


def pin(loader, protocols):
    """Lets the descriptions of these services have one protocol."""
    load = loader.load_service_model

    def load_pinned(service_name, type_name, api_version=None):
        data = load(service_name, type_name, api_version)
        if type_name == "service-2" and service_name in protocols:
            data["metadata"]["protocol"] = protocols[service_name]
            data["metadata"]["protocols"] = [protocols[service_name]]
        return data

    loader.load_service_model = load_pinned


def write_description(loader, client, service, folder):
    """The description as botocore has it, with the one protocol that it has chosen."""
    version = client.meta.service_model.api_version
    path = os.path.join(folder, service, version)
    os.makedirs(path, exist_ok=True)
    for name in COMPANIONS:
        try:
            data = loader.load_service_model(service, name, version)
        except botocore.exceptions.UnknownServiceError:
            continue
        if name == "service-2":
            data["metadata"]["protocols"] = [client.meta.service_model.resolved_protocol]
        with open(os.path.join(path, name + ".json"), "w") as file:
            json.dump(data, file, ensure_ascii=False)
    return os.path.join(path, "service-2.json")


# All of their operations need endpoint discovery, or a signature that botocore makes by another library.
UNCOMPARED = ["timestream-query", "timestream-write", "cloudfront-keyvaluestore"]


def drawn(session, loader, seed, count):
    """Services that the seed draws among those whose signature we write."""

    def is_ours(name):
        if name in UNCOMPARED:
            return False
        metadata = loader.load_service_model(name, "service-2")["metadata"]
        return metadata["signatureVersion"] in ("v4", "s3v4", "s3") and metadata.get("auth", [""])[0] != "aws.auth#sigv4a"

    names = [name for name in sorted(session.get_available_services()) if is_ours(name)]
    return sorted(random.Random(seed).sample(names, count))


def clients(task):
    session = botocore.session.get_session()
    session.set_credentials("AKIDEXAMPLE", "secret", "token")
    milliseconds = getattr(botocore.handlers, "enable_millisecond_timestamp_precision", None)
    if milliseconds:  # of times that are whole seconds it writes ".000" for this service
        session.unregister("creating-serializer.bedrock-agentcore", milliseconds)
    loader = session.get_component("data_loader")
    services = task.get("services") or drawn(session, loader, task["seed"], task["drawn"])
    names = [name.split(":") for name in services]
    pin(loader, {name[0]: name[1] for name in names if len(name) == 2})
    for service, *_ in names:
        client = session.create_client(service, region_name="us-east-1", config=CONFIG)
        path = write_description(loader, client, service, task["folder"])
        show({"service": service, "protocol": client.meta.service_model.resolved_protocol, "model": path})
        yield service, client


# Its Event and Events are the same elements, of which botocore makes no value.
AMBIGUOUS = ["GetBucketNotification"]


def is_callable(model):
    discovery = model.endpoint_discovery
    streams = model.has_event_stream_input or model.has_event_stream_output
    if model.name in AMBIGUOUS:
        return False
    return not (streams or model.is_endpoint_discovery_operation or (discovery and discovery.get("required")))


def operations(client, task):
    """A sample of a service's operations, sorted."""
    service = client.meta.service_model
    names = sorted(name for name in service.operation_names if is_callable(service.operation_model(name)))
    draw = random.Random(f"{task['seed']}/{service.service_name}")
    return names if len(names) <= task["operations"] else sorted(draw.sample(names, task["operations"]))

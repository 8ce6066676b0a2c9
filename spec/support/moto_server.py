"""moto's server with authentication on, a user with a key, and a chain of two roles; with the argument "open" it accepts
every signature. The first line on standard output is JSON with its address, keys and roles; it serves until it is
ended."""

import json
import logging
import os
import signal
import sys

if "open" not in sys.argv:
    os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "3"  # the user, its key and its policy

import boto3
from moto.core.config import default_user_config
from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)

ANYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
})

default_user_config["batch"] = {"use_docker": False}  # jobs of Batch end at once, without a container

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
url = f"http://127.0.0.1:{port}"


def iam(key, secret):
    return boto3.client(
        "iam", endpoint_url=url, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret
    )


nobody = iam("nobody", "nothing")
nobody.create_user(UserName="cloudjobs")
key = nobody.create_access_key(UserName="cloudjobs")["AccessKey"]
nobody.put_user_policy(UserName="cloudjobs", PolicyName="anything", PolicyDocument=ANYTHING)

user = iam(key["AccessKeyId"], key["SecretAccessKey"])
roles = []
for name in "first", "second":
    roles.append(user.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"])
    user.put_role_policy(RoleName=name, PolicyName="anything", PolicyDocument=ANYTHING)

world = {"url": url, "access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"], "roles": roles}
print(json.dumps(world), flush=True)
signal.pause()

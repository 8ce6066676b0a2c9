"""Finds credentials and profiles by botocore: a JSON list of cases on standard input, a JSON list of answers on
standard output. A case is {"env", "profile"} (an identity or "error") or {"config"} (profiles or "error")."""

import json
import os
import sys

import botocore.configloader
import botocore.exceptions
import botocore.session


def identity(case):
    os.environ.clear()
    os.environ.update(case["env"])
    session = botocore.session.Session(profile=case.get("profile"))
    credentials = session.get_credentials()
    if credentials is None:
        return {"source": "none"}
    frozen = credentials.get_frozen_credentials()
    return {
        "source": credentials.method,
        "access_key_id": frozen.access_key,
        "secret_access_key": frozen.secret_key,
        "session_token": frozen.token,
        "account_id": frozen.account_id,
    }


def profiles(case):
    return {"profiles": botocore.configloader.load_config(case["config"])["profiles"]}


def answer(case):
    try:
        found = profiles(case) if "config" in case else identity(case)
    except Exception as error:
        return {"error": type(error).__name__}
    return {name: value for name, value in found.items() if value is not None}


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)

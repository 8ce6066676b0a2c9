"""boto3 lists exports with the identity that it finds by its settings."""

import boto3

boto3.client("bcm-data-exports").list_exports()

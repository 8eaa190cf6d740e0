"""CloudFormation's custom resources, which LocalStack's free edition skips: it says that they were made and calls nobody.

The function that `ServiceToken` names is invoked with CloudFormation's event and puts its answer to `ResponseURL`, a route of LocalStack itself.
"""

import json
import threading
import uuid

from localstack import config
from localstack.aws.connect import connect_to
from localstack.http import Response
from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent, ResourceProvider
from localstack.services.edge import ROUTER

ROUTE = "/_hostmode/custom-resources/"
TIMEOUT_S = 300
# CDK's own: its function answers to https on port 443 and nowhere else, so what it does is done here.
EMPTIED_BUCKET = "Custom::S3AutoDeleteObjects"

_waiting: dict[str, "_Answer"] = {}
# What each resource was last made with, by stack and logical id: its properties as they were sent, and its physical id.
_made: dict[tuple[str, str], tuple[dict, str]] = {}


class _Answer:
    def __init__(self):
        self.arrived = threading.Event()
        self.body: dict = {}


def add_route() -> None:
    def take(request, token):
        answer = _waiting.get(token)
        if answer is None:
            return Response(status=403)
        answer.body = json.loads(request.get_data())
        answer.arrived.set()
        return Response(status=200)

    ROUTER.add(f"{ROUTE}<token>", take, methods=["PUT"])


def _texts(value):
    """As CloudFormation sends them: every number and flag as text."""
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None else str(value)


def _own(state: dict) -> dict:
    return {key: value for key, value in _texts(state).items() if key not in ("ServiceTimeout", "Id")}


def _empty(request, bucket: str) -> None:
    s3 = connect_to(aws_access_key_id=request.account_id, region_name=request.region_name).s3
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for item in page.get("Versions", []) + page.get("DeleteMarkers", []):
            s3.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])


class CustomResourceProvider(ResourceProvider):
    TYPE = "AWS::CloudFormation::CustomResource"
    SCHEMA = {
        "typeName": "AWS::CloudFormation::CustomResource",
        "properties": {"Id": {"type": "string"}},
        "readOnlyProperties": ["/properties/Id"],
        "primaryIdentifier": ["/properties/Id"],
    }

    def create(self, request) -> ProgressEvent:
        if request.resource_type == EMPTIED_BUCKET:
            _made[request.stack_id, request.logical_resource_id] = (_own(request.desired_state), request.logical_resource_id)
            return ProgressEvent(OperationStatus.SUCCESS, resource_model={**request.desired_state, "Id": request.logical_resource_id})
        return self._change(request, "Create", None)

    def update(self, request) -> ProgressEvent:
        if request.resource_type == EMPTIED_BUCKET:
            return self.create(request)
        return self._change(request, "Update", _made.get((request.stack_id, request.logical_resource_id)))

    def delete(self, request) -> ProgressEvent:
        made = _made.pop((request.stack_id, request.logical_resource_id), None)
        if made is not None and request.resource_type == EMPTIED_BUCKET:
            _empty(request, made[0]["BucketName"])
        elif made is not None:
            properties, physical_id = made
            answer = self._call(request, "Delete", properties, PhysicalResourceId=physical_id)
            if answer["Status"] != "SUCCESS":
                return ProgressEvent(OperationStatus.FAILED, resource_model={}, message=answer.get("Reason", "no reason given"))
        return ProgressEvent(OperationStatus.SUCCESS, resource_model={})

    def _change(self, request, kind: str, made) -> ProgressEvent:
        properties = _own(request.desired_state)
        more = {} if made is None else {"OldResourceProperties": made[0], "PhysicalResourceId": made[1]}
        answer = self._call(request, kind, properties, **more)
        if answer["Status"] != "SUCCESS":
            return ProgressEvent(OperationStatus.FAILED, resource_model={}, message=answer.get("Reason", "no reason given"))
        physical_id = answer["PhysicalResourceId"]
        _made[request.stack_id, request.logical_resource_id] = (properties, physical_id)
        # Replaced: CloudFormation deletes the one before.
        if made is not None and made[1] != physical_id:
            self._call(request, "Delete", made[0], PhysicalResourceId=made[1])
        return ProgressEvent(OperationStatus.SUCCESS, resource_model={**request.desired_state, **answer.get("Data", {}), "Id": physical_id})

    def _call(self, request, kind: str, properties: dict, **more) -> dict:
        token = uuid.uuid4().hex
        answer = _waiting[token] = _Answer()
        event = {
            "RequestType": kind,
            "RequestId": token,
            "ResponseURL": f"{config.internal_service_url()}{ROUTE}{token}",
            "ResourceType": request.resource_type,
            "LogicalResourceId": request.logical_resource_id,
            "StackId": request.stack_id,
            "ResourceProperties": properties,
            **more,
        }
        client = connect_to(aws_access_key_id=request.account_id, region_name=request.region_name).lambda_
        try:
            result = client.invoke(FunctionName=properties["ServiceToken"], Payload=json.dumps(event))
            if result.get("FunctionError"):
                return {"Status": "FAILED", "Reason": f"the function failed: {result['Payload'].read().decode()[:2000]}"}
            if not answer.arrived.wait(TIMEOUT_S):
                return {"Status": "FAILED", "Reason": "the function put no answer in time"}
            return answer.body
        finally:
            del _waiting[token]

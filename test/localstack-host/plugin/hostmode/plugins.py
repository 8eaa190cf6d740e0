"""Plux plugins that LocalStack discovers through this package's entry points."""

import glob
import os

from localstack.runtime import hooks
from localstack.services.cloudformation.resource_provider import CloudFormationResourceProviderPlugin
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class LocalRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    """Selected with LAMBDA_RUNTIME_EXECUTOR=local."""

    name = "local"

    def load(self, *args, **kwargs):
        from hostmode.executor import LocalRuntimeExecutor

        return LocalRuntimeExecutor


class CustomResourcePlugin(CloudFormationResourceProviderPlugin):
    name = "AWS::CloudFormation::CustomResource"

    def load(self):
        from hostmode.custom_resources import CustomResourceProvider

        self.factory = CustomResourceProvider


@hooks.on_infra_start()
def take_custom_resource_answers():
    """The route that functions put their answers to."""
    from hostmode.custom_resources import add_route

    add_route()


@hooks.on_infra_start()
def check_signatures():
    """Function URLs and REST APIs with IAM authorization take signed requests only, and say who signed."""
    from hostmode.doors import check_function_urls, check_rest_apis

    check_function_urls()
    check_rest_apis()


@hooks.on_infra_start()
def use_maven_dynamodb_local():
    """With DDB_LOCAL_LIB=<folder of jars and the sqlite4java .so>, start DynamoDB Local from there, no download."""
    lib = os.environ.get("DDB_LOCAL_LIB")
    if not lib:
        return
    from localstack.services.dynamodb.packages import DynamoDBLocalPackageInstaller
    from localstack.services.dynamodb.server import DynamodbServer

    new = glob.glob(os.path.join(lib, "DynamoDBLocal-3*.jar"))
    main = ("software.amazon.dynamodb.services.local" if new else "com.amazonaws.services.dynamodbv2.local") + ".main.ServerRunner"

    def command(self):
        cmd = ["java", f"-Xmx{self.heap_size}", f"-Djava.library.path={lib}", "-cp", f"{lib}/*", main, "-port", str(self.port)]
        cmd += ["-inMemory"] if self.in_memory else ["-dbPath", self.db_path]
        cmd += ["-delayTransientStatuses"] if self.delay_transient_statuses else []
        return cmd + (["-sharedDb"] if self.share_db else [])

    DynamodbServer._create_shell_command = command
    DynamoDBLocalPackageInstaller.install = lambda self, target=None: None
    DynamoDBLocalPackageInstaller.get_java_env_vars = lambda self: {"PATH": os.environ["PATH"]}

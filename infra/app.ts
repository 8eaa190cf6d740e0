/** `cdk deploy`: the log alone. Settings are the context's: `-c branch=feature-x -c responseStreaming=false`. */
import { App } from "aws-cdk-lib";
import { EventLogStack } from "./stacks/event-log-stack.ts";

const app = new App({ analyticsReporting: false });
const branch = app.node.tryGetContext("branch") as string | undefined;
new EventLogStack(app, branch === undefined ? "Stratalog" : `Stratalog-${branch}`, {
  log: {
    throwaway: branch !== undefined,
    responseStreaming: app.node.tryGetContext("responseStreaming") !== "false",
  },
});

/** `npx cdk deploy`: the log alone. What can be set by `-c name=value` is in stacks/stack-settings.ts. */
import { App } from "aws-cdk-lib";
import { EventLogStack, stackName } from "./stacks/event-log-stack.ts";
import { StackSettings } from "./stacks/stack-settings.ts";

const app = new App({ analyticsReporting: false });
const settings = new StackSettings(app);
new EventLogStack(app, stackName(settings), settings);

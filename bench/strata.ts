/**
 * `npm run bench:strata [-- --appends 1000000] [--awsAppends 20000] [--rounds 5] [--json]`
 * What sealing and merging are worth: objects, bytes and requests before and after, and how fast the whole log is read again: on this machine's disk (against
 * reading the same bytes from plain files, by turns) and on DynamoDB Local with LocalStack's S3.
 */
import { measureAwsStrata } from "./strata/aws.ts";
import { measureLocalStrata } from "./strata/local.ts";
import { benchOptions, report } from "./support/metrics.ts";

const { json, appends, awsAppends, rounds } = benchOptions({ appends: 1_000_000, awsAppends: 20_000, rounds: 5 });

const metrics = [
  ...(appends > 0 ? await measureLocalStrata(appends, rounds) : []),
  ...(awsAppends > 0 ? await measureAwsStrata(awsAppends) : []),
];
report(metrics, json);

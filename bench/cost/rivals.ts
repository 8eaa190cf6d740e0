import { hoursAMonth, prices } from "./prices.ts";

/** A request that is written and read once. */
export interface Workload {
  readonly name: string;
  readonly recordsARequest: number;
  readonly recordBytes: number;
  readonly partitions: number;
}

/** Dollars. */
export interface Cost {
  readonly service: string;
  readonly writeARequest: number;
  readonly readARequest: number;
  /** While nothing happens. */
  readonly idleAMonth: number;
}

export function requestBytes({ recordsARequest, recordBytes }: Workload): number {
  return recordsARequest * recordBytes;
}

/** What others charge for the same request, each sent as one record of theirs, at its best: shards fully used, objects read without listing. */
export function rivalCosts(workload: Workload): readonly Cost[] {
  const bytes = requestBytes(workload);
  const { kinesisOnDemand, kinesisProvisioned, mskServerless, s3 } = prices;
  const { shardHour, shardBytesASecond, shardRecordsASecond, putUnit, putUnitBytes } = kinesisProvisioned;
  const shardSeconds = Math.max(bytes / shardBytesASecond, 1 / shardRecordsASecond);
  const roundedBytes = Math.ceil(bytes / 1_024) * 1_024;
  return [
    {
      service: "Kinesis on-demand",
      writeARequest: roundedBytes * kinesisOnDemand.byteIn,
      readARequest: bytes * kinesisOnDemand.byteOut,
      idleAMonth: hoursAMonth * kinesisOnDemand.streamHour,
    },
    {
      service: "Kinesis provisioned, shards fully used",
      writeARequest: (shardSeconds / 3_600) * shardHour + Math.ceil(bytes / putUnitBytes) * putUnit,
      readARequest: 0,
      idleAMonth: hoursAMonth * shardHour,
    },
    {
      service: "MSK Serverless",
      writeARequest: bytes * mskServerless.byteIn,
      readARequest: bytes * mskServerless.byteOut,
      idleAMonth: hoursAMonth * (mskServerless.clusterHour + workload.partitions * mskServerless.partitionHour),
    },
    { service: "one S3 object a request", writeARequest: s3.put, readARequest: s3.get, idleAMonth: 0 },
  ];
}

import type { MSKHandler } from "aws-lambda";

const text = (base64: string | undefined): string => Buffer.from(base64 ?? "", "base64").toString();

export const handler: MSKHandler = async (event) => {
  for (const [partition, records] of Object.entries(event.records)) {
    for (const { offset, key, value } of records) console.log(partition, offset, text(key), text(value));
  }
};

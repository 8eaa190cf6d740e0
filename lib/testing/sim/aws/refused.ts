import { StoreFault } from "../../../engines/aws/table.ts";

/** What the real table calls a ValidationException: nothing was written, and the same will not succeed later. */
export function refused(message: string): StoreFault {
  return new StoreFault("refused", message);
}

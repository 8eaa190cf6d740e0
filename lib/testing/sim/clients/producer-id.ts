/**
 * An id that no other producer of the run has: records under one id are judged as one producer's, in the order of its own numbers.
 * @param taken by the run's producers so far; the id is added
 * @param draw called until it gives an id that is not taken
 */
export function takeProducerId(taken: Set<bigint>, draw: () => number): bigint {
  let id: bigint;
  do id = BigInt(draw());
  while (taken.has(id));
  taken.add(id);
  return id;
}

/** Whether the calendar has a day, as in `2026-01-31`: `Date.parse` takes the 31st of every month for a day of the next one. */
export function isDay(text: string): boolean {
  const dayMs = Date.parse(text);
  return !Number.isNaN(dayMs) && new Date(dayMs).toISOString().slice(0, 10) === text;
}

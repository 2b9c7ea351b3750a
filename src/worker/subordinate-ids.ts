/** A range of ids that `/etc/subuid` or `/etc/subgid` lends to a user. */
export interface IdRange {
  readonly start: number;
  readonly count: number;
}

/** The ranges of a user, by name or by number, in file order; subuid(5). */
export function subordinateRanges(
  text: string,
  user: { readonly name: string; readonly uid: number },
): IdRange[] {
  const lines = new Set(text.split("\n").map((line) => line.trim()));
  return [...lines].flatMap((line) => {
    const [owner, start, count] = line.split(":");
    if (owner !== user.name && owner !== String(user.uid)) return [];
    const range = { start: Number(start), count: Number(count) };
    return Number.isInteger(range.start) && Number.isInteger(range.count) && range.count > 0 ? [range] : [];
  });
}

/** Arguments of newuidmap(1) after the pid: the caller is 0 inside, and the ranges follow from 1 on. */
export function idMapArguments(callerId: number, ranges: readonly IdRange[]): string[] {
  let inside = 1;
  const mapped = ranges.map(({ start, count }) => {
    const first = inside;
    inside += count;
    return [first, start, count];
  });
  return [[0, callerId, 1], ...mapped].flat().map(String);
}

/** `FIRST-LAST` of a range that none of the files lends to anybody, as large as useradd(8) gives them. */
export function freeRange(texts: readonly string[]): string {
  const ends = texts
    .flatMap((text) => text.split("\n"))
    .map((line) => {
      const [, start, count] = line.split(":").map(Number);
      return start! + count!;
    });
  const first = ends.reduce((free, end) => (end > free ? end : free), 100_000);
  return `${first}-${first + 65_535}`;
}

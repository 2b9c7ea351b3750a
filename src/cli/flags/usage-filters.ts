import { UsageError } from "../usage-error.ts";
import { parseAge } from "./amounts.ts";

/** What is shown, or removed: the results of steps, or cache mounts. */
export type UsageType = "regular" | "exec.cachemount";

const types: readonly UsageType[] = ["regular", "exec.cachemount"];

/** Values of `--filter`, in the words of `docker buildx du` and `prune`.
 * @returns `ages` in milliseconds; of several types the last one
 * @throws {UsageError} */
export function parseUsageFilters(texts: readonly string[]): {
  readonly ages: readonly number[];
  readonly type?: UsageType;
} {
  const ages: number[] = [];
  let type: UsageType | undefined;
  for (const text of texts) {
    const [, name = text, value = ""] = /^(.*?)==?(.*)$/.exec(text) ?? [];
    const known = types.find((each) => each === value);
    if (name === "until" || name === "unused-for") ages.push(parseAge(`--filter ${name}=`, value));
    else if (name === "type" && known) type = known;
    else throw unknownFilter(text);
  }
  return { ages, ...(type && { type }) };
}

function unknownFilter(text: string): UsageError {
  return new UsageError(`Cannot use --filter "${text}": unknown filter`, {
    hint: "filters are until=AGE, unused-for=AGE, type=regular and type=exec.cachemount",
  });
}

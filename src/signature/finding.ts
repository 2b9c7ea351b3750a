import { RegistryError } from "../registry/index.ts";
import { SignatureError } from "./signature-error.ts";

/** What is good, or why it does not count. */
export type Finding<Value> =
  | { readonly value: Value }
  | {
      readonly reason: string;
      /** Whoever signed it, it says a thing of another type. */
      readonly isOfOtherType?: true;
    };

/** The good ones. */
export function valuesOf<Value>(findings: readonly Finding<Value>[]): readonly Value[] {
  return findings.flatMap((finding) => ("value" in finding ? [finding.value] : []));
}

/** Why the others do not count. */
export function reasonsOf(findings: readonly Finding<unknown>[]): readonly string[] {
  return findings.flatMap((finding) => ("reason" in finding ? [finding.reason] : []));
}

/** Looks in several places. One that cannot be read does no harm as long as another has something good.
 * @throws what the first of them failed with, when none has */
export async function findInEach<Value>(
  ...places: readonly (() => Promise<readonly Finding<Value>[]>)[]
): Promise<readonly Finding<Value>[]> {
  const results = await Promise.allSettled(places.map((find) => find()));
  const findings = results.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  const isEnough = valuesOf(findings).length > 0;
  for (const result of results)
    if (result.status === "rejected" && !(isEnough && isOfPlace(result.reason))) throw result.reason;
  return findings;
}

function isOfPlace(failure: unknown): boolean {
  return failure instanceof RegistryError || failure instanceof SignatureError;
}

/** `its signature is not by this key`, `none of its 3 signatures is good: one is not by this key, …`. */
export function summary(reasons: readonly string[], what: string): string {
  if (reasons.length === 1) return `its ${what} ${reasons[0]}`;
  const distinct = [...new Set(reasons)].slice(0, 3).map((reason) => `one ${reason}`);
  return `none of its ${reasons.length} ${what}s is good: ${distinct.join("; ")}`;
}

import { CdiError } from "./cdi-error.ts";

/** Reading what a specification's file holds; whatever is not as it should be is `SPEC_INVALID`. */
export function invalid(reason: string): CdiError {
  return new CdiError("SPEC_INVALID", reason);
}

export function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw invalid(`${what} is no object`);
}

export function listOf(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw invalid(`${what} is no list`);
}

export function stringAt(raw: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = raw[key];
  if (value === undefined || value === null || typeof value === "string") return value ?? undefined;
  throw invalid(`${key} is no string`);
}

export function stringsAt(raw: Readonly<Record<string, unknown>>, key: string): readonly string[] {
  return listOf(raw[key], key).map((value) => {
    if (typeof value === "string" && !value.includes("\0")) return value;
    throw invalid(`${key} holds what is no string`);
  });
}

/** A whole number that is not negative and fits in 32 bits. */
export function numberAt(raw: Readonly<Record<string, unknown>>, key: string): number | undefined {
  const value = raw[key];
  if (value === undefined || value === null) return undefined;
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32)
    return value as number;
  throw invalid(`${key} is no number from 0 on`);
}

import { readFileSync } from "node:fs";
import { parse } from "yaml";

/** What BuildKit made of a Dockerfile. */
export interface BuildKitCase {
  readonly name: string;
  readonly dockerfile: string;
  readonly target?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** The image's `config`, as JSON. */
  readonly config: string;
  readonly author?: string;
  /** Of the entries after the base image's: what made a layer, and, behind `-`, what did not. */
  readonly history: readonly string[];
  readonly steps: readonly string[];
}

/** For tests: the cases of `buildkit-cases.yaml` and `buildkit-word-cases.yaml`. */
export function buildKitCases(): readonly BuildKitCase[] {
  return ["buildkit-cases", "buildkit-word-cases"].flatMap(
    (name) => parse(readFileSync(`src/dockerfile/convert/${name}.yaml`, "utf8")) as BuildKitCase[],
  );
}

import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Attestations, encodeStatement } from "../../image/index.ts";
import type { StepEngine } from "../step-engine.ts";
import { provenanceType } from "./provenance.ts";

/** Names of files, as BuildKit's local exporter has them. */
const fileNames: Readonly<Record<string, string>> = {
  "https://spdx.dev/Document": "sbom.spdx.json",
  [provenanceType]: "provenance.json",
};

export interface StatementFiles {
  readonly prefix: string;
  /** Is provenance for images alone? */
  readonly isInlineOnly: boolean;
}

/** Writes the statements about a tree, each as a file, into a new directory of the store's `tmp/`: about every regular file of the tree,
 * by its path.
 * @returns the directory; undefined when nothing is said */
export async function writeStatements(
  attestations: Attestations,
  lowers: readonly string[],
  { steps, prefix, isInlineOnly }: StatementFiles & { readonly steps: StepEngine },
): Promise<string | undefined> {
  const predicates = attestations.predicates.filter(({ type }) => type !== provenanceType || !isInlineOnly);
  if (predicates.length === 0) return undefined;
  const { files } = await (await steps.worker()).hashFiles({ lowers });
  const subject = files.map(({ path: name, sha256 }) => ({ name, digest: { sha256 } }));
  const directory = steps.store.temp.newPath("statements");
  mkdirSync(directory, { mode: 0o755 });
  for (const predicate of predicates) {
    const statement: unknown = JSON.parse(encodeStatement(steps.store, predicate, subject));
    const file = path.join(directory, `${prefix}${fileNames[predicate.type]}`);
    writeFileSync(file, JSON.stringify(statement, undefined, 2), { mode: 0o600, flag: "wx" });
  }
  return directory;
}

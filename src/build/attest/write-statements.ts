import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Attestations, encodeStatement } from "../../image/index.ts";
import type { StepEngine } from "../step-engine.ts";
import type { ProvenanceOptions } from "./attestation-options.ts";
import { provenanceTypes } from "./provenance.ts";

export interface StatementFiles {
  readonly steps: StepEngine;
  /** Of the names of the files. */
  readonly prefix: string;
  readonly provenance: ProvenanceOptions | undefined;
}

/** Writes the statements about a tree, each as a file, into a new directory of the store's `tmp/`: about every regular file of the tree,
 * by its path. The files have the names that BuildKit's local exporter gives them.
 * @returns the directory; undefined when nothing is said */
export async function writeStatements(
  { predicates }: Attestations,
  lowers: readonly string[],
  { steps, prefix, provenance }: StatementFiles,
): Promise<string | undefined> {
  const isProvenance = (type: string) => (Object.values(provenanceTypes) as string[]).includes(type);
  const said = predicates.filter(({ type }) => !isProvenance(type) || !provenance?.isInlineOnly);
  if (said.length === 0) return undefined;
  const { files } = await (await steps.worker()).hashFiles({ lowers });
  const subject = files.map(({ path: name, sha256 }) => ({ name, digest: { sha256 } }));
  const directory = steps.store.temp.newPath("statements");
  mkdirSync(directory, { mode: 0o755 });
  for (const predicate of said) {
    const statement: unknown = JSON.parse(encodeStatement(steps.store, predicate, subject));
    const name = isProvenance(predicate.type)
      ? (provenance?.fileName ?? "provenance.json")
      : `sbom${predicate.part === undefined ? "" : `-${predicate.part}`}.spdx.json`;
    writeFileSync(path.join(directory, prefix + name), JSON.stringify(statement, undefined, 2), {
      mode: 0o600,
    });
  }
  return directory;
}

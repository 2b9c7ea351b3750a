import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Rig } from "./rig.ts";

/** Stages with packages of their own; `app` uses an argument and the secret `token`. */
export const attestedDockerfile = `FROM busybox AS base
RUN mkdir -p /lib/apk/db && printf 'P:musl\\nV:1.0\\nA:x86_64\\nL:MIT\\n\\n' > /lib/apk/db/installed
FROM base AS app
ARG LEVEL
RUN --mount=type=secret,id=token test -s /run/secrets/token
LABEL team=blue
FROM base AS other
RUN printf 'P:zlib\\nV:2\\nA:x86_64\\n\\n' > /lib/apk/db/installed
`;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Record<string, string>;
  readonly platform?: { readonly architecture: string; readonly os: string };
}

export interface Document {
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly manifests?: readonly Descriptor[];
  readonly layers?: readonly Descriptor[];
  readonly subject?: Descriptor;
}

export interface Statement {
  readonly _type: string;
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicateType: string;
  readonly predicate: Record<string, unknown>;
}

export interface Provenance {
  readonly buildDefinition: {
    readonly externalParameters: {
      readonly request: { readonly args: Record<string, string>; readonly secrets?: unknown };
    };
    readonly internalParameters: unknown;
    readonly resolvedDependencies: readonly { readonly uri: string }[];
  };
  readonly runDetails: { readonly builder: { readonly id: string }; readonly metadata: unknown };
}

export interface Attested {
  readonly manifest: Document;
  readonly texts: readonly string[];
  readonly statements: readonly Statement[];
}

export function packageNames({ predicate }: Statement): readonly string[] {
  return (predicate["packages"] as { name: string }[]).slice(1).map(({ name }) => name);
}

/** The index behind a tag, and the attestations of its first image. */
export async function pulled(
  host: string,
  repository: string,
  tag: string,
): Promise<{ index: Document; attested: Attested }> {
  const get = async (what: string) => {
    const accept = ["index", "manifest"]
      .map((kind) => `application/vnd.oci.image.${kind}.v1+json`)
      .join(", ");
    const answer = await fetch(`http://${host}/v2/${repository}/${what}`, { headers: { accept } });
    assert.equal(answer.status, 200, what);
    return await answer.text();
  };
  const index = JSON.parse(await get(`manifests/${tag}`)) as Document;
  const found = index.manifests!.find(({ platform }) => platform?.os === "unknown")!;
  const manifest = JSON.parse(await get(`manifests/${found.digest}`)) as Document;
  const texts = await Promise.all(manifest.layers!.map(({ digest }) => get(`blobs/${digest}`)));
  return { index, attested: toAttested(manifest, texts) };
}

/** Builds into an OCI layout and reads it; a flag without dashes is an attribute of the output. */
export async function builtLayout(
  rig: Rig,
  ...flags: readonly string[]
): Promise<{ index: Document; images: readonly Document[]; attested: readonly Attested[] }> {
  const dest = path.join(rig.dir, `layout-${Math.random()}`);
  const attributes = flags.filter((flag) => flag.startsWith("oci-")).map((flag) => `,${flag}`);
  const tar = `${dest}.tar`;
  await rig.mustBuild(
    ...flags.filter((flag) => !flag.startsWith("oci-")),
    "-o",
    `type=oci,dest=${tar}${attributes.join("")}`,
  );
  mkdirSync(dest);
  execFileSync("tar", ["-xf", tar, "-C", dest]);
  const blob = (digest: string) => {
    const bytes = readFileSync(path.join(dest, "blobs/sha256", digest.slice("sha256:".length)));
    assert.equal(`sha256:${createHash("sha256").update(bytes).digest("hex")}`, digest);
    return bytes.toString();
  };
  const top = JSON.parse(readFileSync(path.join(dest, "index.json"), "utf8")) as Document;
  const index = JSON.parse(blob(top.manifests![0]!.digest)) as Document;
  const attested = index.manifests!.filter(({ platform }) => platform?.os === "unknown");
  const images = index.manifests!.filter(({ platform }) => platform?.os !== "unknown");
  return {
    index,
    images: images.map(({ digest }) => JSON.parse(blob(digest)) as Document),
    attested: attested.map(({ digest }) => {
      const manifest = JSON.parse(blob(digest)) as Document;
      return toAttested(
        manifest,
        manifest.layers!.map((layer) => blob(layer.digest)),
      );
    }),
  };
}

export function toAttested(manifest: Document, texts: readonly string[]): Attested {
  return { manifest, texts, statements: texts.map((text) => JSON.parse(text) as Statement) };
}

export function hostArchitecture(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}

import { hash } from "node:crypto";
import path from "node:path";
import type { Store } from "../content/index.ts";
import type { ResolvedImage } from "../dockerfile/index.ts";
import { redactUrls, type SourceLocation } from "../errors/index.ts";
import type { Vertex, VertexDigest } from "../llb/index.ts";
import type { Platform } from "../oci/index.ts";
import { isErrno, readTextFile, writeFileExpendable } from "../util/index.ts";
import type { PlatformPlan } from "./platform-plan.ts";
import type { PlanOptions } from "./plan-input.ts";
import type { DockerfileText } from "./read-dockerfile.ts";

/** All that a conversion depends on, but for the images that it asks for. */
export interface PlanQuestion extends PlanOptions {
  readonly dockerfile: DockerfileText;
  readonly platforms: readonly Platform[];
  /** Names what is built between runs. */
  readonly project: string;
}

export interface AskedImage {
  readonly reference: string;
  readonly platform: Platform;
  readonly image: ResolvedImage;
}

/** What a conversion gave. */
export interface KeptPlans {
  readonly plans: readonly PlatformPlan[];
  /** What it remarked beside its warnings. */
  readonly notes: readonly string[];
  readonly images: readonly AskedImage[];
}

/** Of an image, what the store says without asking anyone. */
export type KnownImage = (reference: string, platform: Platform) => ResolvedImage | undefined;

/** The code's name, which changes with it. Where it has none, as in the library, nothing is kept. */
const code = /\/(cli-[0-9a-f]{12})\.cjs$/.exec(import.meta.url)?.[1];

const limitBytes = 4 * 1024 * 1024;

/** What the last conversion gave for the same target of the same project. Conversions are pure, so it is good for whoever asks the same of
 * the same code.
 * @returns undefined unless all was asked like that and every image is still the same; also when the file is damaged */
export function findPlans(store: Store, question: PlanQuestion, known: KnownImage): KeptPlans | undefined {
  if (code === undefined) return undefined;
  const text = readKept(fileOf(store, question));
  const body = text?.slice(digestChars);
  if (body === undefined || digest(question, body) !== text!.slice(0, digestChars)) return undefined;
  const kept = JSON.parse(body) as Kept;
  const isSame = ({ reference, platform, image }: AskedImage) =>
    JSON.stringify(known(reference, platform)) === JSON.stringify(image);
  if (!kept.images.every(isSame)) return undefined;
  return fromKept(kept, question);
}

/** Keeps what a conversion gave, unless a URL in it has a password. */
export function keepPlans(store: Store, question: PlanQuestion, made: KeptPlans): void {
  if (code === undefined) return;
  const body = toKept(made, question);
  if (body === undefined || body.length > limitBytes || redactUrls(body) !== body) return;
  try {
    writeFileExpendable(fileOf(store, question), digest(question, body) + body, store.temp.dir());
  } catch (error) {
    if (!isErrno(error, "ENOSPC", "EDQUOT")) throw error; // steps that run will say so
  }
}

const digestChars = 64;

/** Of the question too, which need not be kept then. */
function digest({ dockerfile, platforms, stageOptions, convertOptions }: PlanQuestion, body: string): string {
  const { name, text } = dockerfile;
  const asked = JSON.stringify([code, name, text, platforms, stageOptions, convertOptions]);
  return hash("sha256", `${asked}\n${body}`);
}

function fileOf({ paths }: Store, { project, platforms, stageOptions }: PlanQuestion): string {
  const name = hash("sha256", JSON.stringify([project, stageOptions.target, platforms]));
  return path.join(paths.plans, `${name.slice(0, 32)}.json`);
}

function readKept(file: string): string | undefined {
  try {
    return readTextFile(file, { limitBytes: limitBytes + digestChars, isFound: true });
  } catch {
    return undefined;
  }
}

// ---- the file: without the Dockerfile's text, which every location has

interface Kept extends Pick<KeptPlans, "notes" | "images"> {
  readonly plans: readonly KeptPlan[];
}

type KeptPlan = Omit<PlatformPlan, "definition" | "scannedParts"> & {
  readonly root?: VertexDigest;
  readonly vertices: readonly Vertex[];
};

/** @returns undefined where something is located in another file */
function toKept({ plans, notes, images }: KeptPlans, { dockerfile }: PlanQuestion): string | undefined {
  const { name, text } = dockerfile;
  let isOther = false;
  const kept = plans.map(({ definition, scannedParts: _, ...plan }) => ({
    ...plan,
    root: definition.root,
    vertices: [...definition.vertices.values()],
  }));
  const body = JSON.stringify({ plans: kept, notes, images }, (key, value: unknown) => {
    if (key !== "location" || typeof value !== "object") return value; // a label may be called so
    const { file, range, text: locatedText } = value as SourceLocation;
    if (file !== name || locatedText !== text) isOther = true;
    return { range };
  });
  return isOther ? undefined : body;
}

function fromKept(
  { plans, notes, images }: Kept,
  { dockerfile: { name: file, text } }: PlanQuestion,
): KeptPlans {
  const located = <Holder extends { readonly location?: SourceLocation }>(holder: Holder): Holder =>
    holder.location ? { ...holder, location: { file, range: holder.location.range, text } } : holder;
  return {
    plans: plans.map(({ root, vertices, warnings, ...plan }) => ({
      ...plan,
      definition: {
        root,
        vertices: new Map(
          vertices.map((vertex) => [vertex.digest, { ...vertex, metadata: located(vertex.metadata) }]),
        ),
      },
      warnings: warnings.map(located),
      scannedParts: [],
    })),
    notes,
    images,
  };
}

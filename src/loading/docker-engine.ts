import { type Digest, familiarReference, familiarRepository, parseReference } from "../oci/index.ts";
import {
  type ContainerEngine,
  type HandedImage,
  type HandedLayer,
  type WriteArchive,
} from "./container-engine.ts";
import type { DockerAnswer, DockerApi } from "./docker-api.ts";
import { LoadError } from "./load-error.ts";

/** How many images are asked for their layers. */
const askedImages = 100;

/** A docker daemon. It knows an image by its config, or with containerd's store by its manifest. */
export class DockerEngine implements ContainerEngine {
  readonly format = "docker";
  readonly title: string;
  readonly #api: DockerApi;

  constructor(api: DockerApi) {
    this.#api = api;
    this.title = `docker (${api.host.title})`;
  }

  async adopt(image: HandedImage): Promise<boolean> {
    const known = (await this.#inspect(image.configDigest)) ?? (await this.#inspect(image.manifestDigest));
    if (!known) return false;
    const tags = new Set(strings(known["RepoTags"]));
    for (const name of image.names) {
      const reference = parseReference(name);
      if (tags.has(familiarReference(reference))) continue;
      const query = new URLSearchParams({
        repo: familiarRepository(reference),
        tag: reference.tag ?? "latest",
      });
      const answer = await this.#api.request(
        "POST",
        `/images/${String(known["Id"])}/tag?${query.toString()}`,
      );
      if (answer.status !== 201) throw failed(this.title, answer);
    }
    return true;
  }

  async load(image: HandedImage, write: WriteArchive): Promise<void> {
    const leftOut = withoutLowest(image.layers, await this.#knownLayers(image));
    const error = await this.#send((stream) => write(stream, { leftOut }));
    if (error === undefined) return;
    // A layer may have gone since it was asked for.
    const again = leftOut.size === 0 ? error : await this.#send((stream) => write(stream));
    if (again !== undefined) throw new LoadError("ENGINE_FAILED", `Cannot load into ${this.title}: ${again}`);
  }

  /** How many of the image's lowest layers need not be sent: docker's own store takes an archive without layers that an image of it has; containerd's does not. */
  async #knownLayers({ layers }: HandedImage): Promise<number> {
    const info = await this.#get("/info");
    if (!info || JSON.stringify(info["DriverStatus"] ?? "").includes("containerd.snapshotter")) return 0;
    const answer = await this.#api.request("GET", "/images/json");
    const images = answer.status === 200 ? parseJson(answer.text) : undefined;
    if (!Array.isArray(images)) return 0;
    let known = 0;
    for (const { Id: id } of (images as { Id?: unknown }[]).slice(0, askedImages)) {
      if (typeof id !== "string" || known === layers.length) continue;
      const itsDiffIDs = strings(
        ((await this.#inspect(id))?.["RootFS"] as { Layers?: unknown } | undefined)?.Layers,
      );
      const differs = layers.findIndex(({ diffID }, index) => itsDiffIDs[index] !== diffID);
      known = Math.max(known, differs < 0 ? layers.length : differs);
    }
    return known;
  }

  /** @returns what docker says is wrong */
  async #send(write: Parameters<DockerApi["request"]>[2]): Promise<string | undefined> {
    const answer = await this.#api.request("POST", "/images/load?quiet=1", write);
    if (answer.status !== 200) return messageOf(answer);
    for (const line of answer.text.split("\n")) {
      const error = (parseJson(line) as { error?: unknown } | undefined)?.error;
      if (error !== undefined) return typeof error === "string" ? error : JSON.stringify(error);
    }
    return undefined;
  }

  #inspect(id: string): Promise<Record<string, unknown> | undefined> {
    return this.#get(`/images/${id}/json`);
  }

  async #get(path: string): Promise<Record<string, unknown> | undefined> {
    const answer = await this.#api.request("GET", path);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw failed(this.title, answer);
    return parseJson(answer.text) as Record<string, unknown> | undefined;
  }
}

/** Blobs of the lowest layers, but those that are a higher layer's too. */
function withoutLowest(layers: readonly HandedLayer[], count: number): ReadonlySet<Digest> {
  const higher = new Set(layers.slice(count).map(({ digest }) => digest));
  const lowest = layers.slice(0, count).map(({ digest }) => digest);
  return new Set(lowest.filter((digest) => !higher.has(digest)));
}

function failed(title: string, answer: DockerAnswer): LoadError {
  return new LoadError("ENGINE_FAILED", `Cannot load into ${title}: ${messageOf(answer)}`);
}

function messageOf({ status, text }: DockerAnswer): string {
  const message = (parseJson(text) as { message?: unknown } | undefined)?.message;
  return typeof message === "string" ? message : `it answered with ${status}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

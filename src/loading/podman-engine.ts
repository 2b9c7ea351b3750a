import { type Digest, digestHex } from "../oci/index.ts";
import type { ContainerEngine, HandedImage, WriteArchive } from "./container-engine.ts";
import { LoadError } from "./load-error.ts";
import { ask, type EngineProcess, feed, isFed } from "./run-engine.ts";

/** How many images are asked for their layers, the newest first. */
const askedImages = 100;

/** Podman, by its command. Of an archive it reads only the layers that it lacks; when one is missing it refuses the archive, and
 * names nothing. */
export class PodmanEngine implements ContainerEngine {
  readonly title = "podman";
  readonly format = "docker";
  readonly #process: EngineProcess;

  constructor(process: EngineProcess) {
    this.#process = process;
  }

  async adopt({ configDigest, names }: HandedImage): Promise<boolean> {
    const id = digestHex(configDigest);
    const format = "{{.Id}}{{range .RepoTags}} {{.}}{{end}}";
    const [itsId, ...known] = await this.#words("image", "inspect", "--format", format, id);
    if (itsId !== id) return false;
    const lacking = names.filter((name) => !known.includes(name));
    if (lacking.length > 0) await feed(["podman", "tag", id, ...lacking], undefined, this.#process);
    return true;
  }

  async load(image: HandedImage, write: WriteArchive): Promise<void> {
    const leftOut = await this.#knownLayers(image);
    // Podman looks for a layer by the digest of its blob. It cannot be asked whether it knows that of a compressed one.
    if (leftOut.size > 0 && (await isFed(this.#load(write, leftOut))) && (await this.adopt(image))) return;
    await this.#load(write);
    if (await this.adopt(image)) return;
    throw new LoadError(
      "ENGINE_FAILED",
      "Cannot load into podman: it took the archive, and has no such image",
    );
  }

  /** Blobs of the layers that an image of podman's has. */
  async #knownLayers({ layers }: HandedImage): Promise<ReadonlySet<Digest>> {
    const ids = [...new Set(await this.#words("images", "-q", "--no-trunc"))].slice(0, askedImages);
    if (ids.length === 0) return new Set();
    const format = "{{range .RootFS.Layers}}{{println .}}{{end}}";
    const known = new Set(await this.#words("image", "inspect", "--format", format, ...ids));
    return new Set(layers.filter(({ diffID }) => known.has(diffID)).map(({ digest }) => digest));
  }

  /** What podman prints; nothing when it fails. */
  async #words(...args: string[]): Promise<readonly string[]> {
    const text = (await ask(["podman", ...args], this.#process)) ?? "";
    return text.split(/\s+/).filter(Boolean);
  }

  /** Without names: of an archive with several, podman reads docker's list, and puts `localhost/` before each. */
  async #load(write: WriteArchive, leftOut?: ReadonlySet<Digest>): Promise<void> {
    const options = { names: [], ...(leftOut && { leftOut }) };
    await feed(["podman", "load", "-q"], (stream) => write(stream, options), this.#process);
  }
}

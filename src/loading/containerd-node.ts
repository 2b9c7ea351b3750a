import type { Digest } from "../oci/index.ts";
import type { HandedImage, WriteArchive } from "./container-engine.ts";
import { ask, type EngineProcess, feed, isFed } from "./run-engine.ts";

export interface NodeProcess extends EngineProcess {
  readonly namespace: string;
}

/** One containerd, by its `ctr`. It takes an archive without blobs that it has, and does not say when one is missing: an image whose
 * layers are unpacked is named without a look at their blobs, and some versions name it before they unpack. */
export class ContainerdNode {
  readonly #command: readonly string[];
  readonly #process: NodeProcess;

  /** @param command runs something in the node; none for the containerd of this machine */
  constructor(command: readonly string[], process: NodeProcess) {
    this.#command = command;
    this.#process = process;
  }

  /** Has it the whole image? Then it gets the names that it lacks. */
  async adopt(image: HandedImage): Promise<boolean> {
    const [names, blobs] = await Promise.all([this.#namesOf(image), this.#blobsOf(image)]);
    const [source] = names;
    if (source === undefined || !isWhole(image, blobs)) return false;
    const lacking = image.names.filter((name) => !names.includes(name));
    if (lacking.length > 0) await this.#images("tag", "--force", source, ...lacking);
    return true;
  }

  /** @throws {LoadError} */
  async load(image: HandedImage, write: WriteArchive): Promise<void> {
    const blobs = await this.#blobsOf(image);
    const leftOut = new Set(image.layers.map(({ digest }) => digest).filter((digest) => blobs.has(digest)));
    if (leftOut.size === 0) return await this.#import(write);
    // A blob may have gone since it was asked for.
    if ((await isFed(this.#import(write, leftOut))) && (await this.adopt(image))) return;
    try {
      await this.#import(write);
    } catch (error) {
      await this.#removeIncomplete(image);
      throw error;
    }
  }

  async #import(write: WriteArchive, leftOut?: ReadonlySet<Digest>): Promise<void> {
    await feed(
      this.#ctr("images", "import", "-"),
      (stream) => write(stream, leftOut && { leftOut }),
      this.#process,
    );
  }

  async #removeIncomplete(image: HandedImage): Promise<void> {
    const [names, blobs] = await Promise.all([this.#namesOf(image), this.#blobsOf(image)]);
    const given = names.filter((name) => image.names.includes(name));
    if (given.length > 0 && !isWhole(image, blobs)) await this.#images("rm", ...given);
  }

  /** What the image is called there. */
  async #namesOf({ manifestDigest }: HandedImage): Promise<readonly string[]> {
    const lines = await this.#list("images", "ls", `target.digest==${manifestDigest}`);
    return lines.flatMap((line) => {
      const [name, _type, digest] = line.split(/\s+/);
      return name && digest === manifestDigest ? name : [];
    });
  }

  /** Which of the image's blobs are there. */
  async #blobsOf(image: HandedImage): Promise<ReadonlySet<string>> {
    const filters = blobsIn(image).map((digest) => `digest==${digest}`);
    return new Set(await this.#list("content", "ls", "-q", ...filters));
  }

  /** The lines that `ctr` prints; none when it fails. */
  async #list(...args: string[]): Promise<readonly string[]> {
    return ((await ask(this.#ctr(...args), this.#process)) ?? "").split("\n");
  }

  #images(...args: string[]): Promise<void> {
    return feed(this.#ctr("images", ...args), undefined, this.#process);
  }

  #ctr(...args: string[]): readonly string[] {
    return [...this.#command, "ctr", "-n", this.#process.namespace, ...args];
  }
}

function isWhole(image: HandedImage, blobs: ReadonlySet<string>): boolean {
  return blobsIn(image).every((digest) => blobs.has(digest));
}

function blobsIn({ manifestDigest, configDigest, layers }: HandedImage): readonly Digest[] {
  return [manifestDigest, configDigest, ...layers.map(({ digest }) => digest)];
}

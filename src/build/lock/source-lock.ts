import type { SourcePins } from "../../dockerfile/index.ts";
import { redactUrls } from "../../errors/index.ts";
import { formatPlatform, type Platform } from "../../oci/index.ts";
import { BuildError } from "../build-error.ts";
import { emptyLock, type Lock, type LockedImage } from "./lock-file.ts";

/** A source of the network that a Dockerfile names without saying which bytes, or an image without a digest. */
export type WantedSource =
  | { readonly kind: "image"; readonly name: string; readonly platform: Platform }
  | { readonly kind: "url"; readonly name: string; readonly url: string }
  | {
      readonly kind: "git";
      readonly name: string;
      readonly remote: string;
      readonly ref: string | undefined;
    };

/** A lock in use: gives the pins of what a conversion asks for, and remembers that. */
export class SourceLock implements SourcePins {
  readonly lock: Lock;
  readonly #wanted = new Map<string, WantedSource>();
  readonly #refuse: ((name: string) => BuildError) | undefined;

  /** @param frozen name of the lock file that must know everything; undefined: what it does not know is not pinned */
  constructor(lock: Lock | undefined, frozen?: string) {
    this.lock = lock ?? emptyLock;
    this.#refuse = frozen === undefined ? undefined : (name) => notLocked(name, frozen);
  }

  /** What was asked for, each once. */
  get wanted(): readonly WantedSource[] {
    return [...this.#wanted.values()];
  }

  /** @throws {BuildError} `NOT_LOCKED` when frozen, as for the others */
  image(name: string, platform: Platform): LockedImage | undefined {
    const found = this.lock.images[name];
    const key = formatPlatform(platform);
    this.#want({ kind: "image", name, platform }, `${name} ${key}`);
    if (this.#refuse && found && !found.platforms[key]) throw this.#refuse(`${name} for ${key}`);
    return this.#known(name, found);
  }

  url(url: string): string | undefined {
    const name = redactUrls(url);
    this.#want({ kind: "url", name, url });
    return this.#known(name, this.lock.urls[name]);
  }

  git(remote: string, ref: string | undefined): string | undefined {
    const name = `${redactUrls(remote)}${ref === undefined ? "" : `#${ref}`}`;
    this.#want({ kind: "git", name, remote, ref });
    return this.#known(name, this.lock.git[name]);
  }

  #want(source: WantedSource, key = source.name): void {
    this.#wanted.set(`${source.kind} ${key}`, source);
  }

  #known<Value>(name: string, found: Value | undefined): Value | undefined {
    if (found === undefined && this.#refuse) throw this.#refuse(name);
    return found;
  }
}

function notLocked(name: string, file: string): BuildError {
  return new BuildError("NOT_LOCKED", `Cannot build with --frozen: ${name} is not in ${file}`, {
    hint: "lock it with slipway lock",
  });
}

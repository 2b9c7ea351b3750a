import type { SourceLocation } from "../../errors/index.ts";
import { OciError, parseReference } from "../../oci/index.ts";
import { DockerfileError } from "../dockerfile-error.ts";
import { quoteGo, trimSpace } from "../go-text.ts";
import { detectSyntax } from "../parser/detect-syntax.ts";

/** The newest Dockerfile frontend whose language the built-in one speaks. */
export const frontendVersion = { major: 1, minor: 26 } as const;

export interface FrontendOptions {
  /** As the user knows it, for messages. */
  readonly fileName: string;
  /** `BUILDKIT_SYNTAX` takes the place of the file's directive. */
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** Looks whether the frontend that a file asks for (`# syntax=`) speaks the language of the built-in one, which answers in its
 * place: its image is never fetched. Names the difference when a newer version is asked for.
 * @returns a remark for people, if there is one
 * @throws {DockerfileError} `UNSUPPORTED` when it is a frontend for another language */
export function checkFrontend(text: string, options: FrontendOptions): string | undefined {
  const wanted = wantedFrontend(text, options);
  if (!wanted) return undefined;
  const { image, setting, location } = wanted;
  const reference = tryParseReference(image);
  if (!reference || !isDockerfileFrontend(reference.path)) {
    const message = `Cannot use frontend ${quoteGo(image)} (${setting}): only the built-in Dockerfile frontend is available`;
    const hint = "if the file is a Dockerfile, remove the directive or name docker/dockerfile:1";
    throw new DockerfileError("UNSUPPORTED", message, { hint, location });
  }
  if (!isNewer(reference.tag)) return undefined;
  const { major, minor } = frontendVersion;
  return `${setting}${image} is not fetched: the built-in frontend reads the Dockerfile, and covers docker/dockerfile:${major}.${minor}`;
}

interface WantedFrontend {
  readonly image: string;
  /** What named it: `syntax=` or `BUILDKIT_SYNTAX=`. */
  readonly setting: string;
  readonly location: SourceLocation | undefined;
}

function wantedFrontend(text: string, { fileName, buildArgs }: FrontendOptions): WantedFrontend | undefined {
  const name = "BUILDKIT_SYNTAX";
  const given = Object.hasOwn(buildArgs, name) ? trimSpace(buildArgs[name]!) : "";
  if (given) return { image: firstWord(given), setting: `${name}=`, location: undefined };
  const directive = detectSyntax(text);
  if (!directive) return undefined;
  const location = { file: fileName, range: directive.range, text };
  return { image: firstWord(directive.value), setting: "syntax=", location };
}

function firstWord(text: string): string {
  return text.split(" ", 1)[0]!;
}

function tryParseReference(text: string): ReturnType<typeof parseReference> | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (error instanceof OciError) return undefined;
    throw error;
  }
}

/** Also under a mirror's name, which keeps the last two parts. */
function isDockerfileFrontend(path: string): boolean {
  return /(?:^|\/)docker\/dockerfile(?:-upstream|-experimental)?$/.test(path);
}

/** Tags are `1`, `1.7`, `1.7.1`, `1.7-labs`, `latest`, `labs`, … and `master`, which is ahead of every release. */
function isNewer(tag: string | undefined): boolean {
  if (tag?.startsWith("master")) return true;
  const [, major, minor = "0"] = /^v?(\d+)(?:\.(\d+))?/.exec(tag ?? "") ?? [];
  if (major === undefined) return false;
  if (Number(major) !== frontendVersion.major) return Number(major) > frontendVersion.major;
  return Number(minor) > frontendVersion.minor;
}

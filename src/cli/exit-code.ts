import { signalNumber } from "../util/index.ts";
import { InterruptedError } from "./interrupt.ts";

/** What the process ends with; docs/exit-codes.md explains each. */
export const exitCodes = {
  success: 0,
  /** A RUN step's process failed, and everything without a code of its own. */
  failure: 1,
  usage: 2,
  /** The Dockerfile or Compose file is wrong, or asks for what is not carried out. */
  invalidFile: 3,
  /** A file that the build needs is missing or cannot be read. */
  missingSource: 4,
  imageNotFound: 5,
  registryDenied: 6,
  registryFailed: 7,
  /** Bytes are not what their digest promised. */
  corrupt: 8,
  noSpace: 9,
  /** The machine lacks something: a runtime, a privilege, a usable store. */
  host: 10,
  internal: 70,
  /** `slipway run`: Slipway failed, not the command. */
  runFailed: 125,
  interrupted: 130,
} as const;

const byErrorCode: Readonly<Record<string, number>> = {
  USAGE: exitCodes.usage,
  UNSUPPORTED_OPTION: exitCodes.usage,
  INVALID_REFERENCE: exitCodes.usage,

  RUN_FAILED: exitCodes.failure,

  DOCKERFILE_PARSE: exitCodes.invalidFile,
  COMPOSE_INVALID: exitCodes.invalidFile,
  COMPOSE_UNSUPPORTED: exitCodes.invalidFile,

  CONTEXT_NOT_FOUND: exitCodes.missingSource,
  DOCKERFILE_NOT_FOUND: exitCodes.missingSource,
  DOCKERFILE_UNREADABLE: exitCodes.missingSource,
  SECRET_NOT_FOUND: exitCodes.missingSource,
  SECRET_UNREADABLE: exitCodes.missingSource,

  IMAGE_NOT_FOUND: exitCodes.imageNotFound,

  DIGEST_MISMATCH: exitCodes.corrupt,
  SIZE_MISMATCH: exitCodes.corrupt,
  SIZE_EXCEEDED: exitCodes.corrupt,

  NO_SPACE: exitCodes.noSpace,
  ENOSPC: exitCodes.noSpace,
  EDQUOT: exitCodes.noSpace,

  STORE_UNUSABLE: exitCodes.host,
};

/** The exit code of an error: that of the first error of its cause chain that has one. */
export function exitCodeOf(error: unknown): number {
  for (const link of causeChain(error)) {
    if (link instanceof InterruptedError) return 128 + signalNumber(link.signal);
    const code = byErrorCode[String((link as { code?: unknown }).code)];
    if (code !== undefined) return code;
  }
  return isInternal(error) ? exitCodes.internal : exitCodes.failure;
}

/** A broken promise of ours, to be reported as a bug. */
export function isInternal(error: unknown): boolean {
  return !(error instanceof Error) || !("code" in error);
}

/** The error and its causes, outermost first. */
export function causeChain(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let link = error; link instanceof Error && !chain.includes(link); link = link.cause) chain.push(link);
  return chain;
}

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

/** Codes of every room's errors by exit code, with the class where one code means two things; what is in no list is a `failure`. */
const errorCodes: readonly (readonly [exitCode: number, codes: readonly string[]])[] = [
  [
    exitCodes.usage,
    [
      "USAGE",
      "UNSUPPORTED_OPTION",
      "INVALID_REFERENCE",
      "INVALID_PLATFORM",
      "INVALID_TAG",
      "NAME_MISMATCH",
      "INVALID_CONTEXT",
      "INVALID_ARGUMENT",
      "INVALID_OUTPUT",
      "NAME_MISSING",
      "AMBIGUOUS_ID",
      "INVALID_DEST",
      "UNSUPPORTED_DATABASE",
      "KEY_INVALID",
    ],
  ],
  [
    exitCodes.invalidFile,
    [
      "DOCKERFILE_PARSE",
      "DOCKERFILE_INSTRUCTION",
      "DOCKERFILE_EXPANSION",
      "DOCKERFILE_STAGE",
      "DOCKERFILE_CHECK",
      "BAD_IGNORE_FILE",
      "BAD_PATTERN",
      "BAD_MODE",
      "UNSUPPORTED",
      "INVALID_SOURCE",
      "LOCK_INVALID",
      "NOT_LOCKED",
      "SOURCE_MOVED",
      "COMPOSE_INVALID",
      "COMPOSE_UNSUPPORTED",
      "CONFIGURATION_INVALID",
    ],
  ],
  [
    exitCodes.missingSource,
    [
      "NO_CONTEXT",
      "CONTEXT_NOT_FOUND",
      "DOCKERFILE_NOT_FOUND",
      "DOCKERFILE_UNREADABLE",
      "NOT_FOUND",
      "UNREADABLE",
      "LINK_LOOP",
      "SECRET_NOT_FOUND",
      "SECRET_UNREADABLE",
      "SSH_UNUSABLE",
      "COMPOSE_NOT_FOUND",
      "CONFIGURATION_NOT_FOUND",
      "CONFIGURATION_UNREADABLE",
      "KEY_UNREADABLE",
    ],
  ],
  [exitCodes.imageNotFound, ["IMAGE_NOT_FOUND", "RegistryError NOT_FOUND", "PLATFORM_NOT_FOUND"]],
  [exitCodes.registryDenied, ["UNAUTHORIZED", "DENIED"]],
  [
    exitCodes.registryFailed,
    ["UNREACHABLE", "INTERRUPTED", "TOO_MANY_REQUESTS", "SERVER_ERROR", "BAD_RESPONSE", "GIT_FAILED"],
  ],
  [
    exitCodes.corrupt,
    [
      "BAD_IMAGE",
      "DIGEST_MISMATCH",
      "DIFF_ID_MISMATCH",
      "SIZE_MISMATCH",
      "SIZE_EXCEEDED",
      "INVALID_ARCHIVE",
      "INVALID_TAR",
      "TRUNCATED_TAR",
      "UNSUPPORTED_ENTRY",
      "ESCAPES_ROOT",
      "LIMIT_EXCEEDED",
      "DECOMPRESSION_FAILED",
      "INVALID_MANIFEST",
      "INVALID_CONFIG",
      "INVALID_DIGEST",
      "UNSUPPORTED_MEDIA_TYPE",
      "SIGNATURES_INVALID",
    ],
  ],
  [exitCodes.noSpace, ["NO_SPACE", "ENOSPC", "EDQUOT"]],
  [
    exitCodes.host,
    [
      "STORE_UNUSABLE",
      "EROFS",
      "BLOB_NOT_FOUND",
      "BLOB_MISSING",
      "LAYER_MISSING",
      "RUNTIME_MISSING",
      "NO_ENGINE",
      "ENGINE_UNREACHABLE",
      "GIT_MISSING",
      "RUNTIME_FAILED",
      "EMULATOR_MISSING",
      "OVERLAY_UNSUPPORTED",
      "WORKER_UNAVAILABLE",
      "WORKER_ENDED",
      "UNMAPPED_OWNER",
    ],
  ],
];

const byErrorCode = new Map<string, number>(
  errorCodes.flatMap(([exitCode, codes]) => codes.map((code) => [code, exitCode] as const)),
);

/** The exit code of an error: that of the first error of its cause chain that has one. */
export function exitCodeOf(error: unknown): number {
  for (const link of causeChain(error)) {
    if (link instanceof InterruptedError) return 128 + signalNumber(link.signal);
    const name = String((link as { code?: unknown }).code);
    const code = byErrorCode.get(`${link.name} ${name}`) ?? byErrorCode.get(name);
    if (code !== undefined) return code;
  }
  return isInternal(error) ? exitCodes.internal : exitCodes.failure;
}

/** A broken promise of ours, to be reported as a bug. */
export function isInternal(thrown: unknown): boolean {
  const error = firstFailure(thrown);
  return !(error instanceof Error) || !("code" in error);
}

/** The error and its causes, outermost first. */
export function causeChain(error: unknown): Error[] {
  const chain: Error[] = [];
  let link = firstFailure(error);
  for (; link instanceof Error && !chain.includes(link); link = firstFailure(link.cause)) chain.push(link);
  return chain;
}

/** Where cleaning up failed too: what made it necessary. */
function firstFailure(error: unknown): unknown {
  const isPair = error instanceof Error && error.name === "SuppressedError" && "suppressed" in error;
  return isPair ? firstFailure(error.suppressed) : error;
}

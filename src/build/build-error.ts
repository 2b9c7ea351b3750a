import { CodedError } from "../errors/index.ts";

export type BuildErrorCode =
  /** The Dockerfile cannot be read. */
  | "DOCKERFILE_NOT_FOUND"
  | "DOCKERFILE_UNREADABLE"
  /** The context is not a directory that can be read. */
  | "CONTEXT_NOT_FOUND"
  /** No room for a context of standard input. */
  | "NO_SPACE"
  /** A context that cannot be understood. */
  | "INVALID_CONTEXT"
  /** An image says nothing to run. */
  | "NO_COMMAND"
  /** A base image contradicts itself. */
  | "BAD_IMAGE"
  /** A build argument that steers the build has no such value. */
  | "INVALID_ARGUMENT"
  /** The lock file cannot be understood, or cannot be. */
  | "LOCK_INVALID"
  /** A lock does not know a source that it must know. */
  | "NOT_LOCKED"
  /** A source is another one than was locked. */
  | "SOURCE_MOVED"
  /** An output cannot hold the image. */
  | "INVALID_OUTPUT"
  /** Packages are listed where they cannot be read. */
  | "UNSUPPORTED_DATABASE"
  /** Nothing is said of an image where something is asked. */
  | "NOT_ATTESTED"
  /** What is imported is no tar of files. */
  | "INVALID_ARCHIVE"
  /** A name of -t is no image name. */
  | "INVALID_TAG"
  /** Steps that are recorded do something else when they run again. */
  | "RESULT_DIFFERS"
  /** A secret's file is not there. */
  | "SECRET_UNREADABLE"
  /** The value of a secret is in the config of the image. */
  | "SECRET_IN_IMAGE"
  /** An ssh agent or key that was to be lent is not there, or is none. */
  | "SSH_UNUSABLE";

/** A build that cannot begin, or whose result cannot be relied on. */
export class BuildError extends CodedError<BuildErrorCode> {}

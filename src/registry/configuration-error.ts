import { CodedError } from "../errors/index.ts";

export type ConfigurationErrorCode =
  | "CONFIGURATION_NOT_FOUND"
  | "CONFIGURATION_UNREADABLE"
  | "CONFIGURATION_INVALID";

/** The configuration file is missing, unreadable or wrong. */
export class ConfigurationError extends CodedError<ConfigurationErrorCode> {}

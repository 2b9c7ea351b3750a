export type {
  BuildOptions,
  BuildResult,
  DockerfileInput,
  OutputDest,
  OutputSpec,
  SecretSpec,
} from "./options.ts";

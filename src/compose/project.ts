import type { ComposeError } from "./compose-error.ts";
import type { BuildSettings } from "./read-build-settings.ts";
import type { Place } from "./yaml-tree.ts";

/** A Compose project as Slipway carries it out: paths absolute, variables replaced, defaults filled in. Plain data. */
export interface Project {
  readonly name: string;
  readonly directory: string;
  readonly files: readonly string[];
  readonly services: ReadonlyMap<string, Service>;
  /** Every profile that a service of the files has, active or not. */
  readonly profiles: readonly string[];
  /** Top-level `volumes` by key. */
  readonly volumes: ReadonlyMap<string, ComposeVolume>;
  /** Top-level `secrets` as the files have them, paths absolute. */
  readonly secrets: Readonly<Record<string, unknown>>;
  /** Things to tell the user that are no errors. */
  readonly warnings: readonly string[];
  /** What the files ask of every service that runs and is not carried out; see `checkRunnable`. */
  readonly refusals: readonly ComposeError[];
}

export interface Service {
  readonly name: string;
  /** It is part of the project when one of these is active, and always without any. */
  readonly profiles: readonly string[];
  /** Where the service is defined. */
  readonly place: Place;
  readonly build?: ServiceBuild;
  readonly image?: string;
  /** As written, e.g. `linux/arm64`. */
  readonly platform?: string;
  readonly containerName?: string;
  /** Undefined: that of the image; empty: none. */
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  /** `null` takes a variable away that the image sets. */
  readonly environment: Readonly<Record<string, string | null>>;
  readonly volumes: readonly ServiceVolume[];
  readonly workingDir?: string;
  readonly user?: string;
  /** Services that are started before. */
  readonly dependsOn: readonly Dependency[];
  /** Over that of the image. */
  readonly healthcheck?: Healthcheck;
  readonly restart: RestartPolicy;
  /** Its ports that are published under other numbers. */
  readonly forwards: readonly PortForward[];
  /** What it asks for when it runs and is not carried out; see `checkRunnable`. */
  readonly refusals: readonly ComposeError[];
}

export const dependencyConditions = [
  "service_started",
  "service_healthy",
  "service_completed_successfully",
] as const;

export interface Dependency {
  readonly service: string;
  /** What must be true of it before the dependent is started. */
  readonly condition: (typeof dependencyConditions)[number];
}

/** What is not set is the image's, or Docker's default. */
export interface Healthcheck {
  /** `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", text]`. */
  readonly test?: readonly string[];
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly startPeriodMs?: number;
  readonly startIntervalMs?: number;
  readonly retries?: number;
}

/** TCP ports of the host: `published` leads to `target`, where the service listens. */
export interface PortForward {
  readonly published: number;
  readonly target: number;
}

/** @property maxRetries undefined: without end */
export interface RestartPolicy {
  readonly condition: "no" | "on-failure" | "always" | "unless-stopped";
  readonly maxRetries?: number;
}

export interface ServiceBuild {
  /** Absolute directory, or a URL. */
  readonly context: string;
  /** By name: an absolute directory, what `--build-context` takes, or `service:<name>`. */
  readonly additionalContexts: Readonly<Record<string, string>>;
  readonly dockerfile:
    | { readonly kind: "file"; readonly path: string | undefined }
    | { readonly kind: "inline"; readonly text: string };
  readonly target?: string;
  /** As written; empty: the service's. */
  readonly platforms: readonly string[];
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly network?: "default" | "none" | "host";
  readonly noCache: boolean;
  readonly noCacheFilter: readonly string[];
  readonly pull: boolean;
  /** How its steps are run and what they are lent. */
  readonly settings: BuildSettings;
  /** The same by key, as the file has it. */
  readonly written: Readonly<Record<string, unknown>>;
}

/** A named volume. */
export interface ComposeVolume {
  /** In the store. */
  readonly name: string;
  /** It is not this project's: never made and never removed with it. */
  readonly isExternal: boolean;
}

export type ServiceVolume = BindVolume | VolumeMount;

export interface BindVolume {
  readonly kind: "bind";
  /** Absolute host path. */
  readonly source: string;
  readonly target: string;
  readonly readonly: boolean;
  /** Make the source a directory when it is not there. */
  readonly createSource: boolean;
}

/** A mount of a volume. */
export interface VolumeMount {
  readonly kind: "volume";
  /** Key of the project's volume; undefined: an anonymous one, which ends with its container. */
  readonly source: string | undefined;
  readonly target: string;
  readonly readonly: boolean;
  /** Leave an empty volume empty; otherwise it begins with what the image has there. */
  readonly noCopy: boolean;
}

/** Name under which a service's image is stored: `image`, or `<project>-<service>`. */
export function imageNameOf(project: Project, service: Service): string {
  return service.image ?? `${project.name}-${service.name}`;
}

/** What the service's log lines are marked with. */
export function displayNameOf(service: Service): string {
  return service.containerName ?? service.name;
}

/** The service that an additional context stands for; undefined when it is something else. */
export function contextService(value: string): string | undefined {
  return /^service:(.*)$/s.exec(value)?.[1];
}

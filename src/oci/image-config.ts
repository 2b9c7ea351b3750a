import type { DiffID } from "./digest.ts";

/** `config` of an OCI image config, as Docker and BuildKit write it; field order is theirs (struct order). */
export interface ContainerConfig {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Volumes?: Readonly<Record<string, Record<string, never>>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  readonly ArgsEscaped?: boolean;
  readonly Healthcheck?: HealthcheckConfig;
  readonly OnBuild?: readonly string[];
  readonly Shell?: readonly string[];
}

/** Durations in nanoseconds, 0 or absent = inherit. */
export interface HealthcheckConfig {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

export interface HistoryEntry {
  /** RFC 3339. */
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

/** An OCI image config. */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly "os.version"?: string;
  readonly variant?: string;
  readonly author?: string;
  readonly created?: string;
  readonly config: ContainerConfig;
  readonly history: readonly HistoryEntry[];
  readonly rootfs: { readonly type: "layers"; readonly diff_ids: readonly DiffID[] };
  /** By which keys the results of steps that its layers are can be found (`--cache-to type=inline`); says nothing of how it runs. */
  readonly "slipway.cache.v1"?: object;
}

/** An image config whose layers have no tar yet, hence no diffIDs: what a build makes. */
export type DraftImageConfig = Omit<ImageConfig, "rootfs">;

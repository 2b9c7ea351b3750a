import { createHash } from "node:crypto";
import { stringify } from "yaml";
import { canonicalJson } from "../util/index.ts";
import { mountedVolumes } from "./volumes.ts";
import type { Healthcheck, Project, RestartPolicy, Service, ServiceBuild, ServiceVolume } from "./project.ts";

/** The project as one Compose file, the way `docker compose config` writes it: short forms written out, paths absolute, `$` doubled.
 * @param chosen the services to write; default: all */
export function configText(
  project: Project,
  {
    format = "yaml",
    chosen = [...project.services.values()],
  }: { readonly format?: "yaml" | "json"; readonly chosen?: readonly Service[] } = {},
): string {
  const services = chosen.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const model = {
    name: project.name,
    services: Object.fromEntries(services.map((service) => [service.name, serviceConfig(service)])),
    ...volumesConfig(project, services),
    ...(Object.keys(project.secrets).length > 0 && { secrets: project.secrets }),
  };
  const escaped = escapeDollars(model);
  return format === "json" ? `${JSON.stringify(escaped, null, 2)}\n` : stringify(escaped, { lineWidth: 0 });
}

/** Changes when what a service runs, or runs with, changes: as with docker, how its image is built, what it depends on and its
 * profiles do not count. */
export function configHash(service: Service): string {
  const { build: _, ...counted } = service;
  const config = serviceConfig({ ...counted, dependsOn: [], profiles: [] });
  return createHash("sha256").update(canonicalJson(config)).digest("hex");
}

function serviceConfig(service: Service): object {
  const { build, command, entrypoint, environment, image, profiles, volumes } = service;
  return {
    ...(profiles.length > 0 && { profiles }),
    ...(build && { build: buildConfig(build) }),
    command: command ?? null,
    ...(service.containerName && { container_name: service.containerName }),
    ...(service.dependsOn.length > 0 && { depends_on: dependencies(service.dependsOn) }),
    entrypoint: entrypoint ?? null,
    ...(Object.keys(environment).length > 0 && { environment }),
    ...(service.healthcheck && { healthcheck: healthcheckConfig(service.healthcheck) }),
    ...(image && { image }),
    network_mode: "host",
    ...(service.platform && { platform: service.platform }),
    ...(service.restart.condition !== "no" && { restart: restartText(service.restart) }),
    ...(service.user && { user: service.user }),
    ...(volumes.length > 0 && { volumes: volumes.map(volumeConfig) }),
    ...(service.workingDir && { working_dir: service.workingDir }),
  };
}

function buildConfig(build: ServiceBuild): object {
  const { additionalContexts, dockerfile, args, labels, tags } = build;
  return {
    ...(Object.keys(additionalContexts).length > 0 && { additional_contexts: additionalContexts }),
    context: build.context,
    ...(dockerfile.kind === "inline"
      ? { dockerfile_inline: dockerfile.text }
      : { dockerfile: dockerfile.path ?? "Dockerfile" }),
    ...(Object.keys(args).length > 0 && { args }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(build.network && { network: build.network }),
    ...(build.noCache && { no_cache: true }),
    ...(build.noCacheFilter.length > 0 && { no_cache_filter: build.noCacheFilter }),
    ...(build.platforms.length > 0 && { platforms: build.platforms }),
    ...(build.pull && { pull: true }),
    ...(tags.length > 0 && { tags }),
    ...(build.target && { target: build.target }),
    ...build.written,
  };
}

function dependencies(all: Service["dependsOn"]): object {
  return Object.fromEntries(all.map(({ service, condition }) => [service, { condition, required: true }]));
}

function healthcheckConfig({ test, retries, ...times }: Healthcheck): object {
  if (test?.[0] === "NONE") return { disable: true };
  const duration = (ms: number | undefined) => (ms === undefined ? undefined : `${ms / 1000}s`);
  const config = {
    test,
    timeout: duration(times.timeoutMs),
    interval: duration(times.intervalMs),
    retries,
    start_period: duration(times.startPeriodMs),
    start_interval: duration(times.startIntervalMs),
  };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

function restartText({ condition, maxRetries }: RestartPolicy): string {
  return maxRetries === undefined ? condition : `${condition}:${maxRetries}`;
}

function volumesConfig(project: Project, services: readonly Service[]): object {
  const keys = mountedVolumes(project, services);
  if (keys.length === 0) return {};
  const written = keys.map((key) => {
    const { name, isExternal } = project.volumes.get(key)!;
    return [key, { name, ...(isExternal && { external: true }) }];
  });
  return { volumes: Object.fromEntries(written) };
}

function volumeConfig(volume: ServiceVolume): object {
  if (volume.kind === "volume")
    return {
      type: "volume",
      ...(volume.source !== undefined && { source: volume.source }),
      target: volume.target,
      ...(volume.readonly && { read_only: true }),
      volume: volume.noCopy ? { nocopy: true } : {},
    };
  return {
    type: "bind",
    source: volume.source,
    target: volume.target,
    ...(volume.readonly && { read_only: true }),
    bind: volume.createSource ? {} : { create_host_path: false },
  };
}

function escapeDollars(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("$", "$$$$");
  if (Array.isArray(value)) return value.map(escapeDollars);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escapeDollars(inner)]));
}

import {
  type BuildOptions,
  type NamedContextSpec,
  normaliseTag,
  overrideAttestations,
  parseNamedContext,
} from "../build/index.ts";
import { isSamePlatform, parsePlatform, type Platform } from "../oci/index.ts";
import { ComposeError } from "./compose-error.ts";
import { contextService, imageNameOf, type Project, type Service, type ServiceBuild } from "./project.ts";
import { isUrl } from "./read-build.ts";
import { serviceOf } from "./start-order.ts";

/** What a command line says about every build. */
export interface BuildOverrides {
  readonly noCache?: boolean;
  readonly pull?: boolean;
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Push the images of services that name one. */
  readonly push?: boolean;
  /** In the words of `--attest`. */
  readonly attests?: readonly string[];
  /** Of the caller (`$SOURCE_DATE_EPOCH`); a build argument that the file or the command line may set. */
  readonly sourceDateEpoch?: string | undefined;
  /** Platform of services that name none (`$DOCKER_DEFAULT_PLATFORM`). */
  readonly defaultPlatform?: string | undefined;
  /** How much the store may keep (`$SLIPWAY_KEEP_STORAGE`, `$SLIPWAY_CACHE_MOUNT_LIMIT`). */
  readonly limits?: Pick<BuildOptions, "keepStorageBytes" | "cacheMountLimitBytes">;
  /** The image is to be run here: one platform is enough. */
  readonly isForRun?: boolean;
}

/** What the caller's environment says about every build. */
export type CallerOverrides = Pick<BuildOverrides, "sourceDateEpoch" | "defaultPlatform" | "limits">;

/** The build of a service, or undefined when it has none. The image is named as Compose names it. */
export function toBuildOptions(
  project: Project,
  service: Service,
  overrides: BuildOverrides = {},
): BuildOptions | undefined {
  const { build } = service;
  if (!build) return undefined;
  return {
    ...(isUrl(build.context)
      ? { contextDir: undefined, remoteContext: { kind: "url", url: build.context } }
      : { contextDir: build.context }),
    ...(Object.keys(build.additionalContexts).length > 0 && { namedContexts: namedContexts(project, build) }),
    dockerfile:
      build.dockerfile.kind === "file"
        ? build.dockerfile
        : { kind: "text", text: build.dockerfile.text, name: "Dockerfile" },
    ...(build.target === undefined ? {} : { target: build.target }),
    ...platformsOf(service, build, overrides),
    tags: [imageNameOf(project, service), ...build.tags],
    buildArgs: { ...epochOf(overrides), ...build.args, ...overrides.buildArgs },
    labels: build.labels,
    noCache: build.noCache || (overrides.noCache ?? false),
    noCacheFilter: build.noCacheFilter,
    pull: build.pull || (overrides.pull ?? false),
    ...ownImages(project, build),
    outputs: overrides.push && service.image !== undefined ? [{ type: "registry" }] : [],
    ...(build.network === undefined ? {} : { network: build.network }),
    ...build.settings,
    ...attestationsOf(build, overrides),
    ...overrides.limits,
    storeImage: true,
    needDigest: false,
  };
}

function attestationsOf(
  { settings }: ServiceBuild,
  { attests = [] }: BuildOverrides,
): { attestations?: BuildOptions["attestations"] } {
  if (attests.length === 0) return {};
  return { attestations: overrideAttestations(settings.attestations, attests) };
}

function epochOf({ sourceDateEpoch }: BuildOverrides): Record<string, string> {
  return sourceDateEpoch ? { SOURCE_DATE_EPOCH: sourceDateEpoch } : {};
}

/** The platform of a service; undefined: this machine's. */
export function platformOf(
  { platform }: Service,
  { defaultPlatform }: Pick<BuildOverrides, "defaultPlatform">,
): Platform | undefined {
  const text = platform ?? defaultPlatform;
  return text ? parsePlatform(text) : undefined;
}

function platformsOf(
  service: Service,
  { platforms }: ServiceBuild,
  overrides: BuildOverrides,
): Pick<BuildOptions, "platforms"> {
  const own = platformOf(service, overrides);
  const all = platforms.map(parsePlatform);
  if (all.length === 0) return own ? { platforms: [own] } : {};
  if (own && !all.some((each) => isSamePlatform(each, own))) {
    throw new ComposeError(
      "COMPOSE_INVALID",
      `service "${service.name}" build.platforms does not support value set by DOCKER_DEFAULT_PLATFORM: ${overrides.defaultPlatform}`,
    );
  }
  if (!overrides.isForRun) return { platforms: all };
  if (own) return { platforms: [own] };
  return all.length === 1 ? { platforms: all } : {};
}

/** The images of services that a build uses as contexts. */
function ownImages(project: Project, { additionalContexts }: ServiceBuild): Pick<BuildOptions, "ownImages"> {
  const names = Object.values(additionalContexts).flatMap((value) => contextService(value) ?? []);
  if (names.length === 0) return {};
  return { ownImages: names.map((name) => normaliseTag(imageNameOf(project, serviceOf(project, name)))) };
}

function namedContexts(
  project: Project,
  { additionalContexts }: ServiceBuild,
): ReadonlyMap<string, NamedContextSpec> {
  return new Map(
    Object.entries(additionalContexts).map(([name, value]) => {
      const service = contextService(value);
      const image = service && imageNameOf(project, serviceOf(project, service));
      return parseNamedContext(name, image ? `docker-image://${image}` : value, project.directory);
    }),
  );
}

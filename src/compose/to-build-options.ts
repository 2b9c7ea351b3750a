import type { BuildOptions } from "../build/index.ts";
import { imageNameOf, type Project, type Service } from "./project.ts";

/** What a command line says about every build. */
export interface BuildOverrides {
  readonly noCache?: boolean;
  readonly pull?: boolean;
  readonly buildArgs?: Readonly<Record<string, string>>;
}

/** The build of a service, or undefined when it has none. The image is named as Compose names it. */
export function toBuildOptions(
  project: Project,
  service: Service,
  overrides: BuildOverrides = {},
): BuildOptions | undefined {
  const { build } = service;
  if (!build) return undefined;
  return {
    contextDir: build.context,
    dockerfile:
      build.dockerfile.kind === "file"
        ? build.dockerfile
        : { kind: "text", text: build.dockerfile.text, name: "Dockerfile" },
    ...(build.target === undefined ? {} : { target: build.target }),
    tags: [imageNameOf(project, service), ...build.tags],
    buildArgs: { ...build.args, ...overrides.buildArgs },
    labels: build.labels,
    noCache: build.noCache || (overrides.noCache ?? false),
    noCacheFilter: build.noCacheFilter,
    pull: build.pull || (overrides.pull ?? false),
    outputs: [],
    ...(build.network === undefined ? {} : { network: build.network }),
    storeImage: true,
    needDigest: false,
  };
}

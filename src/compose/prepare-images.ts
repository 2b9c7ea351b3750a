import { build, normaliseTag, StepEngine } from "../build/index.ts";
import type { Store } from "../content/index.ts";
import { type ImageRecord, ImageStore, requireImage } from "../image/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import { imageNameOf, type Project, type Service } from "./project.ts";
import { buildOrder } from "./start-order.ts";
import { type BuildOverrides, type CallerOverrides, platformOf, toBuildOptions } from "./to-build-options.ts";

export interface PrepareEnvironment {
  readonly store: Store;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

/** Builds the services that say how, one after another: equal steps of two services run once. A service whose image another one uses
 * as a context is built before it.
 * @throws what `build` throws */
export async function buildServices(
  project: Project,
  services: readonly Service[],
  options: PrepareEnvironment & { readonly overrides?: BuildOverrides },
): Promise<void> {
  const { overrides, ...environment } = options;
  for (const service of buildOrder(project, services)) {
    const buildOptions = toBuildOptions(project, service, overrides);
    if (buildOptions) await build(buildOptions, environment);
  }
}

/** The images of the services by service name, with their layers unpacked. Those that are built are brought up to date first
 * (unless `isBuilt` is false); others are pulled when the store lacks them.
 * @throws what `build` throws, {RegistryError} */
export async function prepareImages(
  project: Project,
  services: readonly Service[],
  options: PrepareEnvironment & { readonly isBuilt: boolean; readonly caller: CallerOverrides },
): Promise<ReadonlyMap<string, ImageRecord>> {
  const { isBuilt, caller, ...environment } = options;
  const overrides = { ...caller, isForRun: true };
  if (isBuilt) await buildServices(project, services, { ...environment, overrides });
  await using steps = new StepEngine(environment);
  const images = new ImageStore(environment.store);
  const records = new Map<string, ImageRecord>();
  for (const service of services) {
    const name = normaliseTag(imageNameOf(project, service));
    // A built image is the store's own: a registry is not asked for it.
    const platform = platformOf(service, overrides);
    const record = service.build
      ? requireImage(environment.store, images.find(name), platform)
      : await steps.resolver.resolve(name, platform && { platform });
    await steps.directoriesOf(record);
    records.set(service.name, record);
  }
  return records;
}

export { awaitDependencies, type WatchedServices } from "./await-dependencies.ts";
export { checkRunnable } from "./check-runnable.ts";
export { ComposeError, type ComposeErrorCode } from "./compose-error.ts";
export { forwardPorts } from "./forward-ports.ts";
export { type LoadOptions, loadProject } from "./load-project.ts";
export { listVariables, type UsedVariable } from "./list-variables.ts";
export { LogPrinter, type LogPrinterOptions } from "./log-printer.ts";
export { buildServices, prepareImages, type PrepareEnvironment } from "./prepare-images.ts";
export {
  type ComposeVolume,
  displayNameOf,
  imageNameOf,
  type Project,
  type Service,
  type ServiceBuild,
} from "./project.ts";
export { findProjectFiles, type ProjectFilesOptions } from "./project-files.ts";
export { claimProject, endProject } from "./project-state.ts";
export {
  runServices,
  type RunServicesOptions,
  type StartService,
} from "./run-services.ts";
export { createStarter, LogRouter, type ServiceOverrides, toServiceRequest } from "./service-run.ts";
export { serviceOf, startOrder } from "./start-order.ts";
export { type BuildOverrides, type CallerOverrides, toBuildOptions } from "./to-build-options.ts";
export { configHash, configText } from "./to-config.ts";
export { checkExternalVolumes, mountedVolumes, ownVolumes } from "./volumes.ts";
export type { RunningService } from "./running-service.ts";

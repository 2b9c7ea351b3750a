export { ComposeError, type ComposeErrorCode } from "./compose-error.ts";
export { type LoadOptions, loadProject } from "./load-project.ts";
export {
  type BindVolume,
  displayNameOf,
  imageNameOf,
  type Project,
  type Service,
  type ServiceBuild,
} from "./project.ts";
export { serviceOf, startOrder } from "./start-order.ts";

export { type AllowedDevices, allowDevices } from "./allow-devices.ts";
export { CdiError } from "./cdi-error.ts";
export type { ContainerEdits, DeviceNode, EditMount, Hook, HookName } from "./container-edits.ts";
export { DeviceRegistry, type DeviceRequest, specDirs } from "./device-registry.ts";

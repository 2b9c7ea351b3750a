import type { ConvertResult } from "../dockerfile/index.ts";
import type { Platform } from "../oci/index.ts";

/** The build of a target for one platform. */
export interface PlatformPlan extends ConvertResult {
  readonly platform: Platform;
}

export type { AttestationOptions, ProvenanceOptions } from "./attest/attestation-options.ts";
export { attestOf, overrideAttestations, parseAttestations } from "./attest/parse-attest.ts";
export { type AttachedFile, attachFiles, type Attachment } from "./attest/attach-files.ts";
export { findPredicate, type PredicateKind } from "./attest/find-predicate.ts";
export { type FoundReferrer, listReferrers, type ReferrerList } from "./attest/list-referrers.ts";
export { build } from "./build.ts";
export { BuildError, type BuildErrorCode } from "./build-error.ts";
export type { BuildStory, StepStory } from "./build-story.ts";
export { type Answer, checkBuild, outlineBuild, targetsOfBuild } from "./calls.ts";
export { withContext } from "./with-context.ts";
export { parseCsvMap, splitCsv, splitOnce } from "./csv.ts";
export { ImageResolver } from "./image-resolver.ts";
export { type LockChange, type LockResult, lockSources, type LockUpdate } from "./lock/lock-sources.ts";
export { copyImage } from "./copy-image.ts";
export { type ImagePlace, parseImagePlace } from "./image-place.ts";
export { importImage } from "./import-image.ts";
export { listPackages } from "./list-packages.ts";
export { annotateManifestList, createManifestList } from "./manifest-list.ts";
export { normaliseTag } from "./normalise-tag.ts";
export type {
  Annotation,
  BuildEnvironment,
  BuildOptions,
  BuildResult,
  CacheLocation,
  CacheTarget,
  DockerfileInput,
  ImageSettings,
  OutputEpoch,
  OutputDest,
  OutputSpec,
  RemoteContextSpec,
  SecretSpec,
  SshSpec,
  TreeSettings,
} from "./options.ts";
export { type NamedContextSpec, parseNamedContext } from "./named-context.ts";
export { type BuildPlan, planTarget } from "./plan-target.ts";
export { parseCacheFrom, parseCacheTo } from "./parse-cache.ts";
export { pullImage } from "./pull-image.ts";
export { type PushedImage, pushImage } from "./push-image.ts";
export { type RunOptions, toRunRequest } from "./run-image.ts";
export type { DockerfileText } from "./read-dockerfile.ts";
export type { StartWorker } from "./start-worker.ts";
export { StepEngine, type StepEngineOptions } from "./step-engine.ts";
export { lastStory } from "./story-file.ts";
export { addAllowance, parseHost, parseUlimit } from "./step-values.ts";
export { type ArchiveOutput, writeArchive } from "./write-archive.ts";
export { writeTree } from "./write-tree.ts";

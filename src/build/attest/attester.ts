import path from "node:path";
import type { Attestations, ImageRecord, Predicate } from "../../image/index.ts";
import { formatPlatform, normalizePlatform, parseReference } from "../../oci/index.ts";
import { imageUrl, spdxDocument } from "../../packages/index.ts";
import { packageVersion, SingleFlight } from "../../util/index.ts";
import { listPackages, packagesOf } from "../list-packages.ts";
import type { BuildOptions } from "../options.ts";
import type { PlatformPlan } from "../platform-plan.ts";
import type { PreparedBuild } from "../prepare-build.ts";
import type { DockerfileText } from "../read-dockerfile.ts";
import type { ScannedTree } from "../solve-plans.ts";
import type { AttestationOptions } from "./attestation-options.ts";
import { type GitCheckout, gitCheckoutOf } from "./git-checkout.ts";
import { hideWithin, secretHider } from "./hide-secrets.ts";
import { layerSteps } from "./layer-steps.ts";
import { materialsOf } from "./materials.ts";
import { metadataPaths, provenanceOf, provenanceTypes } from "./provenance.ts";

export interface AttesterOptions {
  readonly attestations: AttestationOptions;
  readonly prepared: PreparedBuild;
  readonly build: BuildOptions;
  readonly dockerfile: DockerfileText;
  /** Normalised. */
  readonly names: readonly string[];
  readonly startedAtMs: number;
  /** Stages and contexts that are listed too, of each plan. */
  readonly scanned: ReadonlyMap<PlatformPlan, readonly ScannedTree[]>;
}

const predicateLimitBytes = 64 << 20;
const sbomType = "https://spdx.dev/Document";

/** Says what a build knows of its images. The same is said of an image in every output. */
export class Attester {
  readonly #options: AttesterOptions;
  readonly #finishedAtMs = Date.now();
  readonly #predicates = new SingleFlight<PlatformPlan | string, Predicate>();

  /** To be made when the build is solved. */
  constructor(options: AttesterOptions) {
    this.#options = options;
  }

  /** The attestations of the image of a platform; their predicates are in the content store.
   * @throws {BuildError} `UNSUPPORTED_DATABASE` when packages cannot be listed */
  async attestationsOf(plan: PlatformPlan, image: ImageRecord, isImage: boolean): Promise<Attestations> {
    const { attestations, names } = this.#options;
    const predicates = [
      ...(attestations.sbom ? [await this.#sbom(image), ...(await this.#partSboms(plan, image))] : []),
      ...(attestations.provenance ? [await this.#provenanceOfImage(plan, image)] : []),
    ];
    return {
      subjects: names.map((name) => imageUrl(parseReference(name), plan.platform)),
      predicates,
      ...(isImage && { isImage }),
      ...(attestations.areReferrers && { areReferrers: true }),
    };
  }

  /** How the image of each platform was built, by the platform's name; none where that is not to be said. */
  async provenances(): Promise<Readonly<Record<string, unknown>>> {
    const { attestations, prepared } = this.#options;
    if (!attestations.provenance) return {};
    const { content } = prepared.steps.store;
    const entries = prepared.plans.map(async (plan) => {
      const { digest } = await this.#provenance(plan);
      const text = content.read(digest, predicateLimitBytes).toString();
      return [formatPlatform(normalizePlatform(plan.platform)), JSON.parse(text) as unknown] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  async #sbom(image: ImageRecord): Promise<Predicate> {
    const { prepared, names } = this.#options;
    const title = names[0] ?? prepared.shared.target;
    const list = await listPackages(image, title, prepared.steps);
    return await this.#predicates.do(`${list.digest} ${list.created}`, () => {
      const document = spdxDocument({ ...list, tool: `slipway-${packageVersion()}` });
      return Promise.resolve(this.#put(sbomType, document));
    });
  }

  /** Documents of other trees than the image's. */
  async #partSboms(plan: PlatformPlan, { config }: ImageRecord): Promise<readonly Predicate[]> {
    const { prepared, scanned } = this.#options;
    const { created = "1970-01-01T00:00:00Z" } = config;
    const parts = scanned.get(plan) ?? [];
    return await Promise.all(
      parts.map(({ name, tree }) =>
        this.#predicates.do(`${formatPlatform(plan.platform)} ${name} ${created}`, async () => {
          const list = await packagesOf(tree, name, prepared.steps);
          const document = spdxDocument({ ...list, name, created, tool: `slipway-${packageVersion()}` });
          return { ...this.#put(sbomType, document), part: name };
        }),
      ),
    );
  }

  /** The blobs of the image's layers are known only when it leaves. */
  async #provenanceOfImage(plan: PlatformPlan, { layers }: ImageRecord): Promise<Predicate> {
    const { mode, version } = this.#options.attestations.provenance!;
    const predicate = await this.#provenance(plan);
    if (mode === "min") return predicate;
    const counts = layerSteps(plan.definition, layers.length);
    return { ...predicate, layers: { at: metadataPaths[version], counts } };
  }

  #provenance(plan: PlatformPlan): Promise<Predicate> {
    const { attestations, prepared, build, dockerfile, startedAtMs } = this.#options;
    return this.#predicates.do(plan, async () => {
      const { definition, epochSeconds } = plan;
      const hide = await secretHider(build, prepared.request.session);
      const materials = await materialsOf(definition, prepared.steps);
      const times = { startedAtMs, finishedAtMs: this.#finishedAtMs };
      const facts = {
        definition,
        materials,
        options: build,
        dockerfile,
        checkout: checkoutOf(build, dockerfile),
        hide,
        ...(epochSeconds === undefined && { times }),
      };
      const asked = attestations.provenance!;
      return this.#put(provenanceTypes[asked.version], hideWithin(provenanceOf(facts, asked), hide));
    });
  }

  #put(type: string, predicate: unknown): Predicate {
    return { type, digest: this.#options.prepared.steps.store.content.put(JSON.stringify(predicate)).digest };
  }
}

/** Only a directory of this machine can be a checkout that nothing else names; as docker buildx has it, a variable keeps it back. */
function checkoutOf(
  { contextDir }: Pick<BuildOptions, "contextDir">,
  { path: file }: DockerfileText,
): GitCheckout | undefined {
  const isKeptBack = /^(?:0|f|F|FALSE|false|False)$/.test(process.env["BUILDX_GIT_INFO"] ?? "");
  if (contextDir === undefined || isKeptBack) return undefined;
  const context = path.resolve(contextDir);
  return gitCheckoutOf({
    context,
    dockerfile: file === undefined ? context : path.dirname(path.resolve(file)),
  });
}

import type { Annotation } from "../../build/index.ts";
import { OciError, parsePlatform } from "../../oci/index.ts";
import { UsageError } from "../usage-error.ts";

const types: readonly Annotation["type"][] = ["manifest", "manifest-descriptor", "index", "index-descriptor"];

/** Reads the attribute `annotation[-TYPE][[PLATFORM]].KEY` of an output; undefined for another attribute.
 * @throws {UsageError} */
export function parseAnnotationKey(attribute: string, value: string): Annotation | undefined {
  if (!/^annotation[-.[]/.test(attribute)) return undefined;
  const match = /^annotation(?:-([a-z-]+))?(?:\[([A-Za-z0-9_/-]+)\])?\.(\S+)$/.exec(attribute);
  if (!match) throw new UsageError(`could not fully parse annotation ${attribute}`);
  const [, type = "manifest", platform, key] = match;
  if (!isType(type)) throw new UsageError(`unrecognized annotation type ${type}`);
  return { type, ...platformOf(platform), key: key!, value };
}

/** Reads `--annotation [TYPE[[PLATFORM]],…:]KEY=VALUE`, as docker buildx does: one annotation for each type.
 * @throws {UsageError} */
export function parseAnnotations(texts: readonly string[]): readonly Annotation[] {
  return texts.filter((text) => text !== "").flatMap(parseAnnotation);
}

function parseAnnotation(text: string): readonly Annotation[] {
  const equals = text.indexOf("=");
  if (equals < 0) throw new UsageError(`invalid annotation "${text}", expected key=value`);
  const [name, value] = [text.slice(0, equals), text.slice(equals + 1)];
  const colon = name.indexOf(":");
  if (colon < 0) return [{ type: "manifest", key: name, value }];
  const key = name.slice(colon + 1);
  return name
    .slice(0, colon)
    .split(",")
    .map((place) => ({ ...parsePlace(place), key, value }));
}

function parsePlace(place: string): Pick<Annotation, "type" | "platform"> {
  const match = /^([a-z-]+)(?:\[([A-Za-z0-9_/-]+)\])?$/.exec(place);
  if (!match) {
    const expected = "expected type and optional platform in square brackets";
    throw new UsageError(`invalid annotation type "${place}", ${expected}`);
  }
  const [, type = "", platform] = match;
  if (!isType(type)) throw new UsageError(`unknown annotation type "${type}"`);
  return { type, ...platformOf(platform) };
}

function isType(text: string): text is Annotation["type"] {
  return (types as readonly string[]).includes(text);
}

function platformOf(text: string | undefined): Pick<Annotation, "platform"> {
  if (text === undefined) return {};
  try {
    return { platform: parsePlatform(text) };
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    throw new UsageError(`invalid platform "${text}": ${error.message}`);
  }
}

import type { Failure } from "../protocol/failure";
import type { TraceFile } from "../trace/types";
import { attachedImage } from "./attachedImage";
import type { ImageChoice } from "./chooseImage";
import { describeCandidate, withDebugFiles } from "./debugFiles";
import type { DebugSearch } from "./debugSearch";
import { candidatesKey } from "./naming";
import type { ResultCache } from "./resultCache";

/** Build-ids that servers are asked for on behalf of one trace: what is tried is rarely more than one or two. */
const mostQuestions = 8;

/** The images that may name the addresses of a trace. */
export class ImageCandidates {
  /** Best first. */
  paths: readonly string[] = [];
  /** Tells `paths` from any others, with the content of each. */
  key = "";
  /** Where the symbols are that the trace brings along; null when it has none. */
  attached: string | null = null;

  /** @param given by the user or the workspace, best first */
  constructor(
    private readonly given: readonly string[],
    readonly search: DebugSearch,
    private readonly cache: ResultCache,
  ) {}

  /** Looks for them on this machine. */
  async findFor(file: TraceFile): Promise<readonly string[]> {
    this.attached = await attachedImage(file, this.cache);
    return this.refresh(file);
  }

  /** Looks for them again: something may have been downloaded. */
  async refresh({ metadata }: TraceFile): Promise<readonly string[]> {
    const found = await withDebugFiles(this.given, metadata.kernel ?? {}, this.search);
    this.paths = this.attached === null ? found : [...found, this.attached];
    this.key = await candidatesKey(this.paths);
    return this.paths;
  }

  /** Gets the debug information of the kernel from servers, when none was found here. */
  async download(file: TraceFile, { chosen, problem }: ImageChoice): Promise<Downloaded> {
    const { servers } = this.search;
    if (servers === null || chosen?.image.facts.hasLines === true) return { isNew: false, problem };
    const wanted = [chosen?.image.facts.buildId ?? null, ...(file.metadata.kernel?.buildIds ?? [])];
    wanted.push(...(await strippedBuildIds(this.given, this.search)));
    const asked = await downloadKernels(wanted, this.search);
    const before = this.key;
    await this.refresh(file);
    if (this.key !== before || problem?.code !== "no-symbols") return { isNew: this.key !== before, problem };
    const why =
      asked === 0 ? "the trace does not tell the kernel's build-id" : "no debuginfod server gave its debug information";
    return { isNew: false, problem: { ...problem, message: `${problem.message.replace(/\.$/, "")}; ${why}.` } };
  }
}

export interface Downloaded {
  /** There is a new candidate. */
  readonly isNew: boolean;
  /** The problem of the choice, with what asking the servers came to. */
  readonly problem: Failure | null;
}

/** The images that a person chose, with their debug information: from servers too, when it is not here. */
export async function chosenCandidates(chosen: readonly string[], search: DebugSearch): Promise<readonly string[]> {
  if (search.servers !== null) await downloadKernels(await strippedBuildIds(chosen, search), search);
  return withDebugFiles(chosen, {}, search);
}

async function strippedBuildIds(files: readonly string[], search: DebugSearch): Promise<(string | null)[]> {
  const described = await Promise.all(files.map((file) => describeCandidate(file, search)));
  return described.filter(({ debugFile }) => debugFile === null).map(({ buildId }) => buildId);
}

/** Answers how many build-ids were asked for. */
async function downloadKernels(buildIds: readonly (string | null)[], search: DebugSearch): Promise<number> {
  const asked = [...new Set(buildIds.filter((id) => id !== null))].slice(0, mostQuestions);
  for (const id of asked) await search.downloadKernel(id);
  return asked.length;
}

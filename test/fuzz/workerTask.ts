/** What goes between the fuzzer and the process that tries inputs. */
export interface WorkerTask {
  readonly target: string;
  /** The repository. */
  readonly root: string;
  /** For the input and what is made of it. */
  readonly folder: string;
  /** Inputs that reached new code, from earlier runs too. */
  readonly corpus: string;
  readonly seed: number;
}

/** How far a process is. */
export interface WorkerReport {
  executions: number;
  /** Executions that ended with a BootscopeError. */
  refused: number;
  /** Inputs that others are made of. */
  kept: number;
  /** Blocks of code that were reached. */
  blocks: number;
}

export interface WorkerFault {
  readonly fault: string;
  /** Base64. */
  readonly input: string;
}

export type WorkerMessage = WorkerReport | WorkerFault;

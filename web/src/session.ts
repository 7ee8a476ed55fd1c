/** The films that are open and what was said of them; the views look at it and are told of changes. */
import type { Engine } from './engine';
import { Problem } from './engine/problem';
import { ImageError, inEnglish, readRadiograph } from './images';
import { NOTHING_SAID, type Answer, type Bundle, type Radiograph, type Said } from './types';

export type Status = 'waiting' | 'opening' | 'reading' | 'read' | 'failed';

export interface OpenFilm {
  id: number;
  file: Blob;
  name: string;
  status: Status;
  said: Said;
  radiograph: Radiograph | null;
  answer: Answer | null;
  problem: Problem | null;
}

/** From so many films on a server gets them as a job. */
export const MANY = 6;

export class Session {
  films: OpenFilm[] = [];
  shown = 0;
  private lastId = 0;
  private working: Promise<void> = Promise.resolve();
  private stop = new AbortController();

  constructor(
    readonly engine: Engine,
    readonly bundle: Bundle,
    private readonly onChange: () => void,
  ) {}

  get film(): OpenFilm | null {
    return this.films.find((film) => film.id === this.shown) ?? null;
  }

  /** Opens files one after another; the first of them is shown. */
  open(files: readonly File[]): Promise<void> {
    const added = files.map((file) => {
      const film = this.added(file);
      this.films.push(film); // before the next one is named
      return film;
    });
    if (added.length > 0) this.shown = added[0].id;
    this.onChange();
    const isMany = files.length >= MANY && this.engine.readMany !== undefined && !this.engine.fits;
    return isMany ? this.together(added, files) : this.later(added);
  }

  show(id: number): void {
    this.shown = id;
    this.onChange();
    if (this.film !== null) void this.picture(this.film);
  }

  /** Reads a film again, with what the person says of it. */
  again(film: OpenFilm, said: Said): Promise<void> {
    this.change(film, { said, answer: null, problem: null, status: 'waiting' });
    return this.later([film]);
  }

  cancel(): void {
    this.stop.abort();
    this.stop = new AbortController();
  }

  closeAll(): void {
    this.cancel();
    this.films = [];
    this.onChange();
  }

  private added(file: File): OpenFilm {
    const id = ++this.lastId;
    const twins = this.films.filter((film) => film.file instanceof File && film.file.name === file.name).length;
    const name = twins === 0 ? file.name : `${file.name} #${twins + 1}`;
    return { id, file, name, status: 'waiting', said: NOTHING_SAID, radiograph: null, answer: null, problem: null };
  }

  private later(films: OpenFilm[]): Promise<void> {
    const { signal } = this.stop;
    this.working = this.working.then(async () => {
      for (const film of films) if (this.films.includes(film)) await this.read(film, signal);
    });
    return this.working;
  }

  /** Sends many films at once; their pictures wait until somebody looks. */
  private together(films: OpenFilm[], files: readonly File[]): Promise<void> {
    const { signal } = this.stop;
    const settle = (film: OpenFilm, changes: Partial<OpenFilm>) => this.films.includes(film) && this.change(film, changes);
    this.working = this.working.then(async () => {
      for (const film of films) Object.assign(film, { status: 'reading' });
      this.onChange();
      void this.picture(films[0]);
      const named = files.map((file, index) => new File([file], films[index].name));
      try {
        await this.engine.readMany!(named, (index, found) => {
          const changes: Partial<OpenFilm> = found instanceof Problem ? { status: 'failed', problem: found } : { status: 'read', answer: found };
          settle(films[index], changes);
        }, signal);
      } catch (error) {
        const left = films.filter((film) => film.status === 'reading');
        for (const film of left) settle(film, { status: 'failed', problem: problemOf(error, film, signal) });
      }
    });
    return this.working;
  }

  /** What the screen shows of a film that a server read; where it cannot be shown, its answer stands alone. */
  private async picture(film: OpenFilm): Promise<void> {
    if (film.radiograph !== null || !['read', 'reading'].includes(film.status)) return;
    const bytes = new Uint8Array(await film.file.arrayBuffer());
    const radiograph = await readRadiograph(bytes, film.name).then(inWords, () => null);
    if (radiograph !== null && this.films.includes(film)) this.change(film, { radiograph });
  }

  private async read(film: OpenFilm, signal: AbortSignal): Promise<void> {
    try {
      if (film.radiograph === null) {
        this.change(film, { status: 'opening' });
        const bytes = new Uint8Array(await film.file.arrayBuffer());
        this.change(film, { radiograph: inWords(await readRadiograph(bytes, film.name)) });
      }
      this.change(film, { status: 'reading' });
      signal.throwIfAborted();
      const answer = await this.engine.read({ file: film.file, radiograph: film.radiograph! }, film.said, signal);
      this.change(film, { answer, status: 'read' });
    } catch (error) {
      this.change(film, { status: 'failed', problem: problemOf(error, film, signal) });
    }
  }

  private change(film: OpenFilm, changes: Partial<OpenFilm>): void {
    Object.assign(film, changes);
    this.onChange();
  }
}

function inWords(film: Awaited<ReturnType<typeof readRadiograph>>): Radiograph {
  return { ...film, cautions: film.cautions.map((caution) => inEnglish(caution)) };
}

function problemOf(error: unknown, film: OpenFilm, signal: AbortSignal): Problem {
  if (signal.aborted) return new Problem('problem.cancelled');
  if (error instanceof Problem) return error;
  if (error instanceof ImageError) return new Problem('problem.file', { name: film.name, reason: error.message });
  const reason = error instanceof Error ? error.message : String(error);
  return new Problem('problem.bug', { reason }, { cause: error });
}

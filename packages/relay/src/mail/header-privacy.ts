import type { Editor } from '@postern/milter';

/** Header fields that tell more than delivery needs: from where, through what, with which program. */
const removed: ReadonlySet<string> = new Set(['received', 'x-originating-ip', 'x-mailer', 'user-agent']);
/** What clients write themselves when the real subject is inside the encrypted part. */
const neutralSubject = '[...]';

/** Notes which header fields of a message have to go or change before it leaves. */
export class HeaderPrivacy {
  readonly #seen = new Map<string, number>();
  readonly #deletions: { readonly name: string; readonly nth: number }[] = [];
  readonly #subjects: number[] = [];

  header(name: string, value: string): void {
    const key = name.toLowerCase();
    const nth = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, nth);
    if (removed.has(key)) this.#deletions.push({ name, nth });
    if (key === 'subject' && value !== neutralSubject) this.#subjects.push(nth);
  }

  apply(edit: Editor<'changeHeader'>): void {
    for (const nth of this.#subjects) edit.changeHeader('Subject', neutralSubject, nth);
    for (const { name, nth } of this.#deletions) edit.deleteHeader(name, nth);
  }
}

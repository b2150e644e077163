import type { FilterEdit } from './codec.ts';

/** A message as the mail server has it. */
export interface TestMessage {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/**
 * Does to a message what the filter wants, as Postfix does: an index counts what is there at that moment, an unknown
 * field is appended, contiguous body packets are one body. postfix src/cleanup/cleanup_milter.c
 */
export function applyEdits(message: TestMessage, edits: readonly FilterEdit[]): TestMessage {
  let { sender } = message;
  let recipients = [...message.recipients];
  const headers = message.headers.map(([name, value]) => [name, value] as const);
  const bodies: Buffer[] = [];
  for (const edit of edits) {
    switch (edit.kind) {
      case 'addHeader':
        headers.push([edit.name, edit.value]);
        break;
      case 'insertHeader':
        headers.splice(edit.index, 0, [edit.name, edit.value]);
        break;
      case 'changeHeader':
        changeHeader(headers, edit);
        break;
      case 'changeSender':
        sender = bare(edit.address);
        break;
      case 'addRecipient':
        if (!recipients.includes(bare(edit.address))) recipients.push(bare(edit.address));
        break;
      case 'deleteRecipient':
        recipients = recipients.filter((recipient) => recipient !== bare(edit.address));
        break;
      case 'replaceBody':
        bodies.push(edit.bytes);
        break;
      case 'quarantine':
        break;
    }
  }
  return { sender, recipients, headers, body: bodies.length === 0 ? message.body : Buffer.concat(bodies).toString() };
}

function changeHeader(
  headers: (readonly [string, string])[],
  edit: { index: number; name: string; value: string },
): void {
  const places = headers.flatMap(([name], place) => (name.toLowerCase() === edit.name.toLowerCase() ? [place] : []));
  const place = places[Math.max(edit.index, 1) - 1];
  if (place === undefined) {
    if (edit.value !== '') headers.push([edit.name, edit.value]);
  } else if (edit.value === '') {
    headers.splice(place, 1);
  } else {
    headers[place] = [edit.name, edit.value];
  }
}

export function bare(address: string): string {
  return address.replace(/^<(.*)>$/, '$1');
}

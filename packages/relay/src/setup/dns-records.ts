import { createHash, createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import type { Config } from '../config/config.ts';
import { isAddressLiteral, isPrivateDomain } from '../config/mail-domain.ts';
import { readDkimKeys } from './dkim-keys.ts';

/** Something that an operator has to say in DNS. */
export interface DnsRecord {
  /** The full name, without a dot at its end. */
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'MX' | 'TXT' | 'CNAME';
  /** Of a TXT record without quotes. */
  readonly value: string;
}

/** Why there are records, and which. */
export interface DnsSection {
  readonly why: string;
  readonly records: readonly DnsRecord[];
}

/** What the world has to find about a relay, by what it is for; nothing when its domain is an address. */
export async function dnsSections(config: Config): Promise<DnsSection[]> {
  const { domain } = config;
  if (isAddressLiteral(domain)) return [];
  const host = addressRecord(config);
  const text = (name: string, value: string): DnsRecord => ({ name: `${name}${domain}`, type: 'TXT', value });
  const sections: DnsSection[] = [
    {
      why:
        host === undefined
          ? `Where the relay is. Add an A record, an AAAA record or both, with the addresses of this machine, for ${domain}.`
          : 'Where the relay is.',
      records: [...(host === undefined ? [] : [host]), { name: domain, type: 'MX', value: `10 ${domain}.` }],
    },
    { why: 'Signatures: without them other relays refuse your mail.', records: await dkimRecords(config) },
    {
      why: 'Nobody else sends in the name of this domain.',
      records: [text('', 'v=spf1 mx -all'), text('_dmarc.', 'v=DMARC1; p=reject; adkim=s; aspf=s')],
    },
  ];
  if (!isPrivateDomain(domain)) {
    sections.push({
      why: `Other servers send to this one encrypted only (MTA-STS). The certificate has to name mta-sts.${domain} too.`,
      records: [
        { name: `mta-sts.${domain}`, type: 'CNAME', value: `${domain}.` },
        text('_mta-sts.', `v=STSv1; id=${createHash('sha256').update(domain).digest('hex').slice(0, 16)}`),
      ],
    });
  }
  return sections;
}

/** The public halves of the keys that mail is signed with. RFC 6376 §3.6.1, RFC 8463 §4 */
export async function dkimRecords(config: Config): Promise<DnsRecord[]> {
  const keys = await readDkimKeys(config);
  return keys.map(({ selector, privateKey }) => {
    const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
    const isRsa = privateKey.asymmetricKeyType === 'rsa';
    const key = isRsa ? spki : spki.subarray(-32); // the key itself ends its SubjectPublicKeyInfo, RFC 8410 §4
    return {
      name: `${selector}._domainkey.${config.domain}`,
      type: 'TXT',
      value: `v=DKIM1; k=${isRsa ? 'rsa' : 'ed25519'}; p=${key.toString('base64')}`,
    };
  });
}

/** A line of a zone file. RFC 1035 §5.1; a string in it has at most 255 characters. */
export function zoneLine({ name, type, value }: DnsRecord): string {
  const data = type === 'TXT' ? (value.match(/.{1,255}/g) ?? []).map((part) => `"${part}"`).join(' ') : value;
  return `${name}. IN ${type} ${data}`;
}

/** Known only where the operator wrote an address down. */
function addressRecord({ domain, reachable: { host = '' } }: Config): DnsRecord | undefined {
  const version = isIP(host);
  return version === 0 ? undefined : { name: domain, type: version === 4 ? 'A' : 'AAAA', value: host };
}

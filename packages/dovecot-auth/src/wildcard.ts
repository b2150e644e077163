/**
 * Whether a user name matches a mask of `*` and `?`, without regard to case.
 * Source: dovecot src/lib/wildcard-match.c wildcard_match_icase(). Two cursors instead of a regular expression: a
 * mask full of stars costs at most its length times the name's.
 */
export function matchesWildcard(name: string, mask: string): boolean {
  const text = name.toLowerCase();
  const pattern = mask.toLowerCase();
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let afterStar = 0;
  while (at < text.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern;
      inPattern += 1;
      afterStar = at;
    } else if (pattern[inPattern] === '?' || pattern[inPattern] === text[at]) {
      at += 1;
      inPattern += 1;
    } else if (star !== -1) {
      afterStar += 1;
      at = afterStar;
      inPattern = star + 1;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern += 1;
  return inPattern === pattern.length;
}

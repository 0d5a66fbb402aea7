import { isAlnum, isDigit, isUpper, type SearchedText } from './searched-text.ts'

/** Length by country: SWIFT's IBAN Registry, and countries that use the form without being in it. */
const LENGTHS =
  'AD24 AE23 AL28 AO25 AT20 AZ28 BA20 BE16 BF28 BG22 BH22 BI27 BJ28 BR29 BY28 CF27 CG27 CH21 CI28 CM27 CR22 CV25 CY28 CZ24 DE22 DJ27 DK18 DO28 DZ26 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GA27 GB22 GE22 GI23 GL18 GQ27 GR27 GT28 GW25 HN28 HR21 HU28 IE22 IL23 IQ23 IR26 IS26 IT27 JO30 KM27 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MA28 MC27 MD24 ME22 MG27 MK19 ML28 MN20 MR27 MT31 MU30 MZ25 NE28 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SN28 SO23 ST25 SV28 TD27 TG28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'

const lengthOf = new Uint8Array(26 * 26)
for (const row of LENGTHS.split(' ')) lengthOf[country(row.charCodeAt(0), row.charCodeAt(1))] = Number(row.slice(2))

/**
 * Where the account number that begins at `at` ends, or −1 (ISO 13616): two capitals, two digits, then as many capitals and
 * digits as its country has, with single blanks or dashes between; its remainder by 97 is 1.
 */
export function ibanEnd(text: SearchedText, at: number): number {
  const length = lengthOf[country(text.at(at), text.at(at + 1))] ?? 0
  if (length === 0 || !text.startsWord(at) || !isDigit(text.at(at + 2)) || !isDigit(text.at(at + 3))) return -1
  let rest = 0
  let count = 4
  let i = at + 4
  for (; count < length; i++) {
    const byte = text.at(i)
    if (isDigit(byte)) rest = (rest * 10 + byte - 0x30) % 97
    else if (isUpper(byte)) rest = (rest * 100 + byte - 0x37) % 97
    else if ((byte === 0x20 || byte === 0x2d) && isAlnum(text.at(i + 1))) continue
    else return -1
    count++
  }
  if (isAlnum(text.at(i))) return -1
  const letters = (text.at(at) - 0x37) * 100 + text.at(at + 1) - 0x37
  const check = (text.at(at + 2) - 0x30) * 10 + text.at(at + 3) - 0x30
  return ((rest * 10_000 + letters) * 100 + check) % 97 === 1 ? i : -1
}

function country(first: number, second: number): number {
  return isUpper(first) && isUpper(second) ? (first - 0x41) * 26 + second - 0x41 : -1
}
